"""Packages of others, as pip leaves them: modules, and entry points that name what is in them."""

import sys
from textwrap import dedent

from adapters import entry_points

ADAPTER = """
    from adapters.interface import Declaration
    from adapters.numpy_backend.adapter import NumpyAdapter

    class Mine(NumpyAdapter):
        declaration = Declaration({declared})
"""

TASK = """
    import numpy as np

    from adapters.interface import ModelSpec, Sgd, TrainSpec
    from adapters.parameters import normal
    from tasks.interface import Dataset, Evaluation, Forecast, Metric, Task

    class Doubling(Task):
        name = "doubling"
        summary = "An Elman network doubles a number."
        source = "a test"
        model = ModelSpec(cell="elman", inputs=1, hidden=3, outputs=1, loss="half_squared_error", bias=False)
        train = TrainSpec(optimizer=Sgd(learning_rate=0.1))
        batch_size = 2
        metrics = (Metric(name="rmse", better="lower", unit="", target=0.1),)
        initializers = dict.fromkeys(("input_kernel", "recurrent_kernel", "readout_kernel"), normal(0.5))

        def dataset(self, key):
            inputs = np.linspace(-1, 1, 8).reshape(8, 1, 1)
            return Dataset(
                name="eight numbers",
                inputs=inputs,
                targets=2 * inputs[:, 0],
                held_out_inputs=inputs,
                held_out_targets=2 * inputs[:, 0],
            )

        def epochs(self, preset, key):
            return 1

        def seeds(self, preset):
            return 1

        def evaluate(self, predict, dataset):
            error = predict(dataset.held_out_inputs) - dataset.held_out_targets
            return Evaluation(metrics={"rmse": float(np.sqrt((error**2).mean()))}, picture=FORECAST)

    FORECAST = Forecast(x_label="x", y_label="y", x=(0.0,), actual=(0.0,), predicted=(0.0,))
"""


def write(path, text, **values):
    """Write a module, indented in its test as the test is."""
    path.write_text(dedent(text).format(**values) if values else dedent(text))
    return path


def task_with(right, wrong):
    """The task above with one thing otherwise."""
    assert right in TASK
    return TASK.replace(right, wrong, 1)


def install(site, package, group, **entries):
    """What pip leaves of a package that consists of entry points."""
    folder = site / f"{package}-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    lines = [f"[{group}]", *(f"{name} = {target}" for name, target in entries.items())]
    (folder / "entry_points.txt").write_text("\n".join(lines))
    forget_installed()


def forget_installed():
    """Have entry points read anew."""
    entry_points._installed.cache_clear()


def forget_modules(folder, known=()):
    """Have modules below a folder imported anew, but for those that are known."""
    for name, module in list(sys.modules.items()):
        if name not in known and str(getattr(module, "__file__", None) or "").startswith(str(folder)):
            del sys.modules[name]
