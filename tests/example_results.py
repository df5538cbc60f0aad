"""Results made up for the purpose: two tasks, four adapters, one of which has a hostile name."""

from dataclasses import replace

import numpy as np
from numpy.random import PCG64, Generator

from compare.records.environment import Environment
from compare.records.machine import machine_of
from compare.records.results import Results, TaskRecord
from compare.records.run import Epoch, Inference, ProductRate, Round, Run, WorkerFacts
from tasks.interface import Confusion, Forecast, Metric

HOSTILE = "a|b<script>alert(1)</script>\n`*[x](y)$"
SPEEDS = {"numpy": 3000.0, "torch": 1500.0, "tensorflow": 400.0, HOSTILE: 300.0}
MODEL = {"activation": "tanh", "reset": "after", "layers": 1, "bidirectional": False, "readout": "last"}
TRAIN = {
    "update_every": None,
    "backprop_through": None,
    "clip_value": None,
    "clip_norm": None,
    "dtype": "float32",
}
SINE = TaskRecord(
    name="sine-online",
    summary="Predict the next point of a sine.",
    source="tutorials/000",
    dataset="20 points of sin on [2, 10]",
    model={"cell": "elman", "hidden": 6, "loss": "half_squared_error", "bias": False, **MODEL},
    train={"optimizer": "sgd", "learning_rate": 0.1, "momentum": 0.0, "nesterov": False, **TRAIN},
    batch_size=1,
    epochs=20,
    updates_per_epoch=20,
    sequences=1,
    held_out_sequences=1,
    time_steps=20,
    metrics=[Metric(name="rmse", better="lower", unit="", target=0.2)],
    operations_per_sequence=1000,
)
DIGITS = TaskRecord(
    name="mnist-rows",
    summary="Read an image row by row and name its digit.",
    source="tutorials/003",
    dataset="digits stand-in (not MNIST)",
    model={"cell": "lstm", "hidden": 128, "loss": "softmax_cross_entropy", "bias": True, **MODEL},
    train={
        "optimizer": "adam",
        "learning_rate": 0.001,
        "beta1": 0.9,
        "beta2": 0.999,
        "epsilon": 1e-7,
        **TRAIN,
    },
    batch_size=128,
    epochs=2,
    updates_per_epoch=100,
    sequences=12800,
    held_out_sequences=1000,
    time_steps=8,
    metrics=[
        Metric(name="accuracy", better="higher", unit="%", target=95.0),
        Metric(name="cross-entropy", better="lower", unit="nat", target=0.2),
    ],
    operations_per_sequence=1_000_000,
    stands_in_for="MNIST",
)

ENVIRONMENT = Environment(
    date="2026-01-02T03:04:05+00:00",
    command="python -m compare all --preset quick",
    lockstep="0.1.0",
    python="CPython 3.12.0",
    system="Linux",
    cpu="A CPU | of some kind",
    physical_cores=4,
    logical_cores=8,
    memory_bytes=16 * 2**30,
    threads=1,
    preset="quick",
    flags=["avx", "avx2"],
)


def example_run(task, adapter, seed, drift=1e-6):
    """A run that finished; its losses differ from those of other adapters by about `drift`."""
    shared = Generator(PCG64(seed))
    own = Generator(PCG64([seed, *adapter.encode()]))
    updates = task.epochs * task.updates_per_epoch
    losses = np.exp(-4 * np.arange(updates) / updates) * shared.uniform(0.6, 1.4, updates)
    losses += drift * own.uniform(0.5, 1, updates)
    seconds = task.sequences / SPEEDS[adapter]
    values = {
        metric.name: 0.1 + 0.02 * seed if metric.better == "lower" else 96.0 + seed for metric in task.metrics
    }
    time = np.linspace(0, 8, 40)
    return Run(
        task=task.name,
        adapter=adapter,
        seed=seed,
        status="ok",
        metrics=values,
        epochs=[
            Epoch(train_seconds=seconds, sequences=task.sequences, losses=part.tolist(), metrics=values)
            for part in np.split(losses, task.epochs)
        ],
        rounds=[
            Round(
                index=index,
                sequences=task.sequences,
                seconds=seconds * own.uniform(0.98, 1.05),
                process=index // 4,
            )
            for index in range(12)
        ],
        cold_seconds={"import": 1.5, "construct": 0.1, "load": 0.01, "first_train": 0.4},
        sequences_per_second=SPEEDS[adapter],
        peak_rss_bytes=300 * 2**20 + seed,
        import_rss_bytes=200 * 2**20,
        worker=WorkerFacts(versions={"numpy": "2.3.0"}, blas=["openblas 0.3.29"], threads=1),
        warm_train_seconds=0.1,
        inference=Inference(batch=256, single_seconds=[1e-3] * 98 + [2e-3] * 2, batch_seconds=[0.128] * 5),
        matrix_product=ProductRate(size=1024, operations_per_second=1e11, kernel="openblas for Haswell"),
        forecast=Forecast(
            x_label="x",
            y_label="sin(x)",
            x=tuple(time.tolist()),
            actual=tuple(np.sin(time).tolist()),
            predicted=tuple((np.sin(time) + own.normal(0, 0.02) + 0.05).tolist()),
        )
        if task is SINE
        else None,
        confusion=Confusion(
            labels=tuple("0123456789"),
            counts=tuple(map(tuple, (own.integers(0, 4, (10, 10)) + 90 * np.eye(10, dtype=int)).tolist())),
        )
        if task is DIGITS
        else None,
    )


def example_results():
    """Two tasks, four adapters, two seeds: one cannot be had, one diverges, one has a hostile name."""
    runs = [example_run(t, a, s) for t in (SINE, DIGITS) for s in (0, 1) for a in ("numpy", "torch", HOSTILE)]
    missing = [
        Run(
            task=t.name,
            adapter="tensorflow",
            seed=s,
            status="unavailable",
            error="No module named tensorflow",
        )
        for t in (SINE, DIGITS)
        for s in (0, 1)
    ]
    broken = example_run(SINE, HOSTILE, 1)
    first = replace(broken.epochs[0], losses=broken.epochs[0].losses[:7])
    diverged = replace(
        broken, status="diverged", error="the loss was nan at update 8", metrics={}, epochs=[first], rounds=[]
    )
    return Results(
        environment=ENVIRONMENT,
        tasks=[SINE, DIGITS],
        runs=[diverged if run == broken else run for run in runs] + missing,
    ).on(machine_of(ENVIRONMENT, "openblas Haswell", "cpu"))
