"""Resuming a run: its settings, what of it is finished, and what has changed since."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import msgspec

from compare.errors import UsageError
from compare.records.accuracy import Accuracy
from compare.records.block import Block, Checkpoint
from compare.records.environment import Environment, Interruption
from compare.records.results import Results, TaskRecord
from compare.records.settings import Settings
from compare.storage.checkpoint import delete_snapshot, interrupted_runs, resume_point
from compare.storage.results import open_run
from compare.text import how_far, storable
from tasks.interface import DataRequest

MACHINE_OPTIONS = {
    "threads",
    "timeout",
    "memory_limit",
    "mnist_archives",
    "quiet",
    "retry_failed",
    "cluster",
}
"""Options that may be given anew on resuming: the others say what the run is."""

OPTIONS = {"changes": "set"}
"""What an option is called where it has another name than its value."""

SPEED_FACTS = (
    "lockstep",
    "python",
    "system",
    "cpu",
    "physical_cores",
    "logical_cores",
    "memory_bytes",
    "threads",
    "affinity",
    "governor",
    "quota_cores",
    "memory_limit_bytes",
)
"""Facts of the environment: where one has changed, times from before and after are not comparable."""


def request(settings: Settings, data: DataRequest) -> dict[str, Any]:
    """The settings as plain values, with the request that names the data which were found."""
    plain: dict[str, Any] = msgspec.to_builtins(
        replace(settings, data=data), enc_hook=lambda path: storable(str(path))
    )
    return plain


def stored_settings(folder: Path, typed: Mapping[str, Any]) -> Settings:
    """The settings of a stored run, but for those of the machine that were typed now.

    Raises: UsageError where there is no such run, or other options were typed.
    """
    if refused := sorted(typed.keys() - MACHINE_OPTIONS):
        named = ", ".join("--" + OPTIONS.get(name, name).replace("_", "-") for name in refused)
        raise UsageError(f"--resume takes the settings of {folder}: leave out {named}")
    stored = open_run(folder)
    if stored.sources:
        names = ", ".join(source.name for source in stored.sources)
        raise UsageError(f"{folder} was merged from {names}: resume those, and merge them again")
    found = stored.request
    if not found:
        raise UsageError(f"{folder} holds no settings to go on with: start anew with another --out")
    try:
        settings = msgspec.convert(found, Settings, dec_hook=lambda kind, value: kind(value))
    except msgspec.ValidationError as error:
        raise UsageError(f"{folder} holds settings that cannot be read: {error}") from error
    return replace(
        settings,
        out=folder,
        resume=True,
        retry_failed=typed.get("retry_failed", False),
        threads=typed.get("threads", settings.threads),
        all_cores=settings.all_cores and "threads" not in typed,
        cluster=typed.get("cluster", settings.cluster),
        quiet=typed.get("quiet", False),
        timeout_seconds=typed.get("timeout", settings.timeout_seconds),
        memory_limit_mebibytes=typed.get("memory_limit", settings.memory_limit_mebibytes),
        data=replace(settings.data, mnist_archives=typed.get("mnist_archives", settings.data.mnist_archives)),
    )


def stored_results(folder: Path) -> Results:
    """The results of a stored run, the block that was under way included.

    Raises: UsageError where there is none.
    """
    results = open_run(folder)
    broken = [replace(run, part=part(results)) for run in interrupted_runs(folder, results.runs)]
    return replace(results, runs=[*results.runs, *broken])


def resumed_results(folder: Path, fresh: Results, blocks: Sequence[Block]) -> Results:
    """The finished part of a stored run, to resume from; `fresh` is what a new run would begin with.

    Where the environment has changed, the block that was under way starts anew; of a cluster each run names
    its own.

    Raises: UsageError where a task, or a recipe for accuracy, is no longer the one that was begun.
    """
    stored = stored_results(folder)
    for before, now in zip(stored.tasks, fresh.tasks, strict=False):
        if _work(before) != _work(now):
            raise UsageError(
                f"{before.name} is not what {folder} was begun with: start anew with another --out"
            )
    if _recipes(stored.accuracy) != _recipes(fresh.accuracy):
        raise UsageError(
            f"the recipes are not those that {folder} was begun with: start anew with another --out"
        )
    if not stored.interrupted:
        return stored
    latest = stored.interruptions[-1] if stored.interruptions else stored
    changed = [] if stored.cluster else _changed(latest.environment, fresh.environment)
    changed += _changed_versions(latest.versions, fresh.versions)
    if changed:
        delete_snapshot(folder)
    broken = {(run.task, run.seed) for run in stored.runs if run.status == "interrupted"}
    interruption = Interruption(
        during=_during(stored),
        then=_outcome(
            [resume_point(folder, block) for block in blocks if (block.task, block.seed) in broken]
        ),
        environment=fresh.environment,
        versions=fresh.versions,
        changed=changed,
    )
    return replace(
        stored,
        runs=[run for run in stored.runs if (run.task, run.seed) not in broken],
        interruptions=[*stored.interruptions, interruption],
    )


def remaining(blocks: Sequence[Block], results: Results) -> list[Block]:
    """The blocks that have no records yet."""
    finished = {(run.task, run.seed) for run in results.runs}
    return [block for block in blocks if (block.task, block.seed) not in finished]


def part(results: Results) -> int:
    """How often the environment has changed since the run began."""
    return sum(bool(interruption.changed) for interruption in results.interruptions)


def _during(stored: Results) -> str:
    runs = [run for run in stored.runs if run.status == "interrupted"]
    if not runs:
        return "with no block under way"
    after = how_far(max(len(run.epochs) for run in runs), max(len(run.rounds) for run in runs))
    return f"{runs[0].task}, seed {runs[0].seed}, {after}"


def _outcome(points: Sequence[Checkpoint | None]) -> str:
    """What becomes of the block that was under way; empty where there was none."""
    if not points:
        return ""
    checkpoint = points[0]
    if checkpoint is None:
        return "the block was started anew"
    return f"the block went on from its state {how_far(checkpoint.epochs, checkpoint.rounds)}"


def _work(record: TaskRecord) -> tuple[object, ...]:
    return (
        record.name,
        record.dataset,
        record.model,
        record.train,
        record.batch_size,
        record.epochs,
        record.data,
    )


def _recipes(accuracy: Accuracy | None) -> tuple[object, ...]:
    """What must not change; nothing where no recipe is followed."""
    if accuracy is None:
        return ()
    return accuracy.dataset, accuracy.recipes, [(each.recipe, each.settings) for each in accuracy.trials]


def _changed(before: Environment, now: Environment) -> list[str]:
    old, new = _facts(before), _facts(now)
    return [
        f"{name.replace('_', ' ')}: {old[name]}, then {new[name]}" for name in new if old[name] != new[name]
    ]


def _facts(environment: Environment) -> dict[str, object]:
    """What speed depends on, the variables that workers keep among it."""
    plain = asdict(environment)
    kept = {each.name: each.value for each in environment.inherited if each.treatment == "kept"}
    return {**{name: plain[name] for name in SPEED_FACTS}, "variables": kept}


def _changed_versions(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    return [
        f"{adapter}: {before.get(adapter) or 'none'}, then {version or 'none'}"
        for adapter, version in now.items()
        if before.get(adapter, version) != version
    ]
