"""The tutorials' programs: their published figures, and the page that sets them beside what comes out."""

import re

import numpy as np
import pytest
from numpy.random import PCG64, Generator

from adapters import open_adapter
from compare.analysis.tutorials import recipe_summaries, span
from compare.records.environment import Environment
from compare.records.results import Results
from compare.records.tutorial import TutorialRun, Tutorials
from compare.report.tutorial_text import correct_text, images_text, rule_text
from compare.runner.workers import FreshWorkers
from compare.storage.results import load, save
from compare.tutorials.assignments import RULE, Assignment, assignments
from compare.tutorials.recipe_records import recipe_record, rule_record
from compare.tutorials.run import reproduce
from tasks import find, published, published_rule
from tasks.mnist_data import archive_order, cache_is_valid
from tasks.recipes import Printed, RecipeOutcome
from tasks.tutorial_tasks import RowsAsPublished
from tasks.tutorials import RECIPES, RowWiseMnist
from tests.blocks import Listener
from tests.commands import faulty
from tests.reports import write_report


def adapter_model(recipe, seed, dataset, name="numpy"):
    task = recipe.task
    model = open_adapter(name)(task.model, task.train, task.initial_parameters(seed))
    model.load(dataset.inputs, dataset.targets)
    return model


def outcome(recipe, seed, key="computed"):
    dataset = recipe.task.dataset(key)
    return recipe.run(adapter_model(recipe, seed, dataset), dataset, seed)


@pytest.fixture(scope="module")
def lucky_draw():
    return published.run_as_published(2)


def test_the_published_rule_ends_near_its_published_figures_from_seed_2(lucky_draw):
    assert lucky_draw.metrics["loss"] == pytest.approx(17.45, rel=0.05)
    assert lucky_draw.metrics["validation_loss"] == pytest.approx(8.69, rel=0.05)
    assert lucky_draw.metrics["rmse"] == pytest.approx(0.122, abs=0.03)


def test_the_published_rule_from_seed_0_ends_elsewhere():
    metrics = published.run_as_published(0).metrics
    assert metrics["loss"] == pytest.approx(28.6, rel=0.05)
    assert metrics["rmse"] > 1


def test_the_published_loss_before_training_is_one_that_draws_have():
    losses = published.untrained_losses(100)
    assert min(losses) < published.PUBLISHED_LOSSES[0][0] < max(losses)


def test_before_training_every_hidden_unit_is_saturated(lucky_draw):
    """The loss is then that of predicting the sum of V, which tells how the published losses are summed."""
    total = published_rule.draw(2).V.sum()
    targets = published.windows()[1]
    first = lucky_draw.printed[0]
    assert first.at == 1
    assert first.values["loss"] == pytest.approx(np.sum((total - targets[:100]) ** 2) / 2, rel=1e-3)
    assert first.values["validation_loss"] == pytest.approx(
        np.sum((total - targets[100:]) ** 2) / 2, rel=1e-3
    )


def loops(weights, window, target):
    """The published rule in plain loops over steps, and over the steps back from each."""
    hidden = [np.zeros((published_rule.HIDDEN, 1))]
    for t, point in enumerate(window):
        hidden.append(published_rule.sigmoid(weights.W @ hidden[t] + weights.U[:, [t]] * point))
    error = weights.V @ hidden[-1] - target
    sums = [np.zeros_like(weights.U), np.zeros_like(weights.W)]
    totals = [np.zeros_like(weights.U), np.zeros_like(weights.W), np.zeros_like(weights.V)]
    for t, point in enumerate(window):
        for _ in range(t - 1, max(-1, t - published_rule.BACKPROP_THROUGH - 1), -1):
            sums[0] += weights.U[:, [t]] * point
            sums[1] += weights.W @ hidden[t]
        totals[0] += sums[0]
        totals[1] += sums[1]
        totals[2] += error @ hidden[t + 1].T
    return totals


def small_weights():
    """Weights at which nothing is saturated."""
    drawn = published_rule.draw(0)
    return published_rule.Weights(U=drawn.U - 0.5, W=(drawn.W - 0.5) / 5, V=drawn.V - 0.5)


def test_the_published_direction_is_that_of_the_loops():
    weights = small_weights()
    inputs, targets = published.windows()
    found = published_rule.direction(weights, inputs[3], targets[3])
    for ours, theirs in zip((found.U, found.W, found.V), loops(weights, inputs[3], targets[3]), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9)


def slopes(weights, inputs, target):
    """The loss's slope along a random direction in each of U, W and V, by central differences."""
    generator, step = Generator(PCG64(1)), 1e-6
    found = {}
    for name in ("U", "W", "V"):
        matrix = getattr(weights, name)
        direction = generator.normal(size=matrix.shape)
        before = matrix.copy()
        losses = []
        for side in (1, -1):
            matrix[:] = before + side * step * direction
            losses.append(published.summed_loss(weights, inputs[np.newaxis], np.array([target])))
        matrix[:] = before
        found[name] = (direction, (losses[0] - losses[1]) / (2 * step))
    return found


def test_the_published_direction_is_not_the_gradient_and_the_adapters_is():
    """Where the adapter's gradient reaches back over the whole window, as the difference does."""
    weights = small_weights()
    inputs, targets = published.windows()
    rule = published_rule.direction(weights, inputs[3], targets[3])
    task = find("sine-window-as-published")
    whole = type(task.train)(optimizer=type(task.train.optimizer)(learning_rate=1.0), dtype="float64")
    start = published_rule.canonical(weights)
    model = open_adapter("numpy")(task.model, whole, start)
    model.load((inputs[3][:, np.newaxis] * np.eye(50))[np.newaxis], targets[[3]][:, np.newaxis])
    model.train(np.zeros((1, 1), np.int64))
    after = model.parameters()
    names = {"U": "input_kernel", "W": "recurrent_kernel", "V": "readout_kernel"}
    for name, (direction, slope) in slopes(weights, inputs[3], targets[3]).items():
        gradient = (start[names[name]] - after[names[name]]).T
        assert np.sum(gradient * direction) == pytest.approx(slope, rel=1e-5)
        assert abs(np.sum(getattr(rule, name) * direction) / slope - 1) > 0.5


def test_the_correct_gradient_learns_the_constant_zero_from_the_published_start():
    recipe = RECIPES["correct-gradient"]
    metrics = outcome(recipe, 1).metrics
    assert metrics["loss"] == pytest.approx(24.93, abs=0.005)
    assert metrics["rmse"] == pytest.approx(0.705, abs=0.0005)
    zero = recipe.zero(recipe.task.dataset("computed"))
    assert metrics == pytest.approx(zero, rel=1e-3)


def test_both_variants_start_from_the_same_loss(lucky_draw):
    recipe = RECIPES["correct-gradient"]
    dataset = recipe.task.dataset("computed")
    untrained = adapter_model(recipe, 2, dataset).predict(dataset.inputs)
    loss = np.sum((untrained - dataset.targets) ** 2) / 2
    assert loss == pytest.approx(lucky_draw.printed[0].values["loss"], rel=1e-6)


def test_the_online_sine_prints_every_tenth_epoch_and_plots_twenty_points():
    found = outcome(RECIPES["online-sine"], 0)
    assert [line.at for line in found.printed] == list(range(0, 300, 10))
    assert found.printed[0].values["loss"] > 10 * found.metrics["loss"]
    assert len(found.forecast.predicted) == 20


def test_the_row_wise_recipe_prints_minibatches_after_their_update():
    class Short(RowWiseMnist):
        steps = 25

    recipe = Short()
    dataset = recipe.task.dataset("digits")
    found = outcome(recipe, 0, "digits")
    assert [line.at for line in found.printed] == [10, 20]

    model = adapter_model(recipe, 0, dataset)
    batches = recipe.batches(len(dataset.inputs), 0)
    model.train(batches[:10])
    after = model.train(batches[9:10])
    assert found.printed[0].values["loss"] == pytest.approx(float(after[0]), rel=1e-5)


def test_the_row_wise_batches_run_through_all_images_before_any_comes_again():
    batches = RowWiseMnist().batches(1000, 0)
    assert batches.shape == (781, 128)
    np.testing.assert_array_equal(np.sort(batches.ravel()[:1000]), np.arange(1000))
    np.testing.assert_array_equal(np.sort(batches.ravel()[1000:2000]), np.arange(1000))


@pytest.mark.skipif(not cache_is_valid(), reason="MNIST is not in the cache")
def test_the_first_images_are_those_of_the_original_archives():
    dataset = RowsAsPublished().dataset("mnist")
    assert dataset.held_out_targets[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert len(dataset.inputs) == 55_000


def test_the_archive_order_is_a_permutation_of_its_own_for_each_split():
    train, test = archive_order("train", 100), archive_order("test", 100)
    np.testing.assert_array_equal(np.sort(train), np.arange(100))
    assert not np.array_equal(train, test)


def test_presets_run_the_sines_from_ten_seeds_or_two_and_the_images_from_fewer():
    keys = dict.fromkeys(RECIPES, "computed")
    jobs = assignments(("numpy", "torch"), "quick", None, keys)
    seeds = {(job.recipe, job.adapter): len(job.seeds) for job in jobs}
    assert seeds["online-sine", "numpy"] == seeds["correct-gradient", "numpy"] == 2
    assert seeds["online-sine", "torch"] == 1
    assert "row-wise-mnist" not in {recipe for recipe, _ in seeds}
    assert sorted(seed for job in jobs if job.recipe == RULE for seed in job.seeds) == [0, 1]
    standard = assignments(("numpy", "torch"), "standard", None, keys)
    assert {len(job.seeds) for job in standard if job.recipe == "online-sine"} == {10}
    assert {len(job.seeds) for job in standard if job.recipe == "row-wise-mnist"} == {3}
    full = assignments(("numpy", "torch"), "full", None, keys)
    assert sum(len(job.seeds) for job in full) == 4 * 2 * 10 + 10


RAISES = faulty("Raises")
JOBS = [
    Assignment(recipe="online-sine", adapter=adapter, seeds=(0, 1), data_key="computed")
    for adapter in ("numpy", RAISES)
]


def test_workers_do_what_an_adapter_in_this_process_does_and_a_failure_keeps_its_row():
    listener = Listener()
    *_, found = reproduce(JOBS, 2, listener, FreshWorkers())
    good, bad = ([run for run in found.runs if run.adapter == adapter] for adapter in ("numpy", RAISES))
    assert [run.outcome.metrics for run in good] == [
        outcome(RECIPES["online-sine"], seed).metrics for seed in (0, 1)
    ]
    assert [(run.seed, run.status) for run in bad] == [(0, "failed")]
    assert "went for a walk" in bad[0].error
    assert sorted(listener.heard) == ["numpy", "numpy", RAISES]


def test_runs_that_are_known_are_not_run_again_and_none_follows_a_failure():
    known = [
        TutorialRun(recipe="online-sine", adapter="numpy", seed=0, outcome=None),
        TutorialRun(recipe="online-sine", adapter=RAISES, seed=0, status="failed"),
    ]
    *grown, found = reproduce(JOBS, 2, Listener(), FreshWorkers(), known)
    assert [len(stage.runs) for stage in grown] == [3]
    assert all(run in found.runs for run in known)
    (new,) = (run for run in found.runs if run not in known)
    assert (new.adapter, new.seed) == ("numpy", 1)
    assert new.outcome.metrics == outcome(RECIPES["online-sine"], 1).metrics


def example_run(recipe, adapter, seed, points, figures, metrics, forecast=None):
    printed = [Printed(at=at, values=dict.fromkeys(figures, 10.0 / (1 + at) + seed)) for at in points]
    outcome = RecipeOutcome(printed=printed, metrics=metrics, forecast=forecast)
    return TutorialRun(recipe=recipe, adapter=adapter, seed=seed, outcome=outcome)


@pytest.fixture(scope="module")
def made_up(lucky_draw):
    """Two adapters on digits, three seeds, and the published rule from a near seed and two far ones."""
    keys = {name: "digits" if name == "row-wise-mnist" else "computed" for name in RECIPES}
    records = [recipe_record(recipe, recipe.task.dataset(keys[name])) for name, recipe in RECIPES.items()]
    errors = ("loss", "validation_loss")
    zero = RECIPES["correct-gradient"].zero(DATA)
    runs = [
        run
        for adapter in ("numpy", "a|b")
        for seed in range(3)
        for run in (
            example_run(
                "online-sine",
                adapter,
                seed,
                range(0, 300, 10),
                ("loss",),
                {"loss": 0.1, "rmse": 0.1 + seed},
                lucky_draw.forecast,
            ),
            *(
                example_run(
                    recipe,
                    adapter,
                    seed,
                    range(1, 26),
                    errors,
                    zero,
                    lucky_draw.forecast,
                )
                for recipe in ("correct-gradient", "corrected-settings")
            ),
            example_run(
                "row-wise-mnist",
                adapter,
                seed,
                range(10, 790, 10),
                ("loss", "accuracy"),
                {"first_accuracy": 97.0 + seed, "accuracy": 96.0},
            ),
        )
    ]
    far = [
        example_run(
            RULE, RULE, seed, range(1, 26), errors, {"loss": 40.0, "validation_loss": 20.0, "rmse": 0.5}
        )
        for seed in (3, 4)
    ]
    near = TutorialRun(recipe=RULE, adapter=RULE, seed=2, outcome=lucky_draw)
    missing = TutorialRun(
        recipe="online-sine", adapter="torch", seed=0, status="unavailable", error="no torch"
    )
    return Tutorials(recipes=[rule_record(), *records], runs=[*runs, near, *far, missing])


DATA = find("sine-window").dataset("computed")


def example_results(tutorials):
    environment = Environment(
        date="2026-01-02T03:04:05+00:00",
        command="python -m compare tutorials",
        lockstep="0.1.0",
        python="CPython 3.11",
        system="Linux",
        cpu="a processor",
        physical_cores=2,
        logical_cores=2,
        memory_bytes=2**33,
        threads=1,
        preset="full",
    )
    return Results(environment=environment, tasks=[], runs=[], tutorials=tutorials)


@pytest.fixture(scope="module")
def page(made_up, tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    return write_report(example_results(made_up), folder)


def test_the_page_has_a_section_with_its_figures_tables_and_verdicts(page):
    text = page.read_text()
    assert "# The tutorials, published and reproduced" in text
    assert "1 of 3 draws ends near the published figures" in text
    assert "It learns the constant zero" in text
    assert "unavailable** at seed 0: no torch" in text
    assert "a&#124;b" in text
    for link in re.findall(r"\]\(((?:figures|tables)/[^)]+)\)", text):
        assert (page.parent / link).stat().st_size > 0
    assert text.count("](figures/") == 3


def test_the_page_never_calls_the_stand_in_mnist(page):
    text = page.read_text()
    assert "The row-wise images are not MNIST's" in text
    assert text.count("digits stand-in (not MNIST)") >= 4


def test_the_records_survive_a_file(made_up, tmp_path):
    save(example_results(made_up), tmp_path)
    assert load(tmp_path).tutorials == made_up


def test_results_without_tutorials_can_still_be_read(tmp_path):
    save(example_results(None), tmp_path)
    path = tmp_path / "results.json"
    path.write_text(path.read_text().replace(',"tutorials":null', ""))
    assert load(tmp_path).tutorials is None


def test_verdicts_follow_the_numbers(made_up):
    def with_metrics(recipe, seeds=2, **metrics):
        runs = [
            TutorialRun(
                recipe=recipe, adapter="numpy", seed=seed, outcome=RecipeOutcome(printed=[], metrics=metrics)
            )
            for seed in range(seeds)
        ]
        return recipe_summaries(Tutorials(recipes=made_up.recipes, runs=runs), recipe)

    assert "Not reproduced:" in rule_text(with_metrics(RULE, loss=40.0, validation_loss=8.4, rmse=0.127))
    assert "Reproduced:" in rule_text(with_metrics(RULE, loss=16.0, validation_loss=8.4, rmse=0.127))
    alone = rule_text(with_metrics(RULE, seeds=1, loss=16.0, validation_loss=8.4, rmse=0.127))
    assert "Reproduced by the one draw made" in alone
    assert "Over all" not in alone
    assert "does not only" in correct_text(
        with_metrics("correct-gradient", loss=20.0, validation_loss=12.4, rmse=0.705)
    )
    assert "It does not learn" in images_text(
        with_metrics("row-wise-mnist", first_accuracy=10.0, accuracy=11.0)
    )
    assert "Not run" in images_text(())


def test_a_span_is_the_median_and_the_range():
    assert span([3.0, 1.0, 2.0]) == "2 (1–3)"
    assert span([2.0, 2.0]) == "2"
    assert span([]) == "–"
