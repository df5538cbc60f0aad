"""Records as JSON, whatever text the system gave: names of folders, of machines, what tools say."""

import msgspec

from compare.text import storable


def encoded(record: object) -> bytes:
    """A record as JSON, on one line; what in it is no valid Unicode stands there escaped."""
    try:
        return msgspec.json.encode(record)
    except UnicodeEncodeError:
        return msgspec.json.encode(_storable(msgspec.to_builtins(record)))


def _storable(plain: object) -> object:
    if isinstance(plain, str):
        return storable(plain)
    if isinstance(plain, dict):
        return {_storable(key): _storable(value) for key, value in plain.items()}
    if isinstance(plain, list | tuple):
        return [_storable(value) for value in plain]
    return plain
