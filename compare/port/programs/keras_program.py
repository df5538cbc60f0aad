"""A program in Keras: a model that was compiled."""

from collections.abc import Mapping
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf

from adapters.interface import Array
from compare.port.programs.keras_layers import layers_of
from compare.port.programs.keras_recording import Calls, first_tensor, recording
from compare.port.programs.keras_rules import in_float64, rule_of
from compare.port.programs.keras_tree import all_layers, without_dropout
from compare.port.records.interface import (
    Batch,
    Description,
    Expected,
    Program,
    Recorded,
    Trace,
    as_array,
)  # fmt: skip
from compare.port.translation.recognized import read_all, stacked, write_all


class KerasProgram(Program):
    """A compiled `keras.Model`; its loss and optimizer are those that it was compiled with.

    A model of two inputs is also given the lengths, where there are any.
    """

    framework: ClassVar[str] = "keras"

    def __init__(self, model: Any) -> None:
        if not isinstance(model, keras.Model):
            raise TypeError(f"KerasProgram takes a keras.Model, not a {type(model).__name__}")
        if getattr(model, "optimizer", None) is None:
            raise ValueError("the model is not compiled: call model.compile(optimizer, loss) first")
        if keras.backend.backend() != "tensorflow":
            raise ValueError(f"Keras runs on {keras.backend.backend()}: set KERAS_BACKEND=tensorflow")
        self.model = model

    def prepare(self, dtype: str) -> None:
        self._asked = dtype
        self.model.jit_compile = False  # compiling with XLA would take most of the time
        self._randomness = without_dropout(self.model)
        if dtype == "float64":
            in_float64(self.model.optimizer)

    def meet(self, inputs: Array, lengths: Array | None) -> None:
        self._takes_lengths = lengths is not None and len(_inputs_of(self.model)) == 2
        self.model(self._inputs(inputs, lengths))
        self._variables: dict[str, Any] = {}
        self._layers = layers_of(self.model, self._variables)
        self.model.optimizer.build(self.model.trainable_variables)
        self._beginning = [np.array(each) for each in self.model.optimizer.variables]
        self._compiled = tf.function(self._differentiated, reduce_retracing=True)

    def describe(self) -> Description:
        dtypes = {dtype for each in self._layers for dtype in each.layer.dtypes}
        own = dtypes.pop() if len(dtypes) == 1 else self._asked
        return Description(
            framework=self.framework,
            dtype=own,
            layers=tuple(each.layer for each in self._layers),
            rule=rule_of(self.model.optimizer),
            optimizer=type(self.model.optimizer).__name__,
            randomness=tuple(self._randomness),
        )

    def expected(self) -> Expected | None:
        shapes = [each.shape for each in _inputs_of(self.model)]
        if not shapes:
            return None
        for layer in all_layers(self.model):
            if isinstance(layer, keras.layers.Embedding):
                return Expected(kind="tokens", size=layer.input_dim, time_steps=shapes[0][1])
        *_, steps, size = shapes[0]
        return Expected(kind="features", size=size, time_steps=steps) if size else None

    def targets_wanted(self) -> str | None:
        loss = self.model.loss
        name = loss if isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__)
        name = str(name).lower().replace("_", "")
        if "sparse" in name:
            return "classes"
        return "one-hot" if "categorical" in name else "numbers"

    def parameters(self) -> dict[str, Array]:
        return read_all(self._layers, self._natives())

    def set_parameters(self, values: Mapping[str, Array]) -> None:
        for name, value in write_all(self._layers, values, self._natives()).items():
            self._variables[name].assign(value)

    def trace(self, inputs: Array, lengths: Array | None) -> Trace:
        calls: Calls = {}
        with recording(calls):
            outputs = self.model(self._inputs(inputs, lengths), training=True)
        modules = {
            name: Recorded(
                inputs=None
                if any(each[0] is None for each in found)
                else stacked([each[0] for each in found]),  # type: ignore[misc]
                outputs=stacked([each[1] for each in found]),
                mask=found[0][2],
            )
            for name, found in calls.items()
        }
        return Trace(outputs=np.array(first_tensor(outputs)), modules=modules)

    def loss_of(self, outputs: Array, targets: Array) -> float:
        taken = (tf.constant(as_array(each, self._asked)) for each in (targets, outputs))
        return float(self.model.compute_loss(None, *taken))

    def differentiate(self, batch: Batch) -> tuple[float, dict[str, Array]]:
        loss, gradients = self._compiled(self._inputs(batch.inputs, batch.lengths), self._targets(batch))
        trained = {
            id(each): gradient
            for each, gradient in zip(self.model.trainable_variables, gradients, strict=True)
        }
        natives = {
            name: np.array(trained[id(each)]) if id(each) in trained else np.zeros(each.shape, each.dtype)
            for name, each in self._variables.items()
        }
        return float(loss), read_all(self._layers, natives)

    def step(self, batch: Batch) -> float:
        self.model.reset_metrics()
        found = self.model.train_on_batch(
            self._inputs(batch.inputs, batch.lengths), self._targets(batch), return_dict=True
        )
        return float(found["loss"])

    def vary(self, slug: str) -> bool:
        """Keras hands an embedding's gradient to the optimizer token by token, not added up."""
        if slug != "sparse-gradient" or not self._has_embedding():
            return False
        optimizer, apply = self.model.optimizer, self.model.optimizer.apply

        def added_up(gradients: Any, variables: Any = None) -> Any:
            return apply([None if g is None else tf.convert_to_tensor(g) for g in gradients], variables)

        optimizer.apply = added_up
        self.model.make_train_function(force=True)
        return True

    def _has_embedding(self) -> bool:
        return any(isinstance(layer, keras.layers.Embedding) for layer in all_layers(self.model))

    def rate(self) -> float | None:
        return float(self.model.optimizer.learning_rate)

    def reset(self) -> bool:
        for variable, value in zip(self.model.optimizer.variables, self._beginning, strict=True):
            variable.assign(value)
        for layer in all_layers(self.model):
            if getattr(layer, "stateful", False) and hasattr(layer, "reset_states"):
                layer.reset_states()
            elif getattr(layer, "stateful", False) and hasattr(layer, "reset_state"):
                layer.reset_state()
        return True

    def _differentiated(self, inputs: Any, targets: Any) -> tuple[Any, list[Any]]:
        variables = [each.value for each in self.model.trainable_variables]
        with tf.GradientTape() as tape:
            outputs = self.model(inputs, training=True)
            loss = self.model.compute_loss(inputs, targets, outputs, training=True)
        gradients = tape.gradient(loss, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        return loss, [tf.convert_to_tensor(each) for each in gradients]

    def _inputs(self, inputs: Array, lengths: Array | None) -> Any:
        taken = tf.constant(as_array(inputs, self._asked))
        return [taken, tf.constant(np.asarray(lengths))] if self._takes_lengths else taken

    def _targets(self, batch: Batch) -> Any:
        return tf.constant(as_array(batch.targets, self._asked))

    def _natives(self) -> dict[str, Array]:
        return {name: np.array(each) for name, each in self._variables.items()}


def _inputs_of(model: Any) -> list[Any]:
    """What a model was declared to take; nothing where it was not declared."""
    try:
        return list(model.inputs or ())
    except (AttributeError, ValueError):
        return []
