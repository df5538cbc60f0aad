"""A job that cannot be run is exit code 2 and one line: the file, the row, the column, and what to do."""

import contextlib
import gzip
import os
from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.interface import ModelSpec, TrainSpec
from compare.errors import UsageError
from compare.jobs.job_file import parse
from compare.jobs.specs import model_spec, train_spec
from tests.commands import assert_refused, command
from tests.job_files import waves, write_csv, write_idx, write_job, write_waves


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "jobs").mkdir()
    monkeypatch.chdir(tmp_path / "jobs")
    return tmp_path / "jobs"


FIELDS = [field.name for kind in (ModelSpec, TrainSpec) for field in fields(kind)]


def refused(folder, says, *options, name="load.toml"):
    """Nothing was written, and the line says this."""
    ended = command("run", name, "--adapters", "numpy", *options, "--out", folder.parent / "report")
    assert_refused(ended, says)
    assert not (folder.parent / "report").exists()


FILES = {
    "no section": ("", "load.toml: there is no [data]"),
    "no TOML": ("[data\n", "load.toml: not TOML: "),
    "unknown section": ("[date]\n", "unknown key of load.toml 'date': did you mean data"),
    "unknown key": ('[data]\nfiel = "load.csv"', "of [data] in load.toml 'fiel': did you mean fill or file"),
    "unknown inner key": (
        '[data]\nfile = "load.csv"\nforecast = { windw = 3 }',
        "unknown key of data.forecast in load.toml 'windw': did you mean window?",
    ),
    "kind": (
        '[data]\nfile = "load.csv"\nforecast = { window = "long" }',
        "load.toml: data.forecast.window is 'long': expected int, got str",
    ),
    "range": ('[data]\nfile = "load.csv"\nforecast = { window = 0 }', "window is 0: expected int >= 1"),
    "share": ('[data]\nfile = "load.csv"\nheld_out = 1.5', "data.held_out is 1.5: expected float < 1"),
    "held out twice": ('[data]\nfile = "a.csv"\nheld_out = "a.csv"', "data.held_out is data.file itself"),
    "fill": ('[data]\nfile = "load.csv"\nfill = "drp"', "data.fill in load.toml 'drp': did you mean drop?"),
    "separator": ('[data]\nfile = "load.csv"\nseparator = "\\n"', "data.separator is '\\n': it must be a"),
    "no file": ("[data]\nseason = 3", "load.toml: [data] names no file"),
    "both": ('[data]\nfile = "load.csv"\nforecast = {}\nclassify = {}', "are both asked for: give one"),
    "season of classes": (
        '[data]\nfile = "load.csv"\nclassify = {}\nseason = 3',
        "load.toml: data.season is for a forecast: leave it out",
    ),
    "model": (
        '[data]\nfile = "load.csv"\n[model]\nhiden = 3',
        "unknown key of load.toml: model 'hiden': did you mean hidden?",
    ),
    "model's value": (
        '[data]\nfile = "load.csv"\n[model]\nhidden = 0',
        "load.toml: model: hidden is 0: it must be a whole number",
    ),
    "what follows": (
        '[data]\nfile = "load.csv"\n[model]\noutputs = 3',
        "load.toml: model.outputs is 3: with these data it is 1, leave it out",
    ),
    "train": (
        '[data]\nfile = "load.csv"\n[train]\nepoch = 3',
        "unknown key of load.toml: train 'epoch': did you mean epochs?",
    ),
    "optimizer": (
        '[data]\nfile = "load.csv"\n[train]\noptimizer = { adm = { learning_rate = 1 } }',
        "unknown key of load.toml: train.optimizer 'adm': did you mean adam",
    ),
    "optimizer as text": (
        '[data]\nfile = "load.csv"\n[train]\noptimizer = "adam"',
        "load.toml: train.optimizer: it must have one of sgd, rmsprop, adam, adamw, as in",
    ),
    "missing decay": (
        '[data]\nfile = "load.csv"\n[train]\noptimizer = { adamw = { learning_rate = 0.1 } }',
        "load.toml: train.optimizer.adamw: weight_decay is missing",
    ),
    "decay of another": (
        '[data]\nfile = "load.csv"\n[train]\noptimizer.sgd = { learning_rate = 0.1, weight_decay = 0.1 }',
        "load.toml: train.optimizer.sgd.weight_decay is 0.1: it belongs to adamw: use adamw, or leave it out",
    ),
    "betas of others": (
        '[data]\nfile = "load.csv"\n[train]\noptimizer.rmsprop = { learning_rate = 0.1, beta1 = 0.5 }',
        "optimizer.rmsprop.beta1 is 0.5: it belongs to adam, adamw: use adam or adamw, or leave it out",
    ),
    "schedule's of another": (
        '[data]\nfile = "load.csv"\n[train]\noptimizer.sgd.learning_rate.cosine = { peak = 1, every = 2 }',
        "learning_rate.cosine.every is 2: it belongs to exponential: use exponential, or leave it out",
    ),
    "rate": (
        '[data]\nfile = "load.csv"\n[train]\noptimizer = { adam = { learning_rate = -1 } }',
        "load.toml: train.optimizer.adam: learning_rate is -1: it must be a finite number above 0",
    ),
    "schedule": (
        '[data]\nfile = "load.csv"\n[train]\noptimizer.adam.learning_rate.cosine = { peek = 1 }',
        "adam.learning_rate.cosine 'peek': did you mean peak?",
    ),
    "spans": (
        '[data]\nfile = "load.csv"\n[train]\nupdate_every = 3',
        "load.toml: train: update_every is 3: with readout 'last'",
    ),
    "batch": (
        '[data]\nfile = "load.csv"\n[train]\nbatch_size = 1000',
        "load.toml: train.batch_size is 1000: there are 136 sequences",
    ),
    "epochs": ('[data]\nfile = "load.csv"\n[train]\nepochs = 0', "load.toml: train.epochs is 0: it must be"),
    "target": (
        '[data]\nfile = "load.csv"\n[targets]\nrmsee = 1.0',
        "unknown metric under [targets] in load.toml 'rmsee': did you mean rmse",
    ),
    "columns": (
        '[data]\nfile = "load.csv"\nforecast = { columns = ["laod"] }',
        "unknown column of load.csv 'laod': did you mean load?",
    ),
    "time": ('[data]\nfile = "load.csv"\ntime = "tiem"', "unknown column of load.csv 'tiem': choose"),
    "window": (
        '[data]\nfile = "load.csv"\nforecast = { window = 500 }',
        "load.csv has 200 rows: one window to train on and one held out takes 502",
    ),
    "held out": (
        '[data]\nfile = "load.csv"\nheld_out = 0.9\nforecast = { window = 100 }',
        "of which held_out = 0.9 leaves 20 to train on: one window takes 101",
    ),
    "season": (
        '[data]\nfile = "load.csv"\nseason = 170',
        "data.season reaches 170 rows back, and the first held-out value is in row 161",
    ),
    "no such data": ('[data]\nfile = "laod.csv"', "laod.csv: there is no such file: did you mean load.csv?"),
    "ending": ('[data]\nfile = "load.toml"', "load.toml: the name ends in none of .parquet, .npz"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "says"), FILES.values(), ids=FILES)
def test_of_a_jobs_file(text, says, folder):
    write_waves(folder)
    (folder / "load.toml").write_text(text)
    refused(folder, says)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(st.text() | st.just("[" * 100_000) | st.builds("[data]\nfile = {!r}\nwindow.{}".format, PLAIN, PLAIN))
def test_of_any_text_as_a_jobs_file(text):
    with contextlib.suppress(UsageError):
        parse(Path("load.toml"), text, ())


@given(kind=st.sampled_from([model_spec, train_spec]), key=st.sampled_from([*FIELDS, "other"]), value=PLAIN)
def test_of_any_value_of_any_field(kind, key, value):
    whole = {"cell": "lstm", "inputs": 1, "hidden": 1, "outputs": 1, "loss": "half_squared_error"}
    given_fields = whole if kind is model_spec else {"optimizer": {"adam": {"learning_rate": 0.1}}}
    with contextlib.suppress(UsageError):
        kind("load.toml: it", {**given_fields, key: value})


def test_of_a_file_that_is_not_there(folder):
    write_job(folder)
    refused(folder, "laod.toml: there is no such file: did you mean load.toml?", name="laod.toml")


def test_of_a_name_that_a_task_has(folder):
    write_waves(folder)
    write_job(folder, name="adding")
    refused(folder, "adding.toml: there is a task named adding: rename the file", name="adding.toml")


CELLS = {
    "text": ({5: "n/k"}, "", "load.csv, row 7, column 'load' holds 'n/k', which is no number: correct it"),
    "decimal comma": ({5: '"1,5"'}, "", "column 'load' holds '1,5', which is no number"),
    "one value more": ({5: "1,5"}, "", "load.csv, row 7 has 3 values, and row 1 names 2 columns: correct"),
    "gap": ({9: ""}, "", 'row 11, column \'load\' has no value: say fill = "previous" or fill = "drop"'),
    "thousands": ({5: '"1,000.5"'}, "", "row 7, column 'load' holds '1,000.5', which is no number"),
    "NaN": ({9: "nan"}, "", "load.csv, row 11, column 'load' has no value"),
    "gap at the start": ({0: ""}, 'fill = "previous"', "row 2, column 'load' has no value, and no row"),
    "infinite": ({9: "1e999"}, 'fill = "drop"', "load.csv, row 11, column 'load' is inf: correct it"),
    "infinite in float32": ({9: "1e39"}, "standardise = false", "row 11, column 'load' is 1e+39: correct it"),
    "constant": (dict.fromkeys(range(200), 7), "", "column 'load' is 7 in all 160 rows that are trained on"),
}  # fmt: skip


@pytest.mark.parametrize(("cells", "more", "says"), CELLS.values(), ids=CELLS)
def test_of_a_cell(cells, more, says, folder):
    load, temperature = (list(map(str, column)) for column in waves(200))
    for row, cell in cells.items():
        load[row] = cell
    write_csv(folder / "load.csv", load=load, temperature=temperature)
    write_job(folder, f'file = "load.csv"\n{more}')
    refused(folder, says)


TIMES = {
    "out of order": ("2026-01-01 05:00", "row 9, column 't' is 2026-01-01 05:00, after 2026-01-01 06:00"),
    "twice": ("2026-01-01 06:00", "row 9, column 't' is 2026-01-01 06:00, after 2026-01-01 06:00"),
    "no date": ("soon", "load.csv, row 9, column 't' holds 'soon', which is no date"),
    "none": ("", "load.csv, row 9, column 't' has no value"),
    "leap second": (
        "2026-01-01 05:59:60",
        "row 9, column 't' holds '2026-01-01 05:59:60', which is no date like",
    ),
}


@pytest.mark.parametrize(("cell", "says"), TIMES.values(), ids=TIMES)
def test_of_the_order_of_time(cell, says, folder):
    times = [f"{each:%Y-%m-%d %H:%M}" for each in pd.date_range("2026-01-01", periods=200, freq="h")]
    times[7] = cell
    write_csv(folder / "load.csv", t=times, load=waves(200)[0])
    write_job(folder, 'file = "load.csv"\ntime = "t"')
    refused(folder, says)


def test_dates_as_people_write_them_are_read_the_same_way_throughout(folder):
    times = [f"{each:%d/%m/%Y}" for each in pd.date_range("2026-01-13", periods=200, freq="D")]
    times[150] = times[149]
    write_csv(folder / "load.csv", t=times, load=waves(200)[0])
    write_job(folder, 'file = "load.csv"\ntime = "t"')
    refused(folder, "row 152, column 't' is 11/06/2026, after 11/06/2026 in the row before")


def pipe(path):
    os.mkfifo(path)


def device(path):
    path.symlink_to("/dev/zero")


CONTENTS = {
    "binary": ("load.csv", lambda path: path.write_bytes(bytes(range(256))), "it holds binary data"),
    "Parquet as CSV": (
        "load.csv",
        lambda path: pd.DataFrame({"a": [1]}).to_parquet(path),
        "load.csv is not what its name says: it holds Parquet: rename or convert it",
    ),
    "text as Parquet": ("load.parquet", lambda path: path.write_text("a,b\n"), "it holds text"),
    "damaged Parquet": (
        "load.parquet",
        lambda path: path.write_bytes(b"PAR1" + bytes(100) + b"PAR1"),
        "load.parquet is not what its name says",
    ),
    "text as NPZ": ("load.npz", lambda path: path.write_text("a,b\n"), "load.npz is not what its name says"),
    "damaged NPZ": ("load.npz", lambda path: path.write_bytes(b"PK\x03\x04abc"), "load.npz"),
    "text as gzip": ("load.csv.gz", lambda path: path.write_text("a,b\n"), "load.csv.gz is not what its"),
    "half a gzip": (
        "load.csv.gz",
        lambda path: path.write_bytes(gzip.compress(os.urandom(10_000).hex().encode())[:5000]),
        "load.csv.gz: it cannot be read to its end",
    ),
    "empty": ("load.csv", lambda path: path.write_text(""), "load.csv is empty"),
    "UTF-16": ("load.csv", lambda path: path.write_text("a,b\n", "utf-16"), "holds text in UTF-16"),
    "damaged gzip": (
        "load.csv.gz",
        lambda path: path.write_bytes(gzip.compress(os.urandom(10_000).hex().encode())[:900] + bytes(4000)),
        "load.csv.gz: it cannot be read to its end",
    ),
    "no header": ("load.csv", lambda path: path.write_text("1.5,2\n3,4\n"), "row 1: all names are numbers"),
    "empty row 1": ("load.csv", lambda path: path.write_text("\na,b\n1,2\n"), "row 1 is empty: it must name"),
    "half a quote": ("load.csv", lambda path: path.write_text('"a\nb",c\n1,2\n'), "row 1: unexpected"),
    "open quote": ("load.csv", lambda path: path.write_text('a,b\n1,2\n3,"4'), "an odd number of quotes"),
    "empty row": ("load.csv", lambda path: path.write_text("a,b\n1,2\n\n3,4\n"), "row 3, column 'a' has"),
    "header alone": ("load.csv", lambda path: path.write_text("a,b\n"), "load.csv has 0 rows"),
    "other separator": (
        "load.csv",
        lambda path: path.write_text("a;b\n1;2\n"),
        "load.csv, row 1: one column, 'a;b': is it separated by ';'? say separator = ';'",
    ),
    "a name twice": ("load.csv", lambda path: path.write_text("a,a\n1,2\n"), "two columns are named 'a'"),
    "other encoding": (
        "load.csv",
        lambda path: path.write_bytes("größe,b\n1,2\n".encode("latin-1")),
        "load.csv, row 1: not text in UTF-8",
    ),
    "folder": ("load.csv", lambda path: path.mkdir(), "load.csv is a folder: name a plain file"),
    "pipe": ("load.csv", pipe, "load.csv is a pipe: name a plain file"),
    "device": ("load.csv", device, "load.csv is a device: name a plain file"),
    "objects": (
        "load.npz",
        lambda path: np.savez(path, x=np.array([{}, {}], object), y=np.arange(2)),
        "load.npz holds Python objects: save plain numbers or text",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "write", "says"), CONTENTS.values(), ids=CONTENTS)
def test_of_a_data_file(name, write, says, folder):
    write(folder / name)
    write_job(folder, f'file = "{name}"')
    refused(folder, says)


@pytest.mark.parametrize("make", [pipe, device])
def test_of_a_jobs_file_that_is_none(make, folder):
    make(folder / "load.toml")
    refused(folder, "load.toml is a ")


def many_classes(folder):
    np.savez(folder / "d.npz", x=np.zeros((2_000_000, 1), np.int8), y=np.arange(2_000_000))


CLASSES = {
    "two million": (many_classes, "", "d.npz, column 'y' has 2,000,000 classes: 1,000 at most"),
    "one": (
        lambda folder: np.savez(folder / "d.npz", x=np.ones((4, 3)), y=np.ones(4, int)),
        "",
        "d.npz, column 'y' is 1 everywhere: a class takes two at least",
    ),
    "numbers": (
        lambda folder: np.savez(folder / "d.npz", x=np.ones((4, 3)), y=np.arange(4.0)),
        "",
        "d.npz: y is float64: classes are whole numbers or text",
    ),
    "array": (
        lambda folder: np.savez(folder / "d.npz", x=np.ones((4, 3)), labels=np.arange(4)),
        "",
        "unknown array of d.npz 'y': choose from x, labels",
    ),
    "shape": (
        lambda folder: np.savez(folder / "d.npz", x=np.ones((4, 3)), y=np.arange(5)),
        "",
        "d.npz: y has shape (5,): targets of 4 sequences of 3 steps are (4,) or (4, 3)",
    ),
    "not finite": (
        lambda folder: np.savez(folder / "d.npz", x=np.array([[1, 2], [3, np.nan]]), y=np.arange(2)),
        "",
        "d.npz: x[1, 1, 0] is nan: numbers must be finite in float32",
    ),
    "lengths": (
        lambda folder: np.savez(folder / "d.npz", x=np.ones((2, 3)), y=np.arange(2), n=np.array([3, 4])),
        'classify = { lengths = "n" }',
        "d.npz: n[1] is 4: lengths are 1 to 3",
    ),
    "lengths of nothing": (
        lambda folder: np.savez(folder / "d.npz", x=np.ones((2, 3)), y=np.arange(2), n=np.array([0, 3])),
        'classify = { lengths = "n" }',
        "d.npz: n[0] is 0: lengths are 1 to 3",
    ),
    "too few lengths": (
        lambda folder: np.savez(folder / "d.npz", x=np.ones((2, 3)), y=np.arange(2), n=np.array([3])),
        'classify = { lengths = "n" }',
        "d.npz: n is int64 (1,): lengths are whole numbers (2,)",
    ),
    "lengths that are no whole numbers": (
        lambda folder: np.savez(folder / "d.npz", x=np.ones((2, 3)), y=np.arange(2), n=np.ones(2)),
        'classify = { lengths = "n" }',
        "d.npz: n is float64 (2,): lengths are whole numbers (2,)",
    ),
    "too few": (
        lambda folder: np.savez(folder / "d.npz", x=np.ones((2, 3)), y=np.arange(2)),
        "",
        "d.npz has 2 sequences, too few to hold out 0.2 of each class",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("write", "more", "says"), CLASSES.values(), ids=CLASSES)
def test_of_classes(write, more, says, folder):
    write(folder)
    write_job(folder, f'file = "d.npz"\n{more}')
    refused(folder, says)


def test_of_a_class_that_training_never_saw(folder):
    write_csv(folder / "a.csv", sequence=[0, 0, 1, 1], v=[1, 2, 3, 4], label=["x", "x", "y", "y"])
    write_csv(folder / "b.csv", sequence=[0, 0, 1, 1], v=[1, 2, 3, 4], label=["x", "x", "z", "z"])
    write_job(folder, 'file = "a.csv"\nheld_out = "b.csv"')
    refused(folder, "b.csv, row 4, column 'label' is z: a class that a.csv has not: add it there")


def test_of_a_label_among_the_inputs(folder):
    write_csv(folder / "a.csv", sequence=[0, 0, 1, 1], v=[1, 2, 3, 4], label=["x", "x", "y", "y"])
    write_job(folder, 'file = "a.csv"\nclassify = { inputs = ["v", "label"] }')
    refused(folder, "a.csv: data.classify.inputs has 'label', which is a label, sequence or time: leave it")


def test_of_a_column_that_a_wide_table_has_not(folder):
    write_csv(folder / "load.csv", **{f"c{column}": range(40) for column in range(1000)})
    write_job(folder, 'file = "load.csv"\nforecast = { columns = "load" }')
    refused(folder, "unknown column of load.csv 'load': choose from c0, c1, c2, ")
    refused(folder, ", c98, c99 and 900 more")


def test_of_a_sequence_that_is_torn_apart(folder):
    write_csv(folder / "a.csv", sequence=[0, 1, 0], v=[1, 2, 3], label=["x", "y", "x"])
    write_job(folder, 'file = "a.csv"')
    refused(folder, "a.csv, row 4, column 'sequence': '0' began in an earlier row, and others came between")


PIXELS, LABELS = np.arange(60).reshape(3, 5, 4), np.arange(3)
IMAGES = {
    "exchanged": (
        LABELS,
        PIXELS,
        "a has 1 axes, and images have three axes: have the two files been exchanged?",
    ),
    "count": (PIXELS, np.arange(4), "a has 3 images, b 4 labels: they must agree"),
}


@pytest.mark.parametrize(("inputs", "targets", "says"), IMAGES.values(), ids=IMAGES)
def test_of_images(inputs, targets, says, folder):
    write_idx(folder / "a", inputs)
    write_idx(folder / "b", targets)
    write_job(folder, 'idx = { inputs = "a", targets = "b" }')
    refused(folder, says)


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"\0\0\x08\x03" + bytes(12), "a claims the shape"), (b"PK", "a is no IDX file: it begins with 504b")],
)
def test_of_what_is_no_image(content, says, folder):
    (folder / "a").write_bytes(content)
    write_idx(folder / "b", LABELS)
    write_job(folder, 'idx = { inputs = "a", targets = "b" }')
    refused(folder, says)


def test_of_images_that_end_too_early(folder):
    path = write_idx(folder / "a", PIXELS)
    path.write_bytes(path.read_bytes()[:-5])
    write_idx(folder / "b", LABELS)
    write_job(folder, 'idx = { inputs = "a", targets = "b" }')
    refused(folder, "a claims 60 bytes of (3, 5, 4), and has 55: fetch it anew")


def test_of_two_jobs_of_one_name(folder):
    write_waves(folder)
    write_job(folder)
    (folder / "more").mkdir()
    write_waves(folder / "more")
    write_job(folder / "more")
    ended = command(
        "run", "load.toml", "more/load.toml", "--adapters", "numpy", "--out", folder.parent / "report"
    )
    assert_refused(ended, "two tasks are called load: rename one of the files")
