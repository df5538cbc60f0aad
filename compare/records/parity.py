"""Whether adapters train in lockstep."""

from dataclasses import dataclass, field
from typing import Literal

from compare.records.run import Status

ParityVerdict = Literal["in lockstep", "drifts within float32 rounding", "DIFFERENT"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParityResult:
    """Whether an adapter does on one task what the reference does; its differences are all relative.

    `losses`, `parameters` and `predictions` are differences in float64, from the reference's over all updates
    and after them; `slopes` those of the gradients at the start from finite differences, `gradients` from the
    reference's; `losses_float32` those of the losses over an epoch in float32, which leave their band
    at the update `left_at`, counted from 1. Where the task's `dtype` has fewer digits, `losses_reduced` are
    those of its losses in it from its own in float64, which rounding explains up to the `band_reduced` of
    each update, and which leave it at `reduced_left_at`. Empty where nothing was compared: the reference has
    no difference from itself but this. `verdict` is None where `status` is not ok. In a merged run `part` is
    that of the runs that it holds for.
    """

    task: str
    adapter: str
    dataset: str = ""
    reference: str | None = None
    status: Status = "ok"
    error: str | None = None
    verdict: ParityVerdict | None = None
    losses: list[float] = field(default_factory=list)
    parameters: dict[str, float] = field(default_factory=dict)
    predictions: float | None = None
    slopes: dict[str, float] = field(default_factory=dict)
    gradients: dict[str, float] = field(default_factory=dict)
    losses_float32: list[float] = field(default_factory=list)
    left_at: int | None = None
    dtype: str = ""
    losses_reduced: list[float] = field(default_factory=list)
    band_reduced: list[float] = field(default_factory=list)
    reduced_left_at: int | None = None
    part: int = 0

    @property
    def largest(self) -> tuple[float | None, float | None, float | None, float | None]:
        """Of the losses, the parameters, the gradients from finite differences, the losses in float32."""
        return (
            max(self.losses, default=None),
            max(self.parameters.values(), default=None),
            max(self.slopes.values(), default=None),
            max(self.losses_float32, default=None),
        )
