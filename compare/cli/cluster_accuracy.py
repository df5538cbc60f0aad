"""Recipes for accuracy on the machines of a cluster, each start on one."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace

from rich.progress import Progress

from compare.accuracy.choice import trials_left, tried
from compare.accuracy.recipes import TASK
from compare.accuracy.record import SHARED_SEEDS, due
from compare.accuracy.training import Start
from compare.cli.accuracy import known_of, limits_of, plan_of, start_line
from compare.cli.cluster_records import given_out, noted, placed, why_undone
from compare.cli.progress import say
from compare.cluster.cluster import Cluster
from compare.cluster.kinds import Training
from compare.cluster.pieces import Outcome
from compare.records.accuracy import AccuracyRun
from compare.records.results import Results
from compare.records.settings import Settings
from compare.runner.task_loading import settled
from compare.storage.resume import part
from compare.storage.run_folder import write_log


def cluster_accuracy(
    settings: Settings, keys: Mapping[str, str], results: Results, cluster: Cluster, progress: Progress
) -> Iterator[Results]:
    """The results as they grow: every adapter from the first seeds, then the fastest from all others."""
    plan = plan_of(settings, part(results))
    shared = min(plan.seeds, SHARED_SEEDS)
    for name in plan.recipes:
        for seeds in (range(shared), range(shared, plan.seeds)):
            starts = due(plan, name, seeds, known_of(results).runs)
            for start, outcome in _outcomes(settings, keys, starts, cluster, progress):
                runs = _runs(start, outcome)
                results = _with(settings, results, start, outcome, cluster)
                known = known_of(results)
                ordered = sorted([*known.runs, *runs], key=lambda run: (run.recipe == "augmented", run.seed))
                results = replace(results, accuracy=replace(known, runs=ordered))
                say(progress.console, start_line(runs))
                yield results


def cluster_choice(
    settings: Settings, keys: Mapping[str, str], results: Results, cluster: Cluster, progress: Progress
) -> Iterator[Results]:
    """The results as they grow, trial by trial."""
    adapter, *_ = settings.adapters
    left = trials_left(adapter, limits_of(settings), settings.device, known_of(results))
    starts = [start for _, start in left]
    places = {id(start): place for place, start in left}
    for start, outcome in _outcomes(settings, keys, starts, cluster, progress):
        (run,) = _runs(start, outcome)
        results = _with(settings, results, start, outcome, cluster)
        results = replace(results, accuracy=tried(known_of(results), places[id(start)], run))
        say(progress.console, start_line([run]))
        yield results


def _outcomes(
    settings: Settings,
    keys: Mapping[str, str],
    starts: Sequence[Start],
    cluster: Cluster,
    progress: Progress,
) -> Iterator[tuple[Start, Outcome]]:
    data = settled(settings.data, keys[TASK.name])
    told = [(_title(start), Training(start=start, data=data, chooses=settings.choose)) for start in starts]
    with closing(given_out(cluster, "accuracy", "accuracy", told, progress)) as ended:
        for outcome in ended:
            yield starts[outcome.place], outcome


def _with(settings: Settings, results: Results, start: Start, outcome: Outcome, cluster: Cluster) -> Results:
    """With where a start was trained, and what its workers wrote in the run's folder."""
    results = noted(results, cluster, _title(start), outcome)
    if not outcome.found:
        return results
    for name, text in outcome.found.logs.items():
        write_log(settings.out, name, text)
    return placed(results, outcome.found.machine, outcome.found.environment)


def _runs(start: Start, outcome: Outcome) -> list[AccuracyRun]:
    """A record an adapter, whether or not a machine could train it."""
    if outcome.found:
        return [replace(run, machine=outcome.found.machine.fingerprint) for run in outcome.found.runs]
    return [
        AccuracyRun(
            recipe=start.name,
            adapter=adapter,
            seed=start.seed,
            status="failed",
            error=why_undone(outcome),
            part=start.part,
        )
        for adapter in start.adapters
    ]


def _title(start: Start) -> str:
    return f"{start.name}, seed {start.seed}"
