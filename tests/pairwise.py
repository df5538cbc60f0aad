"""So few combinations of choices that every two values of different choices meet in one of them."""

from itertools import combinations, product

import numpy as np


def covering(choices, allowed=lambda combination: True):
    """Allowed combinations, each a dict of a value a choice, in which every two values meet.

    Each is the first of those in which most values meet that have not met before.
    """
    sizes = [len(values) for values in choices.values()]
    every = [dict(zip(choices, values, strict=True)) for values in product(*choices.values())]
    candidates = [number for number, combination in enumerate(every) if allowed(combination)]
    values = np.stack(np.unravel_index(candidates, sizes), axis=1) + np.cumsum([0, *sizes[:-1]])
    one, other = np.transpose([*combinations(range(len(sizes)), 2)])
    pairs = values[:, one] * sum(sizes) + values[:, other]
    missing, chosen = np.zeros(sum(sizes) ** 2, bool), []
    missing[pairs] = True
    while missing.any():
        best = int(np.argmax(missing[pairs].sum(axis=1)))
        chosen.append(every[candidates[best]])
        missing[pairs[best]] = False
    return chosen
