"""Lockstep's own model and update rule as a program, to hold another against a specification."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from adapters import open_adapter
from adapters.conformance.formulas import LOSSES
from adapters.interface import Adam, AdamW, Adapter, Array, ModelSpec, RmsProp, Sgd, TrainSpec
from adapters.parameters import shapes
from adapters.schedules import SCHEDULES, rate_at
from compare.port.records.interface import Batch, Description, Expected, Program, Trace
from compare.port.records.rules import Rule
from compare.port.translation.named import layers_by_name
from compare.port.translation.recognized import read_all, write_all

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
        values: dict[str, Array] = {
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
        self._adapter, self._updates = self._at(values, self.train), 0

    def _settings(self, kind: str) -> dict[str, str]:
        if kind == "dense":
            return {"activation": "linear"}
        known: dict[str, str] = {"activation": self.model.activation}
        if kind != "elman":
            known["recurrent_activation"] = "sigmoid"
        if kind == "gru":
            known["reset"] = self.model.reset
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
        now = self._now()
        self._adapter = self._at({**now, **write_all(self._layers, values, now)}, self.train)
        self._updates = 0

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
        losses = self._adapter.train(np.arange(len(batch.inputs))[np.newaxis])
        self._updates += len(losses)
        return float(losses[0])

    def rate(self) -> float | None:
        return rate_at(self.train.optimizer.learning_rate, self._updates)

    def reset(self) -> bool:
        self._updates = 0
        self._adapter = self._at(self._now(), self.train)
        return True

    def _now(self) -> dict[str, Array]:
        return self._adapter.parameters()

    def _at(self, values: Mapping[str, Array], train: TrainSpec) -> Adapter:
        return open_adapter(ENGINE)(self.model, train, values)


def rule_of(train: TrainSpec) -> Rule:
    """The rule of a TrainSpec."""
    limit = train.clip_value or train.clip_norm
    spec = train.optimizer
    scheduled = type(spec.learning_rate) in SCHEDULES
    return Rule(
        **_RULES[type(spec)](spec),
        learning_rate=rate_at(spec.learning_rate, 0),
        schedule=type(spec.learning_rate).__name__ if scheduled else None,
        clip=None if limit is None else "value" if train.clip_value else "norm",
        clip_limit=limit or 0.0,
    )


def _adam(spec: Adam | AdamW) -> dict[str, Any]:
    own = {name: getattr(spec, name) for name in ("beta1", "beta2", "epsilon")}
    return {"kind": "adam", **own, "epsilon_place": "before the bias correction"}


_RULES: dict[type, Callable[[Any], dict[str, Any]]] = {
    Sgd: lambda spec: {"kind": "sgd", "momentum": spec.momentum, "nesterov": spec.nesterov},
    RmsProp: lambda spec: {"kind": "rmsprop", "decay": spec.decay, "epsilon": spec.epsilon},
    Adam: _adam,
    AdamW: lambda spec: {**_adam(spec), "weight_decay": spec.weight_decay},
}
