"""The short table that ends a run on the terminal."""

from rich.table import Table
from rich.text import Text

from compare.analysis.adapter_summary import Standing
from compare.analysis.speeds import Twins
from compare.analysis.task_summary import TaskStandings, standings
from compare.records.results import Results
from compare.text import beside, factor, number, percent


def outcome_table(results: Results) -> Table:
    """One row a task and adapter: what it reached and how fast, or why not."""
    table = Table(box=None, pad_edge=False)
    for heading in ("task", "adapter", "result"):
        table.add_column(heading, overflow="fold")
    for heading in ("sequences/s", "time, × fastest"):
        table.add_column(heading, justify="right", overflow="fold")
    for task in standings(results):
        for standing in task.adapters:
            rate = standing.throughput.median if standing.throughput else None
            times = standing.times_fastest.median if standing.times_fastest else None
            cells = (task.record.name, standing.adapter, _result(task, standing), number(rate), factor(times))
            table.add_row(*map(Text, cells))
    return table


def _result(task: TaskStandings, standing: Standing) -> str:
    metric = task.record.metrics[0]
    reached = standing.metric(metric.name)
    if standing.reason or reached is None:
        status = "not comparable" if standing.status == "ok" else standing.status
        return f"{status}: {beside(status, standing.reason)}"
    return f"{metric.name} {number(reached.mean, digits=4)} {metric.unit}"


def self_test_lines(results: Results) -> list[str]:
    """What each adapter came to against itself."""
    return [
        f"self-test on {task.record.name}: {_against_itself(twins)}"
        for task in standings(results)
        for twins in task.twins
    ]


def _against_itself(twins: Twins) -> str:
    if twins.times is None:
        return f"{twins.adapter} did not finish twice"
    finding = "no difference found" if twins.passed else "A DIFFERENCE FOUND"
    return (
        f"{twins.adapter} takes {twins.times.median:.3f} times as long as itself "
        f"({twins.times.low:.3f}–{twins.times.high:.3f}), {finding}; "
        f"told apart from {percent(twins.times.half_width)} on"
    )
