"""Tables of a sweep: the time of a step at every size, and how it grows."""

from collections.abc import Sequence

import pandas as pd

from compare.analysis.statistics import median
from compare.analysis.sweep import AXES, LABELS, along, exponent
from compare.records.sweep import SweepPoint
from compare.report.tables.table import Table
from compare.text import NOTHING, escape, factor, number


def steps_table(points: Sequence[SweepPoint]) -> Table:
    """One row a size and adapter in the file; on the page one row a size, the fastest in bold."""
    raw = pd.DataFrame(
        {
            "adapter": point.adapter,
            "hidden": point.size.hidden,
            "batch": point.size.batch,
            "time_steps": point.size.time_steps,
            "step_seconds_median": median(point.seconds),
            "memory_bytes": point.memory_bytes,
            "error": point.error,
        }
        for point in points
    )
    rows = []
    for size in dict.fromkeys(point.size for point in points):
        times = {point.adapter: median(point.seconds) for point in points if point.size == size}
        least = min((time for time in times.values() if time is not None), default=None)
        shown = {escape(name): _milliseconds(time, bold=time == least) for name, time in times.items()}
        rows.append({"H": size.hidden, "B": size.batch, "T": size.time_steps, **shown})
    return Table(name="sweep", raw=raw, shown=pd.DataFrame(rows).map(str), text_columns=())


def _milliseconds(seconds: float | None, *, bold: bool) -> str:
    if seconds is None:
        return NOTHING
    return f"**{number(1e3 * seconds)}**" if bold else number(1e3 * seconds)


def growth_table(points: Sequence[SweepPoint], adapters: Sequence[str]) -> Table:
    """The power of H, B and T by which time and memory grow at the upper end."""
    rows = []
    for name in adapters:
        for field in AXES:
            line = along(points, name, field)
            sizes = [float(getattr(point.size, field)) for point in line]
            rows.append(
                {
                    "adapter": name,
                    "axis": field,
                    "time_exponent": exponent(sizes, [median(point.seconds) or 0.0 for point in line]),
                    "memory_exponent": exponent(sizes, [max(1.0, point.memory_bytes) for point in line]),
                }
            )
    raw = pd.DataFrame(rows)
    shown = pd.DataFrame(
        {
            "Adapter": raw["adapter"].map(escape),
            "Against": raw["axis"].map(LABELS),
            "Time grows as the power": raw["time_exponent"].map(factor),
            "Memory as the power": raw["memory_exponent"].map(factor),
        }
    )
    return Table(name="growth", raw=raw, shown=shown, text_columns=("Adapter", "Against"))
