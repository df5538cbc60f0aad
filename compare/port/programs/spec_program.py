"""Lockstep's own model and update rule as a program, to hold another against a specification."""

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

import numpy as np

from adapters import open_adapter
from adapters.conformance.reference import LOSSES
from adapters.interface import Adam, Adapter, Array, ModelSpec, Sgd, TrainSpec
from adapters.parameters import shapes
from compare.port.programs.interface import Batch, Description, Expected, Program, Trace
from compare.port.programs.recognized import read_all, write_all
from compare.port.rules import Rule
from compare.port.translation.named import layers_by_name

ENGINE = "numpy"
"""The adapter that runs it, which the conformance suite holds against the plain reference."""


class SpecProgram(Program):
    """A `ModelSpec` trained as a `TrainSpec` says; parameters have the canonical names."""

    framework: ClassVar[str] = "lockstep"

    def __init__(self, model: ModelSpec, train: TrainSpec) -> None:
        self.model, self.train = model, train

    def prepare(self, dtype: str) -> None:
        assert dtype in ("float32", "float64")
        self.train = replace(self.train, dtype=dtype)  # type: ignore[arg-type]
        generator = np.random.default_rng(0)
        self._values: dict[str, Array] = {
            name: generator.uniform(-0.1, 0.1, shape).astype(dtype)
            for name, shape in shapes(self.model).items()
        }
        self._layers = layers_by_name(shapes(self.model))
        self._layers = tuple(
            replace(
                each,
                layer=replace(
                    each.layer, settings={**each.layer.settings, **self._settings(each.layer.kind)}
                ),
            )
            for each in self._layers
        )
        self.reset()

    def _settings(self, kind: str) -> dict[str, str]:
        if kind == "dense":
            return {"activation": "linear"}
        known: dict[str, str] = {"activation": self.model.activation}
        if kind != "elman":
            known["recurrent_activation"] = "sigmoid"
        if kind == "gru":
            known["reset"] = getattr(self.model, "reset", "after")
        return known

    def describe(self) -> Description:
        return Description(
            framework=self.framework,
            dtype=self.train.dtype,
            layers=tuple(each.layer for each in self._layers),
            rule=rule_of(self.train),
            optimizer=type(self.train.optimizer).__name__,
        )

    def expected(self) -> Expected | None:
        return Expected(kind="features", size=self.model.inputs)

    def targets_wanted(self) -> str | None:
        return "classes" if self.model.loss == "softmax_cross_entropy" else "numbers"

    def parameters(self) -> dict[str, Array]:
        return read_all(self._layers, self._now())

    def set_parameters(self, values: Mapping[str, Array]) -> None:
        self._values = {**self._now(), **write_all(self._layers, values, self._now())}
        self.reset()

    def trace(self, inputs: Array, lengths: Array | None) -> Trace:
        return Trace(outputs=self._at(self._now(), self.train).predict(inputs, lengths), modules={})

    def loss_of(self, outputs: Array, targets: Array) -> float:
        losses = LOSSES[self.model.loss](outputs, targets)
        return float(losses.sum() / len(targets))

    def differentiate(self, batch: Batch) -> tuple[float, dict[str, Array]]:
        """The gradient is what plain descent at rate 1 subtracts."""
        now = self._now()
        plain = TrainSpec(optimizer=Sgd(learning_rate=1.0), dtype=self.train.dtype)
        adapter = self._at(now, plain)
        adapter.load(batch.inputs, batch.targets, batch.lengths)
        loss = adapter.train(np.arange(len(batch.inputs))[np.newaxis])
        after = adapter.parameters()
        return float(loss[0]), read_all(self._layers, {name: now[name] - after[name] for name in now})

    def step(self, batch: Batch) -> float:
        self._adapter.load(batch.inputs, batch.targets, batch.lengths)
        return float(self._adapter.train(np.arange(len(batch.inputs))[np.newaxis])[0])

    def reset(self) -> bool:
        self._adapter = self._at(self._now() if hasattr(self, "_adapter") else self._values, self.train)
        return True

    def _now(self) -> dict[str, Array]:
        return self._adapter.parameters()

    def _at(self, values: Mapping[str, Array], train: TrainSpec) -> Adapter:
        return open_adapter(ENGINE)(self.model, train, values)


def rule_of(train: TrainSpec) -> Rule | None:
    """The rule of a TrainSpec."""
    clip = {"clip": "value", "clip_limit": train.clip_value} if train.clip_value else {}
    match train.optimizer:
        case Sgd(learning_rate=rate):
            return Rule(kind="sgd", learning_rate=rate, **clip)  # type: ignore[arg-type]
        case Adam(learning_rate=rate, beta1=beta1, beta2=beta2, epsilon=epsilon):
            return Rule(
                kind="adam", learning_rate=rate, beta1=beta1, beta2=beta2, epsilon=epsilon,
                epsilon_place="before the bias correction", **clip,  # type: ignore[arg-type]
            )  # fmt: skip
    return None
