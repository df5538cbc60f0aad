"""A job is a task: its data are what its file says, and its metrics say whether anything was learned."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, log_loss

from adapters.interface import AdamW, Cosine, ModelSpec
from compare.jobs.scores import class_scores, confusion
from tests.job_files import answering, opened, waves, write_csv, write_idx, write_job, write_waves


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_file_with_data_alone_runs(folder):
    write_waves(folder)
    (folder / "load.toml").write_text('[data]\nfile = "load.csv"\n')
    task, dataset = opened(folder / "load.toml")
    assert (task.name, task.model.cell, task.train.dtype, task.batch_size) == ("load", "lstm", "float32", 64)
    assert dataset.inputs.shape == (136, 24, 2)
    assert dataset.held_out_inputs.shape == (40, 24, 2)


def test_windows_are_of_standardised_rows_and_targets_lie_ahead(folder):
    write_waves(folder)
    table = 'file = "load.csv"\nforecast = { columns = ["temperature", "load"], target = "load", '
    path = write_job(folder, table + "window = 5, horizon = 3 }\nheld_out = 0.25")
    task, dataset = opened(path)
    load, temperature = waves(200)
    columns = np.stack([temperature, load], axis=1)
    scaled = (columns - columns[:150].mean(axis=0)) / columns[:150].std(axis=0)
    assert len(dataset.inputs) == 150 - 7
    for place in (0, 17, 142):
        np.testing.assert_allclose(dataset.inputs[place], scaled[place : place + 5], rtol=0, atol=1e-6)
        np.testing.assert_allclose(dataset.targets[place], scaled[place + 7, 1:], rtol=0, atol=1e-6)
    np.testing.assert_allclose(dataset.held_out_targets[:, 0], scaled[150:, 1], rtol=0, atol=1e-6)
    np.testing.assert_allclose(dataset.held_out_inputs[0, -1], scaled[147], rtol=0, atol=1e-6)
    assert "standardised by the mean and deviation of the part that is trained on" in task.summary


def test_with_readout_every_each_step_has_a_target(folder):
    write_waves(folder)
    path = write_job(folder, 'file = "load.csv"\nforecast = { window = 4, horizon = 2 }', 'readout = "every"')
    _, dataset = opened(path)
    assert dataset.targets.shape == (*dataset.inputs.shape[:2], 1)
    np.testing.assert_array_equal(dataset.targets[:-2, -1], dataset.inputs[2:, -1, :1])


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "parquet", "npz"])
def test_every_format_gives_the_same_data(ending, folder):
    load, temperature = waves(60)
    columns = {"load": load, "temperature": temperature}
    if ending == "parquet":
        pd.DataFrame(columns).to_parquet(folder / "load.parquet")
    elif ending == "npz":
        np.savez_compressed(folder / "load.npz", **columns)
    else:
        write_csv(folder / f"load.{ending}", **columns)
    forecast = "forecast = { window = 6, columns = ['load', 'temperature'] }"
    _, found = opened(write_job(folder, f'file = "load.{ending}"\n{forecast}'))
    write_csv(folder / "plain.csv", **columns)
    _, expected = opened(write_job(folder, f'file = "plain.csv"\n{forecast}', name="plain"))
    np.testing.assert_array_equal(found.inputs, expected.inputs)
    np.testing.assert_array_equal(found.held_out_targets, expected.held_out_targets)


def test_a_second_file_is_held_out(folder):
    write_waves(folder)
    write_waves(folder, 50, "later.csv")
    path = write_job(folder, 'file = "load.csv"\nheld_out = "later.csv"\nforecast = { window = 10 }')
    _, dataset = opened(path)
    assert (len(dataset.inputs), len(dataset.held_out_inputs)) == (190, 40)


def test_values_stay_as_they_are_where_that_is_asked_for(folder):
    write_waves(folder)
    path = write_job(folder, 'file = "load.csv"\nstandardise = false')
    task, dataset = opened(path)
    np.testing.assert_allclose(dataset.inputs[0, :, 0], waves(24)[0], rtol=1e-6)
    assert "Values are as they are in the file." in task.summary


def test_the_specs_own_fields_are_taken_under_their_own_names(folder):
    write_waves(folder)
    model = (
        'cell = "elman"\nhidden = 7\nlayers = 2\nbidirectional = true\nactivation = "sigmoid"\nbias = false'
    )
    rate = "{ cosine = { peak = 0.01, updates = 50, warm_up = 5 } }"
    train = (
        f"optimizer = {{ adamw = {{ learning_rate = {rate}, weight_decay = 0.1 }} }}\n"
        'clip_norm = 2.0\ndtype = "float64"\nepochs = 3\nbatch_size = 8'
    )
    task, _ = opened(write_job(folder, model=model, train=train))
    assert task.model == ModelSpec(
        cell="elman",
        inputs=2,
        hidden=7,
        outputs=1,
        loss="half_squared_error",
        activation="sigmoid",
        layers=2,
        bidirectional=True,
        bias=False,
    )
    assert task.train.optimizer == AdamW(
        learning_rate=Cosine(peak=0.01, updates=50, warm_up=5), weight_decay=0.1
    )
    assert (task.train.clip_norm, task.train.dtype, task.batch_size) == (2.0, "float64", 8)
    assert {task.epochs(preset, "") for preset in ("quick", "standard", "full")} == {3}


def test_a_perfect_forecast_has_no_error_and_the_naive_one_its_own(folder):
    write_waves(folder)
    data = 'file = "load.csv"\nforecast = { window = 30, horizon = 6 }\nunit = "MW"'
    task, dataset = opened(write_job(folder, data))
    load = waves(200)[0]
    pairs = zip(dataset.held_out_inputs, dataset.held_out_targets, strict=True)
    perfect = {inputs.tobytes(): target for inputs, target in pairs}
    found = task.evaluate(answering(lambda x: np.array([perfect[each.tobytes()] for each in x])), dataset)
    assert list(found.metrics) == ["rmse", "mae", "rmse_naive", "mae_naive"]
    naive = load[160:] - load[154:194]
    assert found.metrics == pytest.approx(
        {
            "rmse": 0.0,
            "mae": 0.0,
            "rmse_naive": np.sqrt(np.mean(naive**2)),
            "mae_naive": np.mean(np.abs(naive)),
        },
        abs=1e-4,
    )
    assert [(metric.unit, metric.target) for metric in task.metrics] == [("MW", None), ("MW", None)]
    assert found.picture.actual == pytest.approx(load[160:], abs=1e-4)
    assert found.picture.x == tuple(range(161, 201))


def test_errors_are_in_the_datas_unit(folder):
    write_waves(folder)
    task, dataset = opened(write_job(folder))
    load = waves(200)[0]
    found = task.evaluate(answering(lambda x: np.zeros((len(x), 1))), dataset)
    errors = load[:160].mean() - load[160:]
    assert found.metrics["rmse"] == pytest.approx(np.sqrt(np.mean(errors**2)), rel=1e-5)
    assert found.metrics["mae"] == pytest.approx(np.mean(np.abs(errors)), rel=1e-5)


def test_a_season_repeats_the_value_of_a_day_before(folder):
    write_waves(folder)
    task, _ = opened(write_job(folder, 'file = "load.csv"\nseason = 24'))
    assert task.metrics[0].naive == pytest.approx(0.0, abs=1e-4)
    assert "Naive is the value 24 rows before." in task.summary


@pytest.mark.parametrize("written", ["%Y-%m-%dT%H:%M:%S", "%d.%m.%Y %H:%M", "%Y-%m-%d %H:%M+02:00"])
def test_a_forecast_is_shown_over_the_times_of_its_rows(written, folder):
    times = pd.date_range("2026-01-25", periods=200, freq="h")
    write_csv(folder / "load.csv", t=times.strftime(written), load=waves(200)[0])
    task, dataset = opened(write_job(folder, 'file = "load.csv"\ntime = "t"'))
    picture = task.evaluate(answering(lambda x: np.zeros((len(x), 1))), dataset).picture
    assert (picture.x_label, picture.dates) == ("t", True)
    offset = pd.Timedelta(hours=2 if "+" in written else 0)
    assert [*pd.to_datetime(picture.x, unit="s")] == [*(times[160:] - offset)]


def test_where_time_is_a_number_a_forecast_is_shown_over_it(folder):
    write_csv(folder / "load.csv", year=range(1800, 2000), load=waves(200)[0])
    task, dataset = opened(write_job(folder, 'file = "load.csv"\ntime = "year"'))
    picture = task.evaluate(answering(lambda x: np.zeros((len(x), 1))), dataset).picture
    assert (picture.x_label, picture.dates, picture.x[0], picture.x[-1]) == ("year", False, 1960.0, 1999.0)


def test_labels_of_another_format_are_the_same_classes(folder):
    columns = {"sequence": range(20), "v": range(20), "label": [2, 10] * 10}
    pd.DataFrame(columns).to_parquet(folder / "a.parquet")
    write_csv(folder / "b.csv", **columns)
    for names in (("a.parquet", "b.csv"), ("b.csv", "a.parquet")):
        task, dataset = opened(write_job(folder, 'file = "{}"\nheld_out = "{}"'.format(*names)))
        assert task.opened.manifest.classes == ("2", "10")
        np.testing.assert_array_equal(dataset.held_out_targets, [0, 1] * 10)


@pytest.mark.parametrize("labels", [("1", "99999999999999999999"), ("--5", "1"), ("日本", "größe")])
def test_a_label_may_be_any_text(labels, folder):
    write_csv(folder / "a.csv", sequence=range(20), v=range(20), label=labels * 10)
    task, _ = opened(write_job(folder, 'file = "a.csv"'))
    assert sorted(task.opened.manifest.classes) == sorted(labels)


def test_a_label_may_read_as_a_gap_does(folder):
    write_csv(folder / "a.csv", sequence=range(20), v=range(20), label=["NA", "null"] * 10)
    task, _ = opened(write_job(folder, 'file = "a.csv"'))
    assert task.opened.manifest.classes == ("NA", "null")


def test_targets_are_optional(folder):
    write_waves(folder)
    task, _ = opened(write_job(folder, more="[targets]\nmae = 0.5"))
    assert [metric.target for metric in task.metrics] == [None, 0.5]


def test_gaps_are_filled_or_left_out_and_counted(folder):
    load, temperature = (list(map(str, column)) for column in waves(200))
    load[20] = load[21] = temperature[50] = ""
    write_csv(folder / "load.csv", load=load, temperature=temperature)
    task, dataset = opened(write_job(folder, 'file = "load.csv"\nfill = "previous"'))
    assert dataset.inputs[0, 19, 0] == dataset.inputs[0, 20, 0] == dataset.inputs[0, 21, 0]
    assert "2 in load, 1 in temperature" in task.summary
    task, dataset = opened(write_job(folder, 'file = "load.csv"\nfill = "drop"'))
    assert len(dataset.inputs) == 136 - 3 + 1  # a share of 197 rows is held out
    assert "Left out of load.csv for gaps: 3 rows." in task.summary


@given(gaps=st.lists(st.booleans(), min_size=3, max_size=40), pieces=st.integers(1, 5))
def test_a_gap_has_the_latest_value_before_it_however_the_file_is_cut(gaps, pieces):
    from compare.jobs.gaps import Gaps  # noqa: PLC0415 - pandas and pyarrow can wait
    from compare.jobs.rows import used_rows  # noqa: PLC0415
    from compare.jobs.schema import Data  # noqa: PLC0415
    from compare.jobs.table import Piece, Table  # noqa: PLC0415

    values = np.where([False, *gaps], np.nan, np.arange(len(gaps) + 1.0))[:, np.newaxis]

    def read(numbers, others):
        first = 1
        for part in np.array_split(values, pieces):
            yield Piece(first, part, {})
            first += len(part)

    rows = used_rows(Table(path="t", names=("x",), read=read), ("x",), (), Data(fill="previous"), Gaps())
    found = np.concatenate([each.numbers for each in rows])
    np.testing.assert_array_equal(found[:, 0], pd.Series(values[:, 0]).ffill())


def npz(folder, sequences=40, steps=6, lengths=False, every=False):
    generator = np.random.default_rng(0)
    labels = np.arange(sequences) % 3
    arrays = {"x": generator.normal(size=(sequences, steps, 2)), "y": labels * 10}
    if every:
        arrays["y"] = np.tile(labels[:, np.newaxis] * 10, (1, steps))
    if lengths:
        arrays["n"] = generator.integers(1, steps + 1, sequences)
    np.savez(folder / "data.npz", **arrays)
    return arrays


def test_classes_come_from_an_npz_held_out_by_class(folder):
    arrays = npz(folder)
    data = 'file = "data.npz"\nheld_out = 0.25'
    task, dataset = opened(write_job(folder, data))
    assert (task.model.inputs, task.model.outputs, task.model.loss) == (2, 3, "softmax_cross_entropy")
    assert sorted(np.bincount(dataset.held_out_targets)) == [3, 3, 4]
    assert len(dataset.inputs) == 30
    everything = np.concatenate([dataset.inputs, dataset.held_out_inputs])
    targets = np.concatenate([dataset.targets, dataset.held_out_targets])
    order = [
        int(np.flatnonzero((everything == each).all(axis=(1, 2)))[0]) for each in arrays["x"].astype("f4")
    ]
    np.testing.assert_array_equal(targets[order] * 10, arrays["y"])
    _, other = opened(write_job(folder, data + "\nseed = 1"))
    assert not np.array_equal(other.held_out_inputs, dataset.held_out_inputs)


def test_each_step_may_have_its_class_and_sequences_be_of_unlike_length(folder):
    arrays = npz(folder, lengths=True, every=True)
    data = 'file = "data.npz"\nclassify = { inputs = "x", targets = "y", lengths = "n" }'
    task, dataset = opened(write_job(folder, data))
    assert task.model.readout == "every"
    assert dataset.targets.shape == dataset.inputs.shape[:2]
    assert sorted([*dataset.lengths, *dataset.held_out_lengths]) == sorted(arrays["n"])
    found = task.evaluate(answering(lambda x: np.eye(3)[np.zeros(x.shape[:2], int)]), dataset)
    valid = np.arange(6) < dataset.held_out_lengths[:, np.newaxis]
    assert sum(map(sum, found.picture.counts)) == valid.sum()


@pytest.mark.parametrize("time", ["", 'time = "t"\n'])
def test_a_table_of_steps_is_sequences_padded_on_the_right(time, folder):
    sequence = ["b", "b", "a", "a", "a", "d", "c", "c", "e", "e"]
    label = ["on", "on", "off", "off", "off", "on", "off", "off", "on", "on"]
    t = [0, 1, 0, 1, 2, 0, 0, 1, 0, 1]
    write_csv(folder / "steps.csv", sequence=sequence, t=t, value=np.arange(10) ** 2, label=label)
    data = f'file = "steps.csv"\n{time}held_out = 0.4\nstandardise = false\n'
    task, dataset = opened(write_job(folder, data + 'classify = { inputs = ["value"] }'))
    assert (task.opened.manifest.classes, task.model.readout) == (("off", "on"), "last")
    lengths = [*dataset.lengths, *dataset.held_out_lengths]
    assert sorted(lengths) == [1, 2, 2, 2, 3]
    whole = np.concatenate([dataset.inputs, dataset.held_out_inputs])
    assert [4, 9, 16] in whole[..., 0].tolist()
    assert [25, 0, 0] in whole[..., 0].tolist()


def test_labels_that_change_within_a_sequence_are_those_of_steps(folder):
    label = ["on", "off"] * 10
    write_csv(folder / "steps.csv", sequence=np.arange(20) // 4, value=np.arange(20), label=label)
    task, dataset = opened(write_job(folder, 'file = "steps.csv"'))
    assert (task.model.readout, dataset.targets.shape[1]) == ("every", 4)


def images(folder, names, sequences=30):
    generator = np.random.default_rng(1)
    pixels = generator.integers(0, 256, (sequences, 5, 4))
    labels = 1 + np.arange(sequences) % 3
    write_idx(folder / names[0], pixels)
    write_idx(folder / names[1], labels)
    return pixels, labels


AS_THEY_COME = "train-images-idx3-ubyte.gz train-labels-idx1-ubyte.gz"
OTHER_NAMES = "emnist-letters-train-images-idx3-ubyte y"
NAMES = {
    "as they come": (AS_THEY_COME, AS_THEY_COME),
    "unpacked and dotted": ("train-images.idx3-ubyte train-labels.idx1-ubyte", AS_THEY_COME),
    "other names": (OTHER_NAMES, OTHER_NAMES),
}


@pytest.mark.parametrize(("there", "named"), NAMES.values(), ids=NAMES)
def test_images_are_read_row_by_row_from_mnists_format(there, named, folder):
    pixels, labels = images(folder, there.split())
    inputs, targets = named.split()
    data = f'idx = {{ inputs = "{inputs}", targets = "{targets}" }}\nheld_out = 0.5'
    task, dataset = opened(write_job(folder, data))
    assert (task.model.inputs, task.model.outputs, dataset.inputs.shape[1]) == (4, 3, 5)
    assert task.opened.manifest.classes == ("1", "2", "3")
    whole = np.concatenate([dataset.inputs, dataset.held_out_inputs])
    order = [int(np.flatnonzero(np.isclose(whole, each / 255).all(axis=(1, 2)))[0]) for each in pixels]
    targets = np.concatenate([dataset.targets, dataset.held_out_targets])
    np.testing.assert_array_equal(targets[order] + 1, labels)


def test_other_images_are_held_out(folder):
    images(folder, ("a", "b"))
    images(folder, ("c", "d"), sequences=12)
    data = 'idx = { inputs = "a", targets = "b" }\nheld_out = { inputs = "c", targets = "d" }'
    _, dataset = opened(write_job(folder, data))
    assert (len(dataset.inputs), len(dataset.held_out_inputs)) == (30, 12)


def test_classification_is_judged_beside_the_most_frequent_class(folder):
    npz(folder)
    task, dataset = opened(write_job(folder, 'file = "data.npz"'))
    found = task.evaluate(answering(lambda x: np.eye(3)[np.zeros(len(x), int)]), dataset)
    assert list(found.metrics) == ["accuracy", "macro_f1", "cross_entropy", "accuracy_majority"]
    assert found.metrics["accuracy"] == found.metrics["accuracy_majority"]
    assert found.picture.labels == ("0", "10", "20")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 1000), classes=st.integers(2, 6), size=st.integers(1, 50))
def test_scores_are_those_of_scikit_learn(seed, classes, size):
    generator = np.random.default_rng(seed)
    targets, logits = generator.integers(0, classes, size), 5 * generator.normal(size=(size, classes))
    found = class_scores(logits, targets)
    chances = np.exp(logits - logits.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    predicted = logits.argmax(axis=1)
    assert found.accuracy == pytest.approx(100 * accuracy_score(targets, predicted))
    assert found.macro_f1 == pytest.approx(100 * f1_score(targets, predicted, average="macro"))
    assert found.cross_entropy == pytest.approx(log_loss(targets, chances, labels=range(classes)))


def test_the_picture_of_very_many_classes_shows_the_frequent_ones():
    counts = np.diag(np.arange(100)) + np.eye(100, k=1, dtype=int)
    shown = confusion(counts, tuple(map(str, range(100))))
    assert (len(shown.labels), shown.labels[0], shown.labels[-1]) == (40, "61", "all others")
    assert sum(map(sum, shown.counts)) == counts.sum()
