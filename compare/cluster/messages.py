"""What a command and the machines of a cluster say to each other: plain data, as bytes."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec

from compare.runner.protocol import array_from_plain, to_plain

KindName = Literal["block", "parity", "threads", "profile", "size", "accuracy"]
"""The kinds of work there are."""


Versions = Mapping[str, str | None]
"""By adapter, that of its framework: empty where nobody stated it, None where it cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Something to be done on one machine, by frameworks of these versions; `title` is for people.

    `told` is what its kind takes, as bytes; `threads` are those of every process, None for as many as the
    machine has usable cores.
    """

    title: str
    kind: KindName
    told: bytes
    lockstep: str
    versions: Versions
    threads: int | None = None

    def unlike(self, lockstep: str, versions: Versions) -> str:
        """What is of another version on a machine than the work is for; empty where nothing is."""
        if lockstep != self.lockstep:
            return f"it has Lockstep {lockstep}: this run is of {self.lockstep}"
        other = [
            f"{adapter} {versions[adapter]}: this run is of {expected}"
            for adapter, expected in self.versions.items()
            if expected is not None and versions.get(adapter) not in (None, expected)
        ]
        return f"it has {'; '.join(other)}" if other else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of it: what its kind returns, as bytes, or the machine's fault, with the versions there."""

    lockstep: str
    versions: Versions
    found: bytes = b""
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineFacts:
    """What a machine says of itself before it is given any work; `host` is the same for all its workers."""

    host: str
    cores: int
    lockstep: str
    versions: Versions


class Garbled(Exception):  # noqa: N818 - reads as the fact that it states
    """Bytes that are not the message that was expected."""


def encode(message: object) -> bytes:
    """The bytes of a message."""
    return msgspec.msgpack.encode(message, enc_hook=_plain)


def decode(content: bytes, kind: Any) -> Any:
    """The message of this kind in the bytes.

    Raises: Garbled.
    """
    try:
        return msgspec.msgpack.decode(content, type=kind, dec_hook=_rich, ext_hook=array_from_plain)
    except (msgspec.MsgspecError, ValueError, TypeError, RecursionError, UnicodeDecodeError) as error:
        raise Garbled(f"a message cannot be read: {error}") from error


def _plain(value: Any) -> object:
    return os.fsencode(value) if isinstance(value, Path) else to_plain(value)


def _rich(kind: type, value: Any) -> object:
    """A path from its bytes, which need be no text; arrays are made as they are read."""
    return kind(os.fsdecode(value)) if issubclass(kind, Path) else value
