"""What a site says of one run: small enough that hundreds fit into one page."""

from dataclasses import dataclass

from compare.analysis.history import Estimate, Times
from compare.report.site.hardware import Hardware
from tasks.interface import Metric


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What was trained: two runs of a task are compared where this is the same.

    `fields` are those of the record in which they must agree, each as text, by the name that it is called.
    """

    key: str
    task: str
    dataset: str
    fields: dict[str, str]
    metrics: list[Metric]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One adapter on one task of one run; `work` and `machine` are keys.

    `reason` says what failed, or why its speed cannot be compared inside the run, `obstacle` why it cannot
    with other runs. `rate` is the speed that the report shows, `speed` the one with
    an interval over processes, `times` are in multiples of the fastest's; `results` by metric and seed,
    `noise` by metric: how far apart adapters of this run came out.
    `processes` and `seeds` are logarithms of the seconds that a sequence took, by block.
    Units: sequences per second.
    """

    task: str
    adapter: str
    work: str
    machine: str
    epochs: int
    ok: bool
    reason: str
    obstacle: str
    rounds: int
    rate: float | None
    speed: Estimate | None
    times: Estimate | None
    result: Estimate | None
    processes: dict[str, float]
    seeds: dict[str, float]
    results: dict[str, dict[int, float]]
    noise: dict[str, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One run as the page has it, by its `key`: `place` is its folder in the site, `name` what it is called.

    `state` is `ok`, or says what is not; `fastest` is by task.
    """

    key: str
    place: str
    name: str
    date: str
    preset: str
    versions: dict[str, str]
    fastest: dict[str, str]
    state: str
    rows: list[Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One run: its summary, what its rows point to by key, and the times that its rows come from."""

    summary: Summary
    works: dict[str, Work]
    machines: dict[str, Hardware]
    times: list[Times | None]
