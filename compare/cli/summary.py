"""What a run shows on the terminal at its end."""

from rich.table import Table
from rich.text import Text

from compare.analysis.adapter_summary import AdapterSummary
from compare.analysis.speeds import AATest
from compare.analysis.task_summary import TaskSummary, task_summaries
from compare.records.accuracy import AccuracyRun
from compare.records.parity import ParityResult
from compare.records.results import Results
from compare.records.run import NO_FAULT, Run
from compare.records.tutorial import TutorialRun
from compare.text import after_status, factor, number, percent


def results_table(results: Results) -> Table:
    """One row a task and adapter: its result and speed, or why there is none."""
    table = Table(box=None, pad_edge=False)
    for heading in ("task", "adapter", "result"):
        table.add_column(heading, overflow="fold")
    for heading in ("sequences/s", "time, × fastest"):
        table.add_column(heading, justify="right", overflow="fold")
    for task in task_summaries(results):
        for summary in task.adapters:
            rate = summary.throughput.median if summary.throughput else None
            times = summary.times_fastest.median if summary.times_fastest else None
            cells = (task.record.name, summary.adapter, _result(task, summary), number(rate), factor(times))
            table.add_row(*map(Text, cells))
    return table


def _result(task: TaskSummary, summary: AdapterSummary) -> str:
    metric = task.record.metrics[0]
    reached = summary.metric(metric.name)
    if summary.reason or reached is None:
        status = "not comparable" if summary.status == "ok" else summary.status
        return f"{status}: {after_status(status, summary.reason)}"
    return f"{metric.name} {number(reached.mean, digits=4)} {metric.unit}"


def fault_lines(results: Results) -> list[str]:
    """One line for each part of the run in which something went wrong."""
    cells: list[tuple[str, Run | ParityResult | TutorialRun | AccuracyRun]] = [
        *((f"{run.task}, {run.adapter}, seed {run.seed}", run) for run in results.runs),
        *((f"lockstep on {proof.task}, {proof.adapter}", proof) for proof in results.proofs),
        *((f"{run.recipe}, {run.adapter}, seed {run.seed}", run) for run in _recipe_runs(results)),
    ]
    failed = [f"{where}: {cell.status}: {cell.error}" for where, cell in cells if cell.status not in NO_FAULT]
    different = [
        f"lockstep on {proof.task}, {proof.adapter}: DIFFERENT"
        for proof in results.proofs
        if proof.verdict == "DIFFERENT"
    ]
    return failed + different


def _recipe_runs(results: Results) -> list[TutorialRun | AccuracyRun]:
    return [
        *(results.tutorials.runs if results.tutorials else ()),
        *(results.accuracy.all_runs if results.accuracy else ()),
    ]


def self_test_lines(results: Results) -> list[str]:
    """One line an adapter and task: its time against itself."""
    return [
        f"self-test on {task.record.name}: {_against_itself(test)}"
        for task in task_summaries(results)
        for test in task.aa_tests
    ]


def _against_itself(test: AATest) -> str:
    if test.times is None:
        return f"{test.adapter} did not finish twice"
    finding = "no difference found" if test.passed else "A DIFFERENCE FOUND"
    return (
        f"{test.adapter} takes {test.times.median:.3f} times as long as itself "
        f"({test.times.low:.3f}–{test.times.high:.3f}), {finding}; "
        f"minimum detectable difference {percent(test.times.minimum_detectable_difference)}"
    )
