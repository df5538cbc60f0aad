"""What a worker and the process that started it say to each other: plain data, read without trust.

Messages are MessagePack; a NumPy array of numbers travels as its dtype, its shape and its bytes. NumPy is
not imported here, so that a worker can time the import of its framework.
"""

import re
import socket
import struct
import sys
from dataclasses import asdict
from math import prod
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, Literal

import msgspec

if TYPE_CHECKING:
    from adapters.interface import Array, TrainSpec

ARRAY = 1
"""The extension type of an array."""

_NUMBERS = re.compile(r"[<>|=][biuf]\d+")


class NotPlain(Exception):  # noqa: N818 - reads as the fact that it states
    """A message that is not plain data; one line says what is in it."""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A method of the worker, and its arguments."""

    method: str
    arguments: list[Any]


class Reply(msgspec.Struct, frozen=True, kw_only=True, tag="reply"):
    """What a call returned, how long it took, and the worker's largest resident size since it was reset."""

    value: Any
    seconds: float
    peak_rss_bytes: int


class Failure(msgspec.Struct, frozen=True, kw_only=True, tag="failure"):
    """A call that raised: one line of it; the traceback stands in the worker's log."""

    reason: str
    status: Literal["failed", "unsupported"] = "failed"


def encode(message: Call | Reply | Failure) -> bytes:
    """The bytes of a message.

    Raises: NotPlain for anything but plain data and NumPy arrays of numbers.
    """
    try:
        return msgspec.msgpack.encode(message, enc_hook=to_plain)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise NotPlain(str(error)) from error


def decode_call(content: bytes) -> Call:
    """The call in a message.

    Raises: NotPlain.
    """
    call: Call = _decode(content, Call)
    return call


def decode_answer(content: bytes) -> Reply | Failure:
    """The answer in a message.

    Raises: NotPlain.
    """
    answer: Reply | Failure = _decode(content, Reply | Failure)
    return answer


def train_to_plain(train: "TrainSpec") -> dict[str, Any]:
    """A TrainSpec as plain data, its optimizer under its name, and a schedule likewise."""
    rule, rate = train.optimizer, train.optimizer.learning_rate
    named_rate = rate if isinstance(rate, float | int) else {type(rate).__name__.lower(): asdict(rate)}
    settings = {**asdict(rule), "learning_rate": named_rate}
    return {**asdict(train), "optimizer": {type(rule).__name__.lower(): settings}}


def train_from_plain(plain: dict[str, Any]) -> "TrainSpec":
    """The TrainSpec that `train_to_plain` was given.

    Raises: KeyError for an unknown optimizer or schedule; ValueError for a value outside its domain.
    """
    from adapters.interface import TrainSpec  # noqa: PLC0415 - imports NumPy
    from adapters.optimizers import OPTIMIZERS  # noqa: PLC0415
    from adapters.schedules import SCHEDULES  # noqa: PLC0415

    optimizers = {name: kind for kind, name in OPTIMIZERS.items()}
    schedules = {name: kind for kind, name in SCHEDULES.items()}
    ((name, settings),) = plain["optimizer"].items()
    rate = settings["learning_rate"]
    if isinstance(rate, dict):
        ((schedule, values),) = rate.items()
        rate = schedules[schedule](**values)
    return TrainSpec(**{**plain, "optimizer": optimizers[name](**{**settings, "learning_rate": rate})})


def limit_waiting(connection: Connection, seconds: float) -> None:
    """Let no single transfer over a connection take longer, so that half an answer is no endless wait.

    A transfer that does raises BlockingIOError.
    """
    limit = struct.pack("ll", int(seconds) + 1, 0)
    with socket.fromfd(connection.fileno(), socket.AF_UNIX, socket.SOCK_STREAM) as pipe:
        pipe.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
        pipe.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)


def _decode(content: bytes, kind: Any) -> Any:
    try:
        return msgspec.msgpack.decode(content, type=kind, ext_hook=array_from_plain)
    except (msgspec.MsgspecError, ValueError, TypeError, RecursionError, UnicodeDecodeError) as error:
        raise NotPlain(str(error)) from error


def to_plain(value: Any) -> object:
    """An array as an extension, a NumPy scalar as a number."""
    numpy: Any = sys.modules.get("numpy")
    if numpy and isinstance(value, numpy.generic):
        return value.item()
    is_array = (
        bool(numpy) and isinstance(value, numpy.ndarray) and not isinstance(value, numpy.ma.MaskedArray)
    )
    if is_array and _NUMBERS.fullmatch(value.dtype.str):
        content = memoryview(numpy.ascontiguousarray(value)).cast("B") if value.size else b""
        parts = (value.dtype.str, value.shape, content)
        return msgspec.msgpack.Ext(ARRAY, msgspec.msgpack.encode(parts))
    kind = f"an array of {value.dtype}" if is_array else type(value).__name__
    raise NotPlain(f"expected plain data and NumPy arrays of numbers, came {kind}")


def array_from_plain(code: int, content: memoryview) -> "Array":
    """The array of an extension.

    Raises: ValueError for any other extension, and for one that is not whole.
    """
    import numpy as np  # noqa: PLC0415 - there is an array only where NumPy was imported before

    if code != ARRAY:
        raise ValueError(f"expected plain data and NumPy arrays of numbers, came an extension of type {code}")
    name, shape, values = msgspec.msgpack.decode(content, type=tuple[str, tuple[int, ...], memoryview])
    if not _NUMBERS.fullmatch(name) or min(shape, default=0) < 0:
        raise ValueError(f"expected an array of numbers, came {name} {shape}")
    dtype = np.dtype(name)
    if prod(shape) * dtype.itemsize != len(values):
        raise ValueError(f"an array of {dtype} {shape} has {len(values)} bytes")
    return np.frombuffer(bytearray(values), dtype).reshape(shape)
