"""What a worker and its conductor say to each other, read without trust in the worker."""

import io
import pickle
import socket
import struct
import sys
from multiprocessing.connection import Connection


class Garbled(Exception):  # noqa: N818 - reads as the fact that it states
    """An answer that is no plain data; the message says what is in it."""


def receive(connection: Connection) -> object:
    """The next answer; to read it nothing is imported, so that no framework comes along with it.

    Raises: EOFError or OSError where the other end is gone, Garbled where the answer is no plain data.
    """
    content = connection.recv_bytes()
    try:
        return _PlainUnpickler(io.BytesIO(content)).load()
    except Exception as error:
        raise Garbled(f"{type(error).__name__}: {error}") from error


def limit_waiting(connection: Connection, seconds: float) -> None:
    """Let no single transfer over a connection take longer, so that half an answer is no endless wait.

    A transfer that does raises BlockingIOError.
    """
    limit = struct.pack("ll", int(seconds) + 1, 0)
    with socket.fromfd(connection.fileno(), socket.AF_UNIX, socket.SOCK_STREAM) as pipe:
        pipe.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
        pipe.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        if module not in sys.modules:
            raise pickle.UnpicklingError(f"it holds a {module}.{name}: expected NumPy arrays and plain data")
        return super().find_class(module, name)
