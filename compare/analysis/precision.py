"""What fewer digits are worth: each adapter on a task in float32, and on the same in bfloat16 or float16."""

from collections.abc import Sequence
from dataclasses import dataclass

from adapters.dtypes import REDUCED
from compare.analysis.adapter_summary import AdapterSummary
from compare.analysis.speeds import process_medians
from compare.analysis.statistics import Difference, Ratio, paired_difference, unpaired_ratio
from compare.analysis.task_summary import TaskSummary
from tasks.interface import Metric


@dataclass(frozen=True, slots=True, kw_only=True)
class InFewerDigits:
    """One adapter on one task, in both dtypes."""

    task: TaskSummary
    dtype: str
    full: AdapterSummary
    reduced: AdapterSummary

    @property
    def metric(self) -> Metric:
        return self.task.record.metrics[0]

    @property
    def times_as_fast(self) -> Ratio | None:
        """The time of a sequence in float32 over that in the dtype; None where one cannot be compared."""
        if not (self.full.comparable and self.reduced.comparable):
            return None
        return unpaired_ratio(process_medians(self.full.runs), process_medians(self.reduced.runs))

    @property
    def share_of_band(self) -> float | None:
        """The largest share that the losses' distance from float64 is of what rounding explains."""
        proof = self.reduced.proof
        pairs = zip(proof.losses_reduced, proof.band_reduced, strict=True) if proof else ()
        return max((found / band for found, band in pairs if band), default=None)

    @property
    def difference(self) -> Difference | None:
        """Of the first metric, the one in fewer digits minus the other, seed by seed."""
        name = self.metric.name
        return paired_difference(self.reduced.results(name), self.full.results(name))


def in_fewer_digits(tasks: Sequence[TaskSummary]) -> tuple[InFewerDigits, ...]:
    """A row for each adapter of each task in fewer digits, where the same task in float32 is there, too."""
    return tuple(
        InFewerDigits(task=full, dtype=str(reduced.record.train["dtype"]), full=ours, reduced=theirs)
        for reduced in tasks
        if reduced.record.train.get("dtype") in REDUCED
        for full in tasks
        if _without_dtype(full) == _without_dtype(reduced) and full.record.train.get("dtype") == "float32"
        for theirs in reduced.adapters
        for ours in full.adapters
        if ours.adapter == theirs.adapter
    )


def _without_dtype(task: TaskSummary) -> tuple[object, ...]:
    """What must be the same."""
    record = task.record
    train = {name: value for name, value in record.train.items() if name != "dtype"}
    return record.found_by, record.dataset, record.model, train, record.batch_size, record.epochs
