"""The verdicts on what the tutorials published, in words made from the numbers."""

from collections.abc import Sequence

import numpy as np

from compare.analysis.tutorials import Finding, largest_difference, most_seeds, span
from compare.text import escape, number

ZERO_BAND = 0.01
"""How near a figure must be to that of predicting zero, as a share of it."""

LEARNED = 50.0
"""The accuracy, in %, from which a model that would guess 10 % has learned."""


def online_verdict(found: Sequence[Finding]) -> str:
    """No figure was published: what can be said is whether the program learns, and how surely."""
    finding = most_seeds(found)
    if finding is None:
        return "**Not run.** No adapter finished it."
    first, last = (finding.printed(point, "loss") for point in (finding.points[0], finding.points[-1]))
    learns = all(after < before for before, after in zip(first, last, strict=True))
    errors = finding.metric("rmse")
    luck = (
        f", {number(max(errors) / min(errors), 2)} times as large for the unluckiest seed as for the luckiest"
        if len(errors) > 1 and min(errors) > 0
        else ""
    )
    return (
        f"**{'It learns' if learns else not_learned(finding)}; no figure was published to "
        f"hold that against.** Over {seeds(finding)} on {escape(finding.adapter)}, the summed loss goes from "
        f"{span(first)} at epoch {finding.points[0]} to {span(last)} at epoch {finding.points[-1]}; "
        f"the RMSE of the plotted points is {span(errors)}{luck}. {agreement(found, 'rmse', 'RMSE')}"
    )


def rule_verdict(found: Sequence[Finding]) -> str:
    """Whether a draw ends where the published one did, and how rare that is."""
    finding = most_seeds(found)
    if finding is None:
        return "**Not run.**"
    near, nearest = finding.near_seeds, finding.nearest_seed
    metrics, published = finding.finished[nearest].metrics, finding.recipe.published
    share = f"{len(near)} of {len(finding.finished)} draws"
    if len(finding.finished) == 1:
        verdict = f"{'Reproduced' if near else 'Not reproduced'} by the one draw made"
    elif not near:
        verdict = "Not reproduced: no draw ends near the published figures"
    elif 2 * len(near) < len(finding.finished):
        end = "ends" if len(near) == 1 else "end"
        verdict = f"Reproduced, as a lucky draw: {share} {end} near the published figures"
    else:
        verdict = f"Reproduced: {share} end near the published figures"
    several = len(finding.finished) > 1
    over = (
        f" Over all {seeds(finding)} the loss ends at {span(finding.metric('loss'))} "
        f"and the RMSE is {span(finding.metric('rmse'))}."
    )
    return (
        f"**{verdict}.** {'The nearest, seed' if several else 'Seed'} {nearest}"
        f"{',' if several else ''} ends at {number(metrics['loss'], 4)} / "
        f"{number(metrics['validation_loss'], 4)} with an RMSE of {number(metrics['rmse'])}; "
        f"published are {number(published['loss'], 4)} / {number(published['validation_loss'], 4)} and "
        f"{number(published['rmse'])}.{over if several else ''} {start_verdict(finding)}"
    )


def start_verdict(finding: Finding) -> str:
    """Where the published loss before training lies among those of many draws."""
    untrained, published = np.array(finding.recipe.untrained), finding.recipe.losses[0]
    within = untrained.min() <= published <= untrained.max()
    below = int(np.sum(untrained <= published))
    return (
        f"The published loss before training, {number(published, 6)}, lies "
        f"{'within' if within else 'outside'} the range of {len(untrained)} draws, "
        f"{number(float(untrained.min()))}–{number(float(untrained.max()))}; "
        f"{below} of them start at or below it."
    )


def correct_verdict(found: Sequence[Finding]) -> str:
    """Whether the true gradient learns anything from the published start at the published rate."""
    finding = most_seeds(found)
    if finding is None:
        return "**Not run.** No adapter finished it."
    zero = finding.recipe.zero
    names = ("loss", "validation_loss", "rmse")
    apart = max(
        abs(value / zero[name] - 1) for each in found for name in names for value in each.metric(name)
    )
    losses, errors = (span(finding.metric(name), 4) for name in ("loss", "rmse"))
    verdict = (
        "It learns the constant zero" if apart <= ZERO_BAND else "It does not only learn the constant zero"
    )
    return (
        f"**{verdict}.** Over {seeds(finding)} on {escape(finding.adapter)} the loss ends at {losses} and "
        f"the RMSE is {errors}; predicting zero always gives {number(zero['loss'], 4)} and "
        f"{number(zero['rmse'], 4)}. {agreement(found, 'rmse', 'RMSE')}"
    )


def corrected_verdict(found: Sequence[Finding], rule: Sequence[Finding]) -> str:
    """How far the corrected settings get, next to the published error."""
    finding = most_seeds(found)
    if finding is None:
        return "**Not run.** No adapter finished it."
    errors = finding.metric("rmse")
    words = f"Over {seeds(finding)} on {escape(finding.adapter)} the RMSE is {span(errors)}"
    published = rule[0].recipe.published["rmse"] if rule else None
    if published is None:
        return f"{words}. {agreement(found, 'rmse', 'RMSE')}"
    always = "always " if len(errors) > 1 else ""
    typical = float(np.median(errors))
    compared = f"{number(published / typical, 2)} times smaller than" if typical else "next to"
    worse = f"It does not {always}beat the published error"
    better = "It learns the wave" if max(errors) < published else worse
    return (
        f"**{better}.** {words}, {compared} the published {number(published)}. "
        f"{agreement(found, 'rmse', 'RMSE')}"
    )


def images_verdict(found: Sequence[Finding]) -> str:
    """What the tutorial's 128 images say, next to what all of them say."""
    finding = most_seeds(found)
    if finding is None:
        return "**Not run.** No adapter finished it."
    first, every = (finding.metric(name) for name in ("first_accuracy", "accuracy"))
    accuracy = float(np.median(every)) / 100
    verdict = "It learns" if min(every) > LEARNED else not_learned(finding)
    error = 100 * 1.96 * (accuracy * (1 - accuracy) / 128) ** 0.5
    return (
        f"**{verdict}; no figure was published to hold that against.** Over {seeds(finding)} on "
        f"{escape(finding.adapter)} (data: {escape(finding.recipe.dataset)}) the accuracy is {span(first)} % "
        f"on the first 128 held-out images, as the tutorial has it, and {span(every, 4)} % on all of them: "
        f"128 images leave about ±{number(error, 2)} points (95 %) to luck. "
        f"{agreement(found, 'accuracy', 'accuracy')}"
    )


def not_learned(finding: Finding) -> str:
    return "It does not learn from every seed" if len(finding.finished) > 1 else "It does not learn"


def seeds(finding: Finding) -> str:
    count = len(finding.finished)
    return f"{count} seeds" if count > 1 else "one seed"


def agreement(found: Sequence[Finding], metric: str, name: str) -> str:
    """How far the adapters are apart, from the same seeds."""
    if sum(bool(finding.finished) for finding in found) < 2:
        return "No other adapter ran it."
    difference = number(largest_difference(found, metric), 2)
    return f"From the same seed, adapters differ by at most {difference} in {name}."
