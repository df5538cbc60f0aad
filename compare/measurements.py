"""What is measured beside training, as it is stored: predictions, matrix products."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Inference:
    """How long single calls of `predict` took, by the worker's own clock.

    Units: seconds; `single_seconds` for one sequence a call, `batch_seconds` for `batch` of them.
    Raises: ValueError for a time that is not above 0.
    """

    batch: int
    single_seconds: list[float]
    batch_seconds: list[float]

    def __post_init__(self) -> None:
        least = min((*self.single_seconds, *self.batch_seconds), default=1.0)
        if least <= 0:
            raise ValueError(f"a prediction took {least:g} s: every time must lie above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductRate:
    """The fastest that one library multiplied two square float32 matrices, and the kernel that did.

    Units: `size` in rows; `operations_per_second` counts 2·size³ a product.
    """

    size: int
    operations_per_second: float
    kernel: str
