"""So few combinations of choices that every two values of different choices meet in one of them."""

from itertools import combinations, product


def covering(choices, allowed=lambda combination: True):
    """Allowed combinations, each a dict of a value a choice, in which every two values meet."""
    every = [dict(zip(choices, values, strict=True)) for values in product(*choices.values())]
    candidates = [combination for combination in every if allowed(combination)]
    missing = set().union(*map(pairs, candidates))
    chosen = []
    while missing:
        best = max(candidates, key=lambda combination: len(pairs(combination) & missing))
        chosen.append(best)
        missing -= pairs(best)
    return chosen


def pairs(combination):
    """Every two of its choices, with their values."""
    return set(combinations(combination.items(), 2))
