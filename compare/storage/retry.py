"""Running again what failed in a stored run: whole blocks, as speeds are compared side by side alone."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from compare.errors import UsageError
from compare.records.accuracy import Accuracy
from compare.records.block import Block
from compare.records.results import Results
from compare.records.run import NO_FAULT, faults_beside
from compare.records.tutorial import Tutorials
from compare.storage.results import open_run, save
from compare.storage.resume import resumed_results

WHY = "to run again what had failed"


def retried_results(folder: Path, fresh: Results, blocks: Sequence[Block]) -> Results:
    """The part of a stored run in which nothing failed, to resume from; `fresh` is as for `resumed_results`.

    Raises: UsageError where nothing failed; as `resumed_results`.
    """
    resumed_results(folder, fresh, blocks)
    stored = open_run(folder)
    sound = without_failures(stored)
    if sound == stored:
        raise UsageError(f"nothing has failed in {folder}: leave out --retry-failed")
    save(replace(sound, interrupted=True), folder)
    resumed = resumed_results(folder, fresh, blocks)
    *before, latest = resumed.interruptions
    return replace(resumed, interruptions=[*before, replace(latest, during=WHY)])


def without_failures(results: Results) -> Results:
    """The results without what failed: blocks, proofs, threads, profiles, and single runs.

    An adapter's run of a tutorial, or of a recipe for accuracy, is compared by what it learned.
    """
    failed = {(run.task, run.seed) for run in results.runs if run.status not in NO_FAULT}
    tasks = {task for task, _ in failed}
    unscaled = tasks | {each.task for each in faults_beside(results.runs, results.threads)}
    unprofiled = tasks | {each.task for each in faults_beside(results.runs, results.profiles)}
    unproven = {proof.task for proof in results.proofs if proof.status not in NO_FAULT}
    tutorials, accuracy = results.tutorials, results.accuracy
    return replace(
        results,
        runs=[run for run in results.runs if (run.task, run.seed) not in failed],
        proofs=[proof for proof in results.proofs if proof.task not in unproven],
        threads=[each for each in results.threads if each.task not in unscaled],
        profiles=[each for each in results.profiles if each.task not in unprofiled],
        tutorials=tutorials and _sound_tutorials(tutorials),
        accuracy=accuracy and _sound_accuracy(accuracy),
    )


def _sound_tutorials(tutorials: Tutorials) -> Tutorials:
    return replace(tutorials, runs=[run for run in tutorials.runs if run.status in NO_FAULT])


def _sound_accuracy(accuracy: Accuracy) -> Accuracy:
    """Trials that failed are to be tried again; an adapter that failed begins again, from where it did."""
    return replace(
        accuracy,
        runs=[run for run in accuracy.runs if run.status in NO_FAULT],
        trials=[
            trial if trial.run is None or trial.run.status in NO_FAULT else replace(trial, run=None)
            for trial in accuracy.trials
        ],
    )
