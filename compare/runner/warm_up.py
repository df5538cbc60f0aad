"""Warm-up rounds: those at the start that are slower than all that follow, or as many as were set.

At least one round of the first process counts: a process that is slower than others is a sample, not warm-up.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from compare.records.run import Round

MOST_SHARE = 1 / 3
"""How many of the rounds may be found to be warm-up, at most."""

LEAST_EXCESS = 1.02
"""How many times as long as the median of those after it a warm-up round takes, at least."""


def mark_warm_ups(rounds: Sequence[Round], wanted: int | None) -> list[Round]:
    """The rounds, the first of them marked: `wanted` of them or, if None, those found to be slower.

    Source: the fence of an outlier is the upper quartile plus 1.5 quartile ranges, Tukey 1977.
    """
    count = _found(rounds) if wanted is None else wanted
    return [replace(turn, warm_up=True) for turn in rounds[:count]] + list(rounds[count:])


def _found(rounds: Sequence[Round]) -> int:
    times = [turn.seconds / turn.sequences for turn in rounds]
    of_first_process = sum(turn.process == rounds[0].process for turn in rounds)
    most, count = min(int(len(times) * MOST_SHARE), of_first_process - 1), 0
    while count < most and _is_slow(times[count], times[count + 1 :]):
        count += 1
    return count


def _is_slow(time: float, after: Sequence[float]) -> bool:
    lower, middle, upper = np.percentile(after, [25, 50, 75])
    return bool(time > max(upper + 1.5 * (upper - lower), LEAST_EXCESS * middle))
