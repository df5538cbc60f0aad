"""What came of comparing two programs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from compare.port.records.differences import Row

Verdict = Literal["same", "rounding", "different"]
Stage = Literal["setup", "outputs", "loss", "gradient", "update", "curve"]
STAGES: tuple[Stage, ...] = ("setup", "outputs", "loss", "gradient", "update", "curve")
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A mistake that reproduces what came: its slug, what it is, and how to mend it."""

    slug: str
    sentence: str
    mend: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A difference at a stage: where, in words, and how large where that is a number."""

    stage: Stage
    where: str
    sentence: str
    difference: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupRow:
    """One setting of both programs before anything runs; `cause` where they differ and that is a slug."""

    name: str
    first: str
    second: str
    cause: Cause | None = None
    differs: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """The losses of both, update by update, and the band that they are held against.

    Shapes: all (U,).
    """

    first: Sequence[float]
    second: Sequence[float]
    difference: Sequence[float]
    band: Sequence[float]

    @property
    def leaves_at(self) -> int | None:
        """The first update, counted from 1, whose difference is outside the band."""
        for update, (difference, band) in enumerate(zip(self.difference, self.band, strict=True), 1):
            if not difference <= band:
                return update
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class PortResult:
    """Everything that was found, in the order in which it was compared."""

    verdict: Verdict
    names: tuple[str, str]
    frameworks: tuple[str, str]
    dtype: str
    updates: int
    first: Found | None
    causes: tuple[Cause, ...]
    largest: Mapping[str, float]
    setup: Sequence[SetupRow]
    outputs: Sequence[Row]
    gradient: Sequence[Row]
    update: Sequence[Row]
    curve: Curves
    float32: Curves | None = None
    notes: Sequence[str] = ()
    losses: tuple[float, float] = (0.0, 0.0)
    found: Sequence[Found] = field(default_factory=tuple)

    @property
    def plain(self) -> dict[str, object]:
        """What `port.json` holds."""
        return {
            "verdict": self.verdict,
            "first_difference": self.first.stage if self.first else None,
            "where": self.first.where if self.first else None,
            "causes": [cause.slug for cause in self.causes],
            "largest": {name: _finite(value) for name, value in self.largest.items()},
        }


def _finite(value: float) -> float | None:
    return value if abs(value) < float("inf") else None
