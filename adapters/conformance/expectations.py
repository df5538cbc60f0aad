"""Comparisons of what an adapter returned with what was expected."""

import numpy as np

from adapters.interface import Array

ROUNDING_UNITS = 64


class Nonconformance(AssertionError):  # noqa: N818 - reads as the fact that it states
    """An adapter does not keep the contract; one line says what was expected and what was got, one why."""

    def __init__(self, message: str, cause: str = "") -> None:
        super().__init__(message)
        self.cause = cause


def expect(condition: object, message: str) -> None:
    if not condition:
        raise Nonconformance(message)


def expect_array(what: str, value: object, shape: tuple[int, ...], dtype: str) -> None:
    """Raise unless the value is a finite NumPy array of this shape and dtype."""
    expect(isinstance(value, np.ndarray), f"{what}: expected a NumPy array, got {type(value).__name__}")
    assert isinstance(value, np.ndarray)
    expect(value.shape == shape, f"{what}: expected shape {shape}, got {value.shape}")
    expect(value.dtype == dtype, f"{what}: expected {dtype}, got {value.dtype}")
    expect(
        np.isfinite(value).all(),
        f"{what}: expected finite values, got {np.count_nonzero(~np.isfinite(value))} "
        f"NaN or infinite ones of {value.size}",
    )


def expect_equal(what: str, actual: Array, expected: Array) -> None:
    """Raise unless the arrays are equal bit for bit."""
    expect_array(what, actual, expected.shape, expected.dtype.name)
    if not np.array_equal(actual, expected):
        raise Nonconformance(f"{what}: not the same bits, {_widest(actual, expected, 0.0)}")


def expect_close(what: str, actual: Array, expected: Array, tolerance: float) -> None:
    """Raise unless equal within `tolerance` times the largest expected value, and a few roundings of 1."""
    expect_array(what, actual, expected.shape, expected.dtype.name)
    rounding = ROUNDING_UNITS * np.finfo(expected.dtype).eps
    allowed = tolerance * np.abs(expected).max(initial=0.0) + rounding
    if np.abs(actual - expected).max(initial=0.0) > allowed:
        raise Nonconformance(f"{what}: {_widest(actual, expected, allowed)}, above {tolerance:.0e}")


def difference(actual: Array, expected: Array) -> float:
    """The largest absolute difference over the largest expected magnitude; absolute where all are zero."""
    widest = np.abs(actual.astype(np.float64) - expected).max(initial=0.0)
    scale = np.abs(expected).max(initial=0.0)
    return float(widest / scale if scale > 0 else widest)


def _widest(actual: Array, expected: Array, allowed: float) -> str:
    """The largest difference, and the place of the first that is above what is allowed, if it is another."""
    apart = np.abs(actual - expected)
    place = np.unravel_index(np.argmax(apart), expected.shape)
    first = np.unravel_index(np.argmax(apart > allowed), expected.shape)
    others = f" (the first that differs: [{_index(first)}])" if first != place else ""
    return (
        f"expected {expected[place]:.12g} at [{_index(place)}], got {actual[place]:.12g}, "
        f"a relative difference of {difference(actual, expected):.1e}{others}"
    )


def _index(place: tuple[np.intp, ...]) -> str:
    return ", ".join(str(int(axis)) for axis in place)
