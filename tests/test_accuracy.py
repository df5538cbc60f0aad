"""`accuracy`: recipes chosen by training images, followed by every adapter, judged by held-out images."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from adapters import open_adapter
from compare.accuracy import choice, record, trials
from compare.accuracy.augmentation import Augmentation
from compare.accuracy.choice import training_part
from compare.accuracy.recipes import TASK, TrainingRecipe
from compare.accuracy.record import SHARED_SEEDS
from compare.accuracy.trials import TRIALS, Trial, chosen
from compare.analysis.accuracy import accuracy_summaries, fastest, sampling_error
from compare.records.accuracy import AccuracyRun
from compare.storage.results import load, save
from compare.storage.retry import without_failures
from tasks.mnist import MnistRows
from tests.commands import assert_refused, command, faulty
from tests.reports import links, report_text, write_report

pytestmark = pytest.mark.xdist_group("accuracy")

TWIN = "adapters.numpy_backend.adapter:NumpyAdapter"
"""The adapter `numpy` under another name."""

DIGITS = ("--data", "digits", "--threads", 1)
EPOCHS, SEEDS = 2, SHARED_SEEDS + 1
NO_CHANGE = Augmentation(turn=0.0, stretch=0.0, shear=0.0, shift=0.0, bend=0.0)


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """The folder of a run with the augmented recipe, for two epochs."""
    out = tmp_path_factory.mktemp("followed")
    lines = ("--recipe", "augmented", "--epochs", EPOCHS, "--seeds", SEEDS, "--adapters", f"numpy,{TWIN}")
    ended = command("accuracy", *lines, *DIGITS, "--out", out)
    assert ended.code == 0, ended
    assert ended.out.endswith(f"Report: {out / 'README.md'}\n")
    return out


def runs_of(folder):
    return load(folder).accuracy.runs


# who trains, on what


def test_every_adapter_begins_from_the_first_seeds_and_the_fastest_from_all(followed):
    runs = runs_of(followed)
    first = fastest([run for run in runs if run.seed < SHARED_SEEDS])
    shared = [(seed, adapter) for seed in range(SHARED_SEEDS) for adapter in ("numpy", TWIN)]
    assert [(run.seed, run.adapter) for run in runs] == [*shared, (SHARED_SEEDS, first)]
    assert all(len(run.epoch_seconds) == len(run.epoch_losses) == EPOCHS for run in runs)


def test_the_help_says_how_many_seeds_are_every_adapters():
    said = " ".join(command("accuracy", "--help").out.split())
    assert f"{record.SEEDS} if absent. The first {SHARED_SEEDS} are for every adapter" in said


def test_the_fastest_is_the_one_whose_training_took_least_of_those_that_never_failed():
    def run(adapter, seed, seconds, status="ok"):
        return AccuracyRun(recipe="plain", adapter=adapter, seed=seed, status=status, epoch_seconds=seconds)

    runs = [run("a", 0, [5.0, 1.0]), run("b", 0, [2.0, 2.0]), run("c", 0, [1.0], status="failed")]
    assert fastest(runs) == "b"
    assert fastest([*runs, run("b", 1, [9.0, 9.0])]) == "a"
    assert fastest(runs[2:]) is None


def test_adapters_train_on_the_same_images_which_are_loaded_anew_for_every_epoch(followed):
    seed, dataset = 1, TASK.dataset("digits")
    recipe = replace(chosen("augmented"), epochs=EPOCHS)
    images, labels = dataset.inputs, dataset.targets
    batches = len(images) // TASK.batch_size
    model = open_adapter("numpy")(TASK.model, recipe.train(batches), TASK.initial_parameters(seed))
    losses = []
    for epoch in range(EPOCHS):
        model.load(recipe.augmentation.apply(images, seed, epoch), labels)
        losses.append(float(np.mean(model.train(TASK.batches(len(images), seed, epoch)), dtype=np.float64)))
    accuracy = TASK.evaluate(model.predict, dataset).metrics["accuracy"]
    found = [run for run in runs_of(followed) if run.seed == seed]
    assert [(run.epoch_losses, run.accuracy) for run in found] == 2 * [(losses, accuracy)]


def test_an_adapter_that_fails_keeps_its_row_and_does_not_begin_again(tmp_path):
    raises = faulty("Raises")
    lines = ("--recipe", "plain", "--epochs", 2, "--seeds", 2, "--adapters", f"numpy,{raises}")
    ended = command("accuracy", *lines, *DIGITS, "--quiet", "--out", tmp_path)
    assert ended.code == 1
    assert f"plain, {raises}, seed 0: failed: " in ended.out
    rows = [(run.adapter, run.seed, run.status) for run in runs_of(tmp_path)]
    assert rows == [("numpy", 0, "ok"), (raises, 0, "failed"), ("numpy", 1, "ok")]
    assert "**failed** at seed 0: " in (tmp_path / "README.md").read_text()


# images changed at random


@pytest.fixture(scope="module")
def images():
    return TASK.dataset("digits").inputs[:1200]


def test_images_are_changed_anew_for_each_seed_and_epoch_and_alike_for_the_same(images):
    before = images.copy()
    mild = chosen("augmented").augmentation
    first = mild.apply(images, 0, 0)
    np.testing.assert_array_equal(mild.apply(images, 0, 0), first)
    assert (first.shape, first.dtype) == (images.shape, images.dtype)
    assert 0 <= first.min() <= first.max() <= 1
    for other in (mild.apply(images, 0, 1), mild.apply(images, 1, 0), images):
        assert np.mean(np.any(other != first, axis=(1, 2))) > 0.99
    np.testing.assert_array_equal(images, before)


def test_no_change_leaves_images_as_they_are(images):
    np.testing.assert_array_equal(NO_CHANGE.apply(images, 0, 0), images)


def test_a_shift_is_that_of_scipy(images):
    moved = replace(NO_CHANGE, shift=2.0).apply(images[:20], 0, 0)
    for before, after in zip(images[:20], moved, strict=True):
        by = np.subtract(ndimage.center_of_mass(after), ndimage.center_of_mass(before))
        assert np.abs(by).max() <= 2
        np.testing.assert_allclose(ndimage.shift(before, by, order=1), after, atol=1e-5)


def test_a_turn_is_about_the_centre_and_keeps_distances():
    """A dot right of the centre comes to lie on the circle that it lies on."""
    dot = np.zeros((50, 29, 29), np.float32)
    dot[:, 13:16, 21:24] = 1
    turned = replace(NO_CHANGE, turn=30.0).apply(dot, 0, 0)
    places = np.array([ndimage.center_of_mass(image) for image in turned]) - 14
    np.testing.assert_allclose(np.hypot(*places.T), 8, atol=0.1)
    angles = np.rad2deg(np.arctan2(*places.T))
    assert 20 < np.abs(angles).max() < 30.5


# the choice


class HeldOutRead(Exception):  # noqa: N818 - reads as the fact that it states
    pass


class HeldOut:
    """Images that must not be looked at."""

    def __getattribute__(self, name):
        raise HeldOutRead(name)

    def __len__(self):
        raise HeldOutRead

    def __getitem__(self, place):
        raise HeldOutRead


@pytest.fixture
def held_out_guarded(monkeypatch):
    real = TASK.dataset("digits")
    guarded = replace(real, held_out_inputs=HeldOut(), held_out_targets=HeldOut())
    monkeypatch.setattr(MnistRows, "dataset", lambda task, key: guarded)
    return real


TRIED = {
    "plain": (
        Trial(recipe=TrainingRecipe(epochs=2, peak=0.003, weight_decay=0.0), accuracy=98.0),
        Trial(recipe=TrainingRecipe(epochs=2, peak=0.01, weight_decay=0.0), accuracy=99.0),
    )
}


def test_recipes_are_chosen_without_a_look_at_held_out_images(held_out_guarded, monkeypatch, tmp_path):
    monkeypatch.setattr(choice, "TRIALS", TRIED)
    monkeypatch.setattr("compare.accuracy.record.TRIALS", TRIED)
    ended = command("accuracy", "--choose", "--recipe", "plain", *DIGITS, "--out", tmp_path)
    assert ended.code == 0, ended
    found = load(tmp_path).accuracy
    count = len(held_out_guarded.inputs)
    assert (found.sequences, found.held_out_sequences) == (count * 5 // 6, count - count * 5 // 6)
    assert [trial.recorded for trial in found.trials] == [98.0, 99.0]
    assert all(trial.run.accuracy > 15 for trial in found.trials)
    logs = sorted(path.name for path in (tmp_path / "logs").iterdir())
    assert logs == ["plain-trial-1-numpy-0.log", "plain-trial-2-numpy-0.log"]
    page = (tmp_path / "README.md").read_text()
    assert "the images that are held out were not looked at" in page
    assert "| 98.00 |" in " ".join(page.split())
    with pytest.raises(HeldOutRead):
        command("accuracy", "--recipe", "plain", *DIGITS, "--out", tmp_path / "followed")


def test_a_choice_trains_on_five_sixths_of_the_training_images_and_is_judged_by_the_others():
    dataset = TASK.dataset("digits")
    part = training_part(dataset)
    np.testing.assert_array_equal(np.concatenate([part.inputs, part.held_out_inputs]), dataset.inputs)
    np.testing.assert_array_equal(np.concatenate([part.targets, part.held_out_targets]), dataset.targets)
    assert len(part.inputs) == len(dataset.inputs) * 5 // 6


@pytest.mark.parametrize("name", TRIALS)
def test_twenty_recipes_were_tried_at_most_and_the_best_one_is_chosen(name):
    assert sum(len(tried) for tried in TRIALS.values()) <= 20
    best = max(trial.accuracy for trial in TRIALS[name])
    assert Trial(recipe=chosen(name), accuracy=best) in TRIALS[name]
    assert (chosen(name).augmentation is None) == (name == "plain")


def test_of_two_trials_that_came_to_the_same_the_earlier_is_chosen(monkeypatch):
    first, second = TRIED["plain"]
    monkeypatch.setattr(trials, "TRIALS", {"plain": (first, replace(second, accuracy=first.accuracy))})
    assert chosen("plain") == first.recipe


# interruptions


def test_a_run_that_was_broken_off_goes_on_after_its_finished_seeds(followed, tmp_path):
    shutil.copytree(followed, tmp_path, dirs_exist_ok=True)
    stored = load(tmp_path)
    *finished, last = stored.accuracy.runs
    elsewhere = replace(stored.environment, cpu="another processor")
    accuracy = replace(stored.accuracy, runs=finished)
    save(replace(stored, accuracy=accuracy, environment=elsewhere, interrupted=True), tmp_path)
    ended = command("accuracy", "--resume", tmp_path)
    assert ended.code == 0, ended
    *before, again = runs_of(tmp_path)
    assert before == finished, "a finished seed was trained again"
    assert (again.accuracy, again.epoch_losses) == (last.accuracy, last.epoch_losses)
    assert (last.part, again.part) == (0, 1)
    assert "The environment changed (cpu: another processor, then" in (tmp_path / "README.md").read_text()


def test_an_interrupt_keeps_finished_seeds_and_says_how_to_go_on(tmp_path, monkeypatch):
    def train(start, dataset, observer):
        if start.seed == 1:
            raise KeyboardInterrupt
        return [
            AccuracyRun(recipe=start.name, adapter=name, seed=start.seed, accuracy=97.0, epoch_seconds=[1.0])
            for name in start.adapters
        ]

    monkeypatch.setattr("compare.accuracy.record.train_in_turns", train)
    ended = command("accuracy", "--adapters", "numpy", *DIGITS, "--out", tmp_path)
    assert ended.code == 130
    assert f"To go on: python -m compare accuracy --resume {tmp_path}" in ended.out
    assert [(run.recipe, run.seed) for run in runs_of(tmp_path)] == [("plain", 0)]
    assert "what was measured until then" in (tmp_path / "README.md").read_text()


def test_what_failed_runs_again_when_it_is_asked_for(followed, tmp_path):
    """The adapter that failed alone, from the seed where it did, and from those that it was kept from."""
    shutil.copytree(followed, tmp_path, dirs_exist_ok=True)
    stored = load(tmp_path)
    own = [run for run in stored.accuracy.runs if run.seed < SHARED_SEEDS]
    others = [run for run in own if run.adapter == "numpy"]
    failed = replace(own[1], status="failed", error="out of memory", accuracy=None)
    assert failed.adapter == TWIN
    request = {**stored.request, "seeds": SHARED_SEEDS}
    accuracy = replace(stored.accuracy, runs=[*others, failed])
    save(replace(stored, accuracy=accuracy, request=request), tmp_path)
    assert "add --retry-failed" in command("accuracy", "--resume", tmp_path).out
    ended = command("accuracy", "--resume", tmp_path, "--retry-failed")
    assert ended.code == 0, ended
    before, again = runs_of(tmp_path)[: len(others)], runs_of(tmp_path)[len(others) :]
    assert before == others, "what had not failed was trained again"
    assert [(run.seed, run.adapter, run.accuracy) for run in again] == [
        (run.seed, run.adapter, run.accuracy) for run in own if run.adapter == TWIN
    ]
    assert_refused(command("accuracy", "--resume", tmp_path, "--retry-failed"), "nothing has failed")


def test_a_trial_that_failed_is_tried_again(followed):
    stored = load(followed)
    first = stored.accuracy.trials[0]
    ok = AccuracyRun(recipe=first.recipe, adapter="numpy", seed=0, accuracy=97.0)
    tried = [first, replace(first, run=ok), replace(first, run=replace(ok, status="timeout", accuracy=None))]
    found = without_failures(replace(stored, accuracy=replace(stored.accuracy, trials=tried)))
    assert found.accuracy.trials == [*tried[:2], first]


def test_a_run_does_not_go_on_with_other_recipes(followed, tmp_path):
    shutil.copytree(followed, tmp_path, dirs_exist_ok=True)
    stored = load(tmp_path)
    (recipe,) = stored.accuracy.recipes
    other = replace(recipe, settings={**recipe.settings, "peak": 1.0})
    save(replace(stored, accuracy=replace(stored.accuracy, recipes=[other]), interrupted=True), tmp_path)
    assert_refused(command("accuracy", "--resume", tmp_path), "the recipes are not those that")


# the page


def made_up(followed, **runs):
    """Stored results with these accuracies, adapter by adapter, from as many seeds."""
    found = [
        AccuracyRun(recipe="augmented", adapter=name, seed=seed, accuracy=accuracy, epoch_seconds=[2.0, 1.0])
        for name, accuracies in runs.items()
        for seed, accuracy in enumerate(accuracies)
    ]
    stored = load(followed)
    return replace(stored, accuracy=replace(stored.accuracy, runs=found))


def test_the_interval_is_that_of_a_mean_by_students_t(followed, tmp_path):
    """With two degrees of freedom t is 4.3027: 99.1 ± 4.3027 · 0.1 / √3."""
    results = made_up(followed, numpy=[99.0, 99.1, 99.2])
    (summary,) = accuracy_summaries(results.accuracy, "augmented")
    accuracy = summary.accuracy
    assert (accuracy.mean, accuracy.low, accuracy.high) == pytest.approx((99.1, 98.8516, 99.3484), abs=1e-4)
    text = report_text(results, tmp_path)
    assert "**99.10 %** (95 % interval 98.85 to 99.35) over 3 seeds on numpy, which trains for 3 s." in text


def test_the_seconds_are_those_since_the_environment_last_changed(followed):
    stored = made_up(followed, numpy=[99.0, 99.1, 99.2]).accuracy
    first, *others = stored.runs
    moved = [replace(run, part=1, epoch_seconds=[30.0]) for run in others]
    (summary,) = accuracy_summaries(replace(stored, runs=[first, *moved]), "augmented")
    assert (summary.accuracy.count, summary.training.count, summary.training.mean) == (3, 2, 30.0)


def test_the_seconds_are_of_the_seeds_that_all_adapters_finished(followed):
    stored = made_up(followed, numpy=[99.0, 99.1, 99.2], torch=[99.0, 99.1]).accuracy
    runs = [replace(run, epoch_seconds=[9.0]) if run.seed == 2 else run for run in stored.runs]
    numpy, torch = accuracy_summaries(replace(stored, runs=runs), "augmented")
    assert (numpy.accuracy.count, numpy.training.count, numpy.training.mean) == (3, 2, 3.0)
    assert (torch.training.count, torch.training.mean) == (2, 3.0)


def test_what_disturbs_some_epochs_but_the_first_makes_no_difference_to_the_seconds():
    """The first epoch compiles, which is part of training."""
    run = AccuracyRun(recipe="plain", adapter="numpy", seed=0, epoch_seconds=[3.0, 1.0, 1.2, 60.0, 0.8, 1.0])
    assert run.training_seconds == pytest.approx(3.0 + 5 * 1.0)
    assert replace(run, epoch_seconds=[3.0]).training_seconds == 3.0
    assert replace(run, epoch_seconds=[]).training_seconds == 0.0


def test_so_many_images_tell_an_accuracy_within_two_standard_errors():
    assert sampling_error(99.0, 10_000) == pytest.approx(1.96 * 100 * (0.99 * 0.01 / 10_000) ** 0.5)


def test_on_unlike_machines_accuracies_are_pooled_and_seconds_are_not(followed, tmp_path):
    results = made_up(followed, numpy=[99.0, 99.1, 99.2])
    runs = [replace(run, machine=f"{run.seed}") for run in results.accuracy.runs]
    apart = replace(results, accuracy=replace(results.accuracy, runs=runs))
    (summary,) = accuracy_summaries(apart.accuracy, "augmented")
    assert (summary.accuracy.count, summary.training) == (3, None)
    text = report_text(apart, tmp_path)
    assert "over 3 seeds on numpy, whose seconds compare with none." in text


@pytest.mark.parametrize(
    ("torch", "says"),
    [
        ([99.1, 98.9, 99.2], "**No difference was found.** The largest, of 0.03 percentage points"),
        (
            [98.0, 98.2, 98.2],
            "A difference was found: torch comes to −0.97 points beside numpy (augmented).",
        ),
        ([98.0, 98.1], "Fewer than three seeds ran on several adapters: too few to tell whether they agree."),
    ],
    ids=["alike", "apart", "two seeds"],
)
def test_the_page_says_whether_adapters_agree(torch, says, followed, tmp_path):
    assert says in report_text(made_up(followed, numpy=[99.0, 99.1, 99.2, 99.1], torch=torch), tmp_path)


def test_the_page_shows_recipes_trials_and_seeds_and_warns_of_a_stand_in(followed):
    text = (followed / "README.md").read_text()
    assert "The images are not MNIST's" in text
    assert f"Recipes that were tried, each from one seed: {len(TRIALS['augmented'])} augmented;" in text
    assert "**augmented was followed with settings that were not tried**" in text
    assert all((followed / target).stat().st_size for target in links(text))
    tables = {path.name for path in (followed / "tables").iterdir()}
    assert {f"accuracy{end}.csv" for end in ("", "-seeds", "-recipes", "-trials", "-differences")} <= tables


def test_a_stored_run_is_rendered_anew_to_the_same_page(followed, tmp_path):
    shutil.copytree(followed, tmp_path, dirs_exist_ok=True)
    before = (tmp_path / "README.md").read_text()
    assert command("report", tmp_path).code == 0
    assert (tmp_path / "README.md").read_text() == before
    assert write_report(load(followed), tmp_path).read_text() == before


RECORDS = Path(__file__).parents[1] / "reports" / "accuracy"


@pytest.mark.parametrize(("name", "least"), [("plain", 99.0), ("augmented", 99.2)])
def test_the_record_is_of_real_mnist_with_the_chosen_recipe_from_ten_seeds(name, least):
    results = load(RECORDS / name)
    found = results.accuracy
    assert (found.dataset, found.sequences, found.held_out_sequences) == ("MNIST", 60_000, 10_000)
    assert not results.interrupted
    assert [(recipe.name, recipe.settings) for recipe in found.recipes] == [(name, chosen(name).settings)]
    summaries = accuracy_summaries(found, name)
    assert {summary.adapter for summary in summaries} == {"numpy", "torch", "tensorflow", "jax"}
    assert all(len(summary.accuracies) >= SHARED_SEEDS for summary in summaries)
    assert all(summary.accuracy.mean >= least for summary in summaries)
    readme = (RECORDS.parents[1] / "README.md").read_text(encoding="utf-8")
    for each in summaries:
        seconds = f"{each.training.mean:.0f} |"
        row = f"| {name} | {each.adapter} | {len(each.accuracies)} | {each.accuracy.mean:.2f} | "
        assert [line for line in readme.splitlines() if line.startswith(row) and line.endswith(seconds)]
    first = fastest([run for run in found.runs if run.seed < SHARED_SEEDS])
    assert next(len(summary.accuracies) for summary in summaries if summary.adapter == first) >= 10


# bad input


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--recipe", "plane"), "unknown recipe 'plane': did you mean plain?"),
        (("--epochs", 1), "--epochs is 1: it must lie between 2 and 10000"),
        (("--seeds", 0), "--seeds is 0"),
        (("--choose", "--seeds", 2), "--choose tries recipes as they were tried: leave out --seeds"),
        (("--choose", "--epochs", 2, "--seeds", 2), "leave out --seeds and --epochs"),
    ],
)
def test_a_mistake_is_one_line(arguments, says, tmp_path):
    assert_refused(command("accuracy", *arguments, *DIGITS, "--out", tmp_path / "out"), says)


@pytest.mark.parametrize("arguments", [("--recipe", "plain"), ("--choose",)], ids=str)
def test_a_resumed_run_takes_its_own_settings(arguments, followed):
    says = f"--resume takes the settings of {followed}: leave out {arguments[0]}"
    assert_refused(command("accuracy", *arguments, "--resume", followed), says)
