"""The `convert` command: weights of one framework as those of another."""

from pathlib import Path

from rich.console import Console
from rich.text import Text

from compare.errors import UsageError
from compare.port.conversion import convert
from compare.port.side import PortFailed
from compare.storage.atomic import write_bytes
from compare.text import counted


def run_convert(
    source: str, target: str, out: Path, *, overwrite: bool, debug: bool, timeout: float,
    console: Console, error_console: Console,
) -> int:  # fmt: skip
    """Convert and say what was written; return the exit code.

    Raises: UsageError.
    """
    if out.exists() and not overwrite:
        raise UsageError(f"{out} is there already: add --overwrite, or choose another name")
    try:
        converted = convert(source, target, out, timeout_seconds=timeout)
    except (PortFailed, UsageError) as failure:
        for note in getattr(failure, "__notes__", ()) if debug else ():
            error_console.print(Text(note), soft_wrap=True)
        if isinstance(failure, UsageError):
            raise
        error_console.print(Text(f"error: {failure}"), soft_wrap=True)
        return 1
    try:
        write_bytes(out, converted.content)
    except OSError as error:
        raise UsageError(f"cannot write to {out}: {error.strerror}") from error
    for note in converted.notes:
        console.print(Text(f"note: {note}"))
    console.print(Text(f"wrote {counted(len(converted.arrays), 'array')} to {out}"), soft_wrap=True)
    return 0
