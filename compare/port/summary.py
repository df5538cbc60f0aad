"""What came of a comparison in a dozen lines of 80 columns."""

from textwrap import wrap

from compare.port.records.result import STAGES, PortResult
from compare.text import counted, difference

WIDTH = 80
VERDICTS = {
    "same": "same: equal within the bands at every stage",
    "rounding": "rounding: what differs is what float32 alone explains",
    "different": "different",
}


def summary_lines(result: PortResult) -> list[str]:
    """The verdict, where the programs part, why, and how far apart they are."""
    lines = [
        _shortened(f"{letter}  {name}  ({framework})")
        for letter, name, framework in zip("AB", result.names, result.frameworks, strict=True)
    ]
    lines.append(verdict_line(result))
    for number, cause in enumerate(result.causes, 1):
        lines += wrap(f"{number}. {cause.slug}: {cause.sentence}", WIDTH, subsequent_indent="   ")
        if number <= 2:
            lines += wrap(f"   to mend: {cause.mend}", WIDTH, subsequent_indent="   ")
    lines += wrap("largest differences: " + largest_sentence(result), WIDTH, subsequent_indent="   ")
    float32 = float32_sentence(result)
    if float32:
        lines += wrap(float32, WIDTH, subsequent_indent="   ")
    for note in result.notes[:2]:
        lines += wrap(f"note: {note}", WIDTH, subsequent_indent="   ")
    return lines


def verdict_line(result: PortResult) -> str:
    """The verdict, and the first place where the programs part."""
    if result.first is None:
        updates = counted(result.updates, "update")
        return _shortened(f"{VERDICTS[result.verdict]} ({result.dtype}, {updates})")
    first = result.first
    by = "" if first.difference is None else f", by {difference(first.difference)}"
    return _shortened(f"different from {first.stage} on: {first.where}{by} ({result.dtype})")


def largest_sentence(result: PortResult) -> str:
    """The largest relative difference of every stage."""
    return ", ".join(
        f"{stage} {difference(result.largest[stage])}" for stage in STAGES if stage in result.largest
    )


def float32_sentence(result: PortResult) -> str:
    """Whether rounding explains what float32 does; empty where that says nothing new."""
    curve = result.float32
    if curve is None or result.verdict == "different":
        return ""
    leaves = curve.leaves_at
    apart = difference(max(curve.difference))
    if leaves is None:
        return f"in float32 the curves part by {apart}, which rounding explains"
    return f"in float32 they part by {apart}, more than a perturbation grows from update {leaves} on"


def _shortened(text: str) -> str:
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"
