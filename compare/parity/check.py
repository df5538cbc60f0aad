"""The proof of lockstep: from one task and its adapters, plain data, to a record for each of them."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from compare.machine.devices import device_of, usable_cores
from compare.parity.comparison import judge, slope_differences
from compare.parity.finite_differences import Slope, slopes
from compare.parity.probe import STAGES, Answers, Hearing, Witness, hearing
from compare.records.parity import Proof
from compare.runner.worker_process import WorkerFailed
from compare.text import slug
from compare.tolerances import GRADIENT_BAND, UPDATES
from tasks import find

REFERENCE = "numpy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One task and the adapters that are held against each other on it: plain data, to be run anywhere.

    Units: `timeout_seconds` for any one thing that a worker is told to do.
    """

    task: str
    data_key: str
    adapters: tuple[str, ...]
    threads: int
    timeout_seconds: float
    logs: Path
    memory_limit_bytes: int | None = None
    device: str = "cpu"

    @property
    def turns(self) -> int:
        """How often `prove` calls its `tick` if nothing fails."""
        return len(self.adapters) * STAGES


def prove(trial: Trial, tick: Callable[[str], None]) -> list[Proof]:
    """One record an adapter, whatever became of it; as many work at once as the cores have threads for."""
    task = find(trial.task)
    dataset = task.dataset(trial.data_key)
    try:
        asked = hearing(task, trial.data_key, dataset, UPDATES)
    except WorkerFailed as failure:
        return [
            Proof(
                task=trial.task,
                adapter=name,
                dataset=dataset.name,
                status=failure.status,
                error=str(failure),
            )
            for name in trial.adapters
        ]
    expected = slopes(task.model, asked.first_update, asked.parameters, asked.inputs, asked.targets)
    answers = _hear(trial, asked, tick)
    heard = {name: answer for name, answer in answers.items() if isinstance(answer, Answers)}
    reference = reference_among(heard, expected)
    proofs = []
    for name, answer in answers.items():
        if isinstance(answer, WorkerFailed):
            proofs.append(Proof(task=trial.task, adapter=name, status=answer.status, error=str(answer)))
        else:
            assert reference is not None
            proofs.append(judge(trial.task, name, answer, reference, heard[reference], expected))
    return [replace(proof, dataset=dataset.name) for proof in proofs]


def with_reference(adapters: Iterable[str]) -> tuple[str, ...]:
    """The adapters, the one that they are held against among them."""
    return tuple(dict.fromkeys((REFERENCE, *adapters)))


def at_once(threads: int) -> int:
    """How many workers share the cores: one more than they hold where none waits spinning for a thread."""
    return usable_cores() + 1 if threads == 1 else max(1, usable_cores() // threads)


def reference_among(heard: Mapping[str, Answers], expected: Mapping[str, tuple[Slope, ...]]) -> str | None:
    """NumPy's adapter, or the first, of those whose gradients are right; of all where none are."""
    right = [
        name
        for name, answers in heard.items()
        if max(slope_differences(answers.gradients, expected).values()) <= GRADIENT_BAND
    ]
    candidates = right or list(heard)
    return REFERENCE if REFERENCE in candidates else next(iter(candidates), None)


def _hear(trial: Trial, asked: Hearing, tick: Callable[[str], None]) -> dict[str, Answers | WorkerFailed]:
    """What each adapter answers, or why it does not."""
    with ThreadPoolExecutor(at_once(trial.threads)) as pool, ExitStack() as stack:
        answers = {adapter: _call(trial, adapter, asked, stack) for adapter in trial.adapters}
        stack.callback(pool.shutdown, wait=False, cancel_futures=True)

        def answer(witness: Witness | WorkerFailed) -> Answers | WorkerFailed:
            try:
                return witness if isinstance(witness, WorkerFailed) else witness.answer(tick)
            except WorkerFailed as failure:
                return failure

        return dict(zip(answers, pool.map(answer, answers.values()), strict=True))


def _call(trial: Trial, adapter: str, asked: Hearing, stack: ExitStack) -> Witness | WorkerFailed:
    log = trial.logs / f"{trial.task}-{slug(adapter)}-lockstep.log"
    try:
        witness = Witness(
            adapter,
            asked,
            trial.threads,
            trial.timeout_seconds,
            log,
            device=device_of(adapter, trial.device),
            memory_limit_bytes=trial.memory_limit_bytes,
        )
    except WorkerFailed as failure:
        return failure
    stack.callback(witness.leave)
    return witness
