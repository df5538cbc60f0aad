"""Comparisons within this process: starting frameworks is most of what one costs, and finds nothing."""

import contextlib
import sys
import threading
from unittest.mock import patch

from compare.port.worker import ProgramWorker, _failure
from compare.runner.protocol import Call, Reply, decode_answer, decode_call, encode
from compare.runner.worker_process import WorkerFailed
from tests.installed import forget_modules

_ONE_AT_A_TIME = threading.Lock()


class InProcess:
    """What answers in place of a program's process, in the same messages."""

    def __init__(self, name, limits):
        self.worker = ProgramWorker(name)
        self.log = self

    def text(self):
        """What its process would have written."""
        return ""

    def call(self, method, *arguments):
        call = decode_call(encode(Call(method=method, arguments=list(arguments))))
        with _ONE_AT_A_TIME:
            try:
                value = getattr(self.worker, method)(*call.arguments)
            except Exception as error:
                failure = _failure(method, error)
                raise WorkerFailed(failure.status, failure.reason) from error
        return decode_answer(encode(Reply(value=value, seconds=0.0, peak_rss_bytes=0)))

    def end(self):
        """There is no process to end."""


@contextlib.contextmanager
def in_process():
    """Programs run here, one call at a time; in the end their modules are as unknown here as before."""
    known, before = frozenset(sys.modules), [*sys.path]
    try:
        with patch("compare.port.side.ProgramProcess", InProcess):
            yield
    finally:
        for folder in set(sys.path) - set(before):
            forget_modules(folder, known)
        sys.path[:] = before
