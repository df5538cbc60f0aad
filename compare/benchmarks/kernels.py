"""Which kernels ran, asked of the frameworks in processes of their own, in which nothing is timed."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import ClassVar

import numpy as np

from adapters import declaration
from adapters.interface import Declaration, KernelRun
from compare.benchmarks.timed_worker import Workload
from compare.records.profile import FRAMEWORK, Kernel
from compare.runner.remote_adapter import RemoteAdapter
from compare.runner.worker_process import Limits, WorkerFailed, WorkerProcess
from compare.runner.workers import ActiveWorkers, Workers
from compare.text import one_line

BATCHES = 2
"""How many are trained on while kernels are counted, after as many that are not."""

VERBOSE = {"ONEDNN_VERBOSE": "1", "MKL_VERBOSE": "1"}
"""What makes oneDNN and MKL say what they run."""

SHOWN = 4
"""How many of the kernels that ran instead a warning names: those that took longest, where that is known."""

_ONEDNN = re.compile(r"^onednn_verbose,v1,primitive,exec,cpu,(\w+),([^,]*),([^,]*),", re.MULTILINE)
_ONEDNN_SET = re.compile(r"^onednn_verbose,v1,info,cpu,isa:(.+)$", re.MULTILINE)
_MKL = re.compile(r"^MKL_VERBOSE ([A-Z]\w*)\(", re.MULTILINE)


class VerboseProcess(WorkerProcess):
    """A worker whose libraries say what they run."""

    @staticmethod
    def identify(name: str, threads: int) -> tuple[dict[str, str], str]:
        variables, held = WorkerProcess.identify(name, threads)
        return {**variables, **VERBOSE}, held

    def begin_anew(self, limits: Limits) -> None:
        """Go on with other work; the log goes on too, as oneDNN says but once which CPU it works for."""
        self.keep_within(limits)


class VerboseAdapter(RemoteAdapter):
    """An adapter in such a worker."""

    process_type: ClassVar[type[WorkerProcess]] = VerboseProcess


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelsFound:
    """The kernels of an adapter, and the CPUs that its libraries chose theirs for; or why none are known."""

    kernels: list[Kernel] = field(default_factory=list)
    libraries: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    error: str | None = None


def find_kernels(
    workload: Workload,
    adapter: str,
    limits: Limits,
    verbose: Workers,
    active: ActiveWorkers,
    device: str = "cpu",
) -> KernelsFound:
    """What ran while an adapter trained in one of the verbose workers."""
    remote: RemoteAdapter | None = None
    try:
        remote = verbose.lend(adapter, 1, limits, device)
        active.add(remote)
        remote.construct(workload.model, workload.train, workload.parameters)
        remote.load(workload.inputs, workload.targets, workload.lengths)
        batches = np.stack([*islice(workload.batches(), BATCHES)])
        remote.train(batches)
        before = len(remote.log_text())
        ran = remote.kernels(batches)
        said = remote.log_text()
        pools = remote.facts().blas
    except WorkerFailed as failure:
        return KernelsFound(error=str(failure))
    finally:
        if remote is not None:
            active.discard(remote)
            verbose.take_back(remote, 1)
    updates = BATCHES * workload.updates
    kernels = [
        *(_said_by_framework(run, updates) for run in ran),
        *_said_by_libraries(said[before:], updates),
    ]
    return KernelsFound(
        kernels=kernels,
        libraries=[*pools, *(f"oneDNN for {each}" for each in dict.fromkeys(_ONEDNN_SET.findall(said)))],
        warnings=[*departures(declaration(adapter), workload, kernels)] if remote.device == "cpu" else [],
    )


def _said_by_framework(run: KernelRun, updates: int) -> Kernel:
    times = run.times if run.compiled else run.times / updates
    return Kernel(name=one_line(run.name), times=times, said_by=FRAMEWORK, compiled=run.compiled)


def _said_by_libraries(log: str, updates: int) -> Iterator[Kernel]:
    """What oneDNN and MKL have written."""
    onednn = Counter(" ".join(filter(None, found)) for found in _ONEDNN.findall(log))
    for name, times in onednn.most_common():
        yield Kernel(name=f"oneDNN {name}", times=times / updates, said_by="oneDNN")
    for name, times in Counter(_MKL.findall(log)).most_common():
        yield Kernel(name=f"MKL {name}", times=times / updates, said_by="MKL")


def departures(declared: Declaration, workload: Workload, kernels: Sequence[Kernel]) -> Iterator[str]:
    """What the declaration says should have run, and did not."""
    expected = declared.kernels.get(workload.model.cell)
    if expected is None or workload.train.dtype != "float32":
        return
    told = [kernel for kernel in kernels if kernel.times > 0]
    if any(re.search(expected, kernel.name) for kernel in told):
        return
    ran = ", ".join(f"{each.name} ({each.times:g} times)" for each in told[:SHOWN])
    yield (
        f"no kernel named {expected!r} ran, as is declared of the cell {workload.model.cell}; "
        f"instead ran {ran or 'nothing that can be told'}"
    )
