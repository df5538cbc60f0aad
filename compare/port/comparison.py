"""Two programs compared, and the cause of what was found."""

from collections.abc import Sequence

from compare.port.causes import causes_of
from compare.port.curves import float32_curves
from compare.port.observation import Observed, observe
from compare.port.records.differences import Row
from compare.port.records.result import Cause, Curves, PortResult
from compare.port.request import PortRequest, open_both, started
from compare.port.setup import notes


def compare(request: PortRequest) -> PortResult:
    """Compare two programs at every stage and look for the cause of what differs.

    Raises: UsageError where the user must change something first; PortFailed where a program fails.
    """
    with started(request) as sides:
        opened = open_both(request, sides)
        observed = observe(opened, request.updates)
        causes = causes_of(observed) if observed.found else ()
        float32 = float32_curves(request, opened) if opened.dtype == "float64" else None
        return _result(request, observed, causes, float32)


def _result(
    request: PortRequest, observed: Observed, causes: Sequence[Cause], float32: Curves | None
) -> PortResult:
    opened = observed.opened
    by_rounding = opened.dtype == "float32" and not observed.found
    return PortResult(
        verdict="different" if observed.found else "rounding" if by_rounding else "same",
        names=(request.first, request.second),
        frameworks=(opened.sides[0].framework, opened.sides[1].framework),
        dtype=opened.dtype,
        updates=request.updates,
        first=observed.found[0] if observed.found else None,
        causes=tuple(causes),
        largest={
            "outputs": _largest(observed.outputs),
            "loss": observed.loss.difference,
            "gradient": _largest(observed.gradient),
            "update": _largest(observed.update),
            "curve": float(max(observed.curve.difference)),
            **({"float32": float(max(float32.difference))} if float32 else {}),
        },
        setup=observed.setup,
        outputs=observed.outputs,
        gradient=observed.gradient,
        update=observed.update,
        curve=observed.curve,
        float32=float32,
        notes=(
            *([opened.without_float64] if opened.without_float64 else []),
            *notes(opened.matching),
            *(note for each in opened.descriptions for note in each.notes),
            *_not_shown(observed),
        ),
        losses=observed.losses,
        found=observed.found,
    )


def _not_shown(observed: Observed) -> list[str]:
    """The layers of which no more than parameters and gradients can be compared."""
    shown = {each.name for each in observed.outputs}
    hidden = [pair.name for pair in observed.opened.matching.pairs if pair.name not in shown]
    if not hidden:
        return []
    names = ", ".join(hidden[:3]) + (f" and {len(hidden) - 3} more" if len(hidden) > 3 else "")
    return [f"the outputs of {names} are not shown by both programs: those of the model are compared"]


def _largest(compared: Sequence[Row]) -> float:
    return max((each.difference for each in compared), default=0.0)
