"""Sequences with classes made ready: numbered, some held out, standardised, and written once."""

from pathlib import Path

import numpy as np
from numpy.random import PCG64, Generator

from adapters.interface import Array
from compare.errors import UsageError
from compare.jobs.arrays import write_array
from compare.jobs.labelled import Labelled
from compare.jobs.numbering import classes_of, numbered
from compare.jobs.prepared import ClassesManifest
from compare.jobs.schema import Data
from compare.jobs.sequences import PARTS, Numbered
from compare.text import counted

BLOCK = 1024


def build_classes(
    folder: Path, found: Labelled, held_out: Labelled | None, data: Data, mark: str
) -> ClassesManifest:
    """Number the classes, hold some sequences out, write; `mark` tells this content from another.

    Raises: UsageError that names the file, row and column, and what to do.
    """
    classes = classes_of(found)
    whole = numbered(found, classes)
    if held_out is None:
        places = _drawn(found, whole, data)
        training, kept = whole.some(np.flatnonzero(~places)), whole.some(np.flatnonzero(places))
        _check_seen(found, classes, training, kept, np.flatnonzero(places))
    else:
        _check_alike(found, held_out)
        training, kept = whole, numbered(held_out, classes, found.path)
    mean, deviation = _scale(found, training, data)
    for part, name in zip((training, kept), PARTS, strict=True):
        _write(folder, name, part, mean, deviation)
    counts = np.bincount(training.valid_targets(), minlength=len(classes))
    majority, actual = int(counts.argmax()), kept.valid_targets()
    return ClassesManifest(
        dataset=_dataset_name(found, held_out, whole, mark),
        remarks=_remarks(found, held_out, data, whole),
        settings=_settings(found, data),
        classes=tuple(str(each) for each in classes),
        inputs=training.inputs.shape[2],
        every_step=training.targets.ndim == 2,
        majority=majority,
        accuracy_majority=float(100 * np.count_nonzero(actual == majority) / len(actual)),
    )


def _drawn(found: Labelled, whole: Numbered, data: Data) -> Array:
    """Which sequences are held out: a share of each class, drawn by seed; at least one stays to train on.

    Shapes: (N,).
    Raises: UsageError where none would be held out.
    """
    assert isinstance(data.held_out, float)
    generator, held_out = Generator(PCG64(data.seed)), np.zeros(len(whole.inputs), bool)
    strata = whole.targets if whole.targets.ndim == 1 else np.zeros(len(whole.inputs), np.int64)
    for stratum in np.unique(strata):
        members = generator.permutation(np.flatnonzero(strata == stratum))
        held_out[members[: min(round(len(members) * data.held_out), len(members) - 1)]] = True
    if not held_out.any():
        raise UsageError(
            f"{found.path} has {counted(len(held_out), 'sequence')}, too few to hold out {data.held_out:g} "
            "of each class: hold out more, or name a file in data.held_out"
        )
    return held_out


def _check_seen(found: Labelled, classes: Array, training: Numbered, kept: Numbered, places: Array) -> None:
    """Raise for a class of the sequences that were drawn which the others have not.

    Raises: UsageError.
    """
    unseen = np.setdiff1d(kept.valid_targets(), training.valid_targets())
    if len(unseen):
        where = np.argwhere(
            (kept.targets == unseen[0])
            if kept.targets.ndim == 1
            else (kept.targets == unseen[0]) & kept.valid()
        )[0]
        rows = found.rows[places]
        raise UsageError(
            f"{found.path}, row {rows[tuple(where)]}, column {found.column!r} is {classes[unseen[0]]}: "
            "a class that the part which is trained on has not: take another data.seed, or leave the row out"
        )


def _check_alike(found: Labelled, held_out: Labelled) -> None:
    shapes = found.inputs.shape, held_out.inputs.shape
    if shapes[0][2] != shapes[1][2] or found.labels.ndim != held_out.labels.ndim:
        raise UsageError(
            f"{held_out.path} has sequences {shapes[1][1:]} and targets of {held_out.labels.ndim} axes, "
            f"{found.path} {shapes[0][1:]} and {found.labels.ndim}: they must agree"
        )


def _scale(found: Labelled, training: Numbered, data: Data) -> tuple[Array, Array]:
    """What is taken off each input, and what it is divided by; bytes of images are brought to 0 to 1.

    Raises: UsageError for an input that is constant.
    """
    size = training.inputs.shape[2]
    if data.idx is not None:
        return np.zeros(size), np.full(size, 255.0 if training.inputs.dtype == np.uint8 else 1.0)
    if not standardised(data):
        return np.zeros(size), np.ones(size)
    steps = training.inputs[training.valid()].astype(np.float64)
    constant = np.flatnonzero(np.ptp(steps, axis=0) == 0)
    if len(constant):
        raise UsageError(
            f"{found.path}: input {constant[0] + 1} of {size} is {steps[0, constant[0]]:g} in all steps that "
            "are trained on: leave it out, or say standardise = false"
        )
    return steps.mean(axis=0), steps.std(axis=0)


def standardised(data: Data) -> bool:
    """Whether inputs are standardised: where a job does not say it, columns of tables are, arrays are not."""
    if data.standardise is not None:
        return data.standardise
    return data.file is not None and not data.file.lower().endswith(".npz")


def _write(folder: Path, name: str, part: Numbered, mean: Array, deviation: Array) -> None:
    valid = part.valid()[..., np.newaxis]
    blocks = (
        np.where(valid[first : first + BLOCK], (part.inputs[first : first + BLOCK] - mean) / deviation, 0.0)
        for first in range(0, len(part.inputs), BLOCK)
    )
    write_array(folder / f"{name}_inputs.npy", part.inputs.shape, np.float32, blocks)
    write_array(folder / f"{name}_targets.npy", part.targets.shape, np.int64, [part.targets])
    if part.lengths is not None:
        write_array(folder / f"{name}_lengths.npy", part.lengths.shape, np.int64, [part.lengths])


def _dataset_name(found: Labelled, held_out: Labelled | None, whole: Numbered, mark: str) -> str:
    also = f" and {held_out.name}" if held_out else ""
    return f"{found.name}, {counted(len(whole.inputs), 'sequence')}{also} ({mark})"


def _remarks(found: Labelled, held_out: Labelled | None, data: Data, whole: Numbered) -> tuple[str, ...]:
    """What was done to the data, in sentences."""
    done = ["Inputs are as they are in the file."]
    if data.idx is not None:
        done = ["Pixels are from 0 to 1."]
    elif standardised(data):
        done = ["Inputs are standardised by the mean and deviation of the sequences that are trained on."]
    if held_out is None:
        of_what = "each class" if whole.targets.ndim == 1 else "the sequences"
        done.append(f"Held out are {data.held_out:.0%} of {of_what}, drawn by seed {data.seed}.")
    gaps = (sentence for each in (found, held_out) if each for sentence in each.gaps.sentences(each.path))
    return (*done, *gaps)


def _settings(found: Labelled, data: Data) -> dict[str, str | int | float | bool]:
    """What `diff`, `--resume` and the report's table have of it."""
    settings: dict[str, str | int | float | bool] = {"label": found.column, "seed": data.seed}
    if isinstance(data.held_out, float | str):
        settings["held_out"] = data.held_out
    if data.fill:
        settings["fill"] = data.fill
    return {**settings, "standardise": data.idx is None and standardised(data)}
