"""Data inside a page: plain text that no browser takes for a program, and hashes of what may run."""

import base64
import gzip
import hashlib
from typing import Any

import msgspec

COMPRESSION = 6


def pack(content: bytes) -> str:
    """Bytes as Base64 of gzip, the same for the same content."""
    return base64.b64encode(gzip.compress(content, COMPRESSION, mtime=0)).decode()


def pack_json(value: Any) -> str:
    """A value as packed JSON; a number that is not finite is null."""
    return pack(msgspec.json.encode(value))


def script_json(value: Any) -> str:
    """JSON that can stand in a script element: it has no `<` that could end one."""
    text = msgspec.json.encode(value).decode()
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def script_hash(program: str) -> str:
    """The source by which a Content-Security-Policy allows exactly this program."""
    return f"sha256-{base64.b64encode(hashlib.sha256(program.encode()).digest()).decode()}"
