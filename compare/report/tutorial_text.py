"""Whether what the tutorials published was reproduced, in sentences made from the numbers."""

from collections.abc import Sequence

import numpy as np

from compare.analysis.tutorials import RecipeSummary, largest_difference, most_seeds, span
from compare.text import escape, number

ZERO_BAND = 0.01
"""How near a figure must be to that of predicting zero, as a share of it."""

LEARNED = 50.0
"""The accuracy, in %, from which a model that would guess 10 % has learned."""


def online_text(summaries: Sequence[RecipeSummary]) -> str:
    """Whether the program learns, and how its error varies: no figure was published."""
    summary = most_seeds(summaries)
    if summary is None:
        return "**Not run.** No adapter finished it."
    first, last = (summary.printed(point, "loss") for point in (summary.points[0], summary.points[-1]))
    learns = all(after < before for before, after in zip(first, last, strict=True))
    errors = summary.metric("rmse")
    spread = (
        f", {number(max(errors) / min(errors), 2)} times as large for the worst seed as for the best"
        if len(errors) > 1 and min(errors) > 0
        else ""
    )
    return (
        f"**{'It learns' if learns else not_learned(summary)}; no figure was published to "
        f"compare with.** Over {seeds(summary)} on {escape(summary.adapter)}, the summed loss goes from "
        f"{span(first)} at epoch {summary.points[0]} to {span(last)} at epoch {summary.points[-1]}; "
        f"the RMSE of the plotted points is {span(errors)}{spread}. {agreement(summaries, 'rmse', 'RMSE')}"
    )


def rule_text(summaries: Sequence[RecipeSummary]) -> str:
    """Whether a draw ends near the published figures, and how many do."""
    summary = most_seeds(summaries)
    if summary is None:
        return "**Not run.**"
    near, nearest = summary.near_seeds, summary.nearest_seed
    metrics, published = summary.finished[nearest].metrics, summary.recipe.published
    share = f"{len(near)} of {len(summary.finished)} draws"
    if len(summary.finished) == 1:
        answer = f"{'Reproduced' if near else 'Not reproduced'} by the one draw made"
    elif not near:
        answer = "Not reproduced: no draw ends near the published figures"
    elif 2 * len(near) < len(summary.finished):
        end = "ends" if len(near) == 1 else "end"
        answer = f"Reproduced, as a lucky draw: {share} {end} near the published figures"
    else:
        answer = f"Reproduced: {share} end near the published figures"
    several = len(summary.finished) > 1
    over = (
        f" Over all {seeds(summary)} the loss ends at {span(summary.metric('loss'))} "
        f"and the RMSE is {span(summary.metric('rmse'))}."
    )
    return (
        f"**{answer}.** {'The nearest, seed' if several else 'Seed'} {nearest}"
        f"{',' if several else ''} ends at {number(metrics['loss'], 4)} / "
        f"{number(metrics['validation_loss'], 4)} with an RMSE of {number(metrics['rmse'])}; "
        f"published are {number(published['loss'], 4)} / {number(published['validation_loss'], 4)} and "
        f"{number(published['rmse'])}.{over if several else ''} {start_text(summary)}"
    )


def start_text(summary: RecipeSummary) -> str:
    """Where the published loss before training lies among those of many draws."""
    untrained, published = np.array(summary.recipe.untrained), summary.recipe.losses[0]
    within = untrained.min() <= published <= untrained.max()
    below = int(np.sum(untrained <= published))
    return (
        f"The published loss before training, {number(published, 6)}, lies "
        f"{'within' if within else 'outside'} the range of {len(untrained)} draws, "
        f"{number(float(untrained.min()))}–{number(float(untrained.max()))}; "
        f"{below} of them start at or below it."
    )


def correct_text(summaries: Sequence[RecipeSummary]) -> str:
    """Whether the correct gradient learns anything with the published settings."""
    summary = most_seeds(summaries)
    if summary is None:
        return "**Not run.** No adapter finished it."
    zero = summary.recipe.zero
    names = ("loss", "validation_loss", "rmse")
    apart = max(
        abs(value / zero[name] - 1) for each in summaries for name in names for value in each.metric(name)
    )
    losses, errors = (span(summary.metric(name), 4) for name in ("loss", "rmse"))
    answer = (
        "It learns the constant zero" if apart <= ZERO_BAND else "It does not only learn the constant zero"
    )
    return (
        f"**{answer}.** Over {seeds(summary)} on {escape(summary.adapter)} the loss ends at {losses} and "
        f"the RMSE is {errors}; predicting zero always gives {number(zero['loss'], 4)} and "
        f"{number(zero['rmse'], 4)}. {agreement(summaries, 'rmse', 'RMSE')}"
    )


def corrected_text(summaries: Sequence[RecipeSummary], rule: Sequence[RecipeSummary]) -> str:
    """How the error with corrected settings compares with the published one."""
    summary = most_seeds(summaries)
    if summary is None:
        return "**Not run.** No adapter finished it."
    errors = summary.metric("rmse")
    words = f"Over {seeds(summary)} on {escape(summary.adapter)} the RMSE is {span(errors)}"
    published = rule[0].recipe.published["rmse"] if rule else None
    if published is None:
        return f"{words}. {agreement(summaries, 'rmse', 'RMSE')}"
    always = "always " if len(errors) > 1 else ""
    typical = float(np.median(errors))
    compared = f"{number(published / typical, 2)} times smaller than" if typical else "next to"
    worse = f"It does not {always}beat the published error"
    better = "It learns the wave" if max(errors) < published else worse
    return (
        f"**{better}.** {words}, {compared} the published {number(published)}. "
        f"{agreement(summaries, 'rmse', 'RMSE')}"
    )


def images_text(summaries: Sequence[RecipeSummary]) -> str:
    """The accuracy on the tutorial's 128 images, beside that on all of them."""
    if not summaries:
        return "**Not run.** The images take longest: the quick preset leaves them out."
    summary = most_seeds(summaries)
    if summary is None:
        return "**Not run.** No adapter finished it."
    first, every = (summary.metric(name) for name in ("first_accuracy", "accuracy"))
    accuracy = float(np.median(every)) / 100
    answer = "It learns" if min(every) > LEARNED else not_learned(summary)
    error = 100 * 1.96 * (accuracy * (1 - accuracy) / 128) ** 0.5
    return (
        f"**{answer}; no figure was published to compare with.** Over {seeds(summary)} on "
        f"{escape(summary.adapter)} (data: {escape(summary.recipe.dataset)}) the accuracy is {span(first)} % "
        f"on the first 128 held-out images, as the tutorial has it, and {span(every, 4)} % on all of them: "
        f"128 images leave about ±{number(error, 2)} points (95 %) to chance. "
        f"{agreement(summaries, 'accuracy', 'accuracy')}"
    )


def not_learned(summary: RecipeSummary) -> str:
    return "It does not learn from every seed" if len(summary.finished) > 1 else "It does not learn"


def seeds(summary: RecipeSummary) -> str:
    count = len(summary.finished)
    return f"{count} seeds" if count > 1 else "one seed"


def agreement(summaries: Sequence[RecipeSummary], metric: str, name: str) -> str:
    """How far the adapters differ, from the same seeds."""
    if sum(bool(summary.finished) for summary in summaries) < 2:
        return "No other adapter ran it."
    difference = largest_difference(summaries, metric)
    if difference == 0:
        return f"From the same seed, all adapters have the same {name}."
    return f"From the same seed, adapters differ by at most {number(difference, 2)} in {name}."
