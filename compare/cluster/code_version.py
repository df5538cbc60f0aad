"""Which Lockstep this is: its version, and its files, as those of a checkout change under one version."""

from functools import cache
from hashlib import sha256
from pathlib import Path

from compare import start
from compare.machine.environment import lockstep_version

DIGITS = 8


@cache
def code_version() -> str:
    """The same on all machines that run the same code, as it was when it was first asked for."""
    digest = sha256()
    root = Path(start.ROOT)
    for package in start.PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return f"{lockstep_version()} ({digest.hexdigest()[:DIGITS]})"
