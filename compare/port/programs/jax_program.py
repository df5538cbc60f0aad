"""A program in JAX: a function of parameters and inputs, or a flax.nnx module, and an optax optimizer."""

from collections.abc import Mapping
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import optax

from adapters.interface import Array
from compare.port.programs import nnx_modules
from compare.port.programs.arguments import takes_lengths
from compare.port.programs.jax_trees import counted_in_int64, first_array, is_real, names_of
from compare.port.programs.optax_rules import rule_of
from compare.port.records.interface import (
    Batch,
    CannotBeCompared,
    Description,
    Expected,
    Program,
    Recorded,
    Trace,
    as_array,
)  # fmt: skip
from compare.port.translation.named import layers_by_name
from compare.port.translation.recognized import Recognized, read_all, write_all


class JaxProgram(Program):
    """`apply(parameters, inputs)` with any tree of arrays, or a `flax.nnx.Module`.

    Of a module, `apply` is the module itself and `parameters` None; or `parameters` is the module, and
    `apply` a function of it and of the inputs. A function that takes lengths too is given them.
    `optimizer` is an optax transformation, or an `nnx.Optimizer`.
    """

    framework: ClassVar[str] = "jax"

    def __init__(
        self,
        apply: Any,
        parameters: Any = None,
        loss: Any = None,
        optimizer: Any = None,
    ) -> None:
        if loss is None or optimizer is None:
            raise TypeError("JaxProgram takes apply, parameters, loss and optimizer: one is missing")
        self.apply, self.loss, self._state = apply, loss, None
        self.optimizer: optax.GradientTransformation = getattr(optimizer, "tx", optimizer)
        self.module = next((each for each in (apply, parameters) if nnx_modules.is_module(each)), None)
        self._given = parameters
        self._randomness: list[tuple[str, float]] = []

    def prepare(self, dtype: str) -> None:
        self._dtype = dtype
        if self.module is not None:
            self._randomness = nnx_modules.without_dropout(self.module)
            nnx_modules.keep_in(self.module, dtype)
            self._graph, tree, self._rest = nnx_modules.split(self.module)
        else:
            tree, self._rest = self._given, None
        leaves, self._structure = jax.tree_util.tree_flatten(tree)
        self._names = names_of(tree)
        self._declared = [str(jnp.asarray(leaf).dtype) for leaf in leaves]
        self._leaves = [jnp.asarray(leaf, dtype) if is_real(leaf) else jnp.asarray(leaf) for leaf in leaves]
        shapes = {name: tuple(leaf.shape) for name, leaf in zip(self._names, self._leaves, strict=True)}
        found = layers_by_name(shapes)
        self._layers: tuple[Recognized, ...] = (
            found if self.module is None else nnx_modules.with_settings(self.module, found)
        )
        self._differentiated = jax.jit(jax.value_and_grad(self._loss))
        self._updated = jax.jit(self._update)
        self._output = jax.jit(self._forward)
        self._loss_alone = jax.jit(self._loss_of)
        self.reset()

    def describe(self) -> Description:
        return Description(
            framework=self.framework,
            dtype=self._dtype,
            layers=tuple(each.layer for each in self._layers),
            rule=rule_of(self.optimizer),
            optimizer="optax",
            randomness=tuple(self._randomness),
        )

    def expected(self) -> Expected | None:
        for each in self._layers:
            match each.layer.kind:
                case "embedding":
                    return Expected(kind="tokens", size=each.layer.parts["table"][0])
                case "lstm" | "gru" | "elman":
                    return Expected(kind="features", size=each.layer.parts["input_kernel"][0])
        return None

    def targets_wanted(self) -> str | None:
        name = getattr(self.loss, "__name__", "").lower()
        return "classes" if "integer_labels" in name else None

    def parameters(self) -> dict[str, Array]:
        return read_all(self._layers, self._natives(self._leaves))

    def set_parameters(self, values: Mapping[str, Array]) -> None:
        written = write_all(self._layers, values, self._natives(self._leaves))
        self._leaves = [
            jnp.asarray(written[name], leaf.dtype) if name in written else leaf
            for name, leaf in zip(self._names, self._leaves, strict=True)
        ]

    def trace(self, inputs: Array, lengths: Array | None) -> Trace:
        modules: dict[str, Recorded] = {}
        arguments = self._arguments(inputs, lengths)
        if self.module is None:
            outputs = self._output(self._tree(self._leaves), None, *arguments)
        else:
            model = nnx_modules.merge(self._graph, self._tree(self._leaves), self._rest)
            with nnx_modules.recording(model, modules):
                outputs = self._run(model, *arguments)
        return Trace(outputs=np.array(first_array(outputs)), modules=modules)

    def loss_of(self, outputs: Array, targets: Array) -> float:
        taken = (jnp.asarray(as_array(each, self._dtype)) for each in (outputs, targets))
        return float(self._loss_alone(*taken))

    def differentiate(self, batch: Batch) -> tuple[float, dict[str, Array]]:
        loss, gradient = self._differentiated(self._tree(self._leaves), self._rest, *self._taken(batch))
        leaves = jax.tree_util.tree_leaves(gradient)
        return float(loss), read_all(self._layers, self._natives(leaves))

    def step(self, batch: Batch) -> float:
        before = self._tree(self._leaves)
        loss, gradient = self._differentiated(before, self._rest, *self._taken(batch))
        tree, self._state = self._updated(before, gradient, self._state)
        self._leaves = jax.tree_util.tree_leaves(tree)
        return float(loss)

    def reset(self) -> bool:
        state = self.optimizer.init(self._tree(self._leaves))
        self._state = state if self._dtype != "float64" else jax.tree_util.tree_map(counted_in_int64, state)
        return True

    def _update(self, tree: Any, gradient: Any, state: Any) -> tuple[Any, Any]:
        updates, state = self.optimizer.update(gradient, state, tree)
        return optax.apply_updates(tree, updates), state

    def _loss(self, tree: Any, rest: Any, targets: Any, *arguments: Any) -> Any:
        return self._loss_of(self._forward(tree, rest, *arguments), targets)

    def _loss_of(self, outputs: Any, targets: Any) -> Any:
        try:
            loss = self.loss(outputs, targets)
        except (TypeError, AttributeError):
            loss = self.loss(first_array(outputs), targets)
        if jnp.ndim(loss):
            raise CannotBeCompared(f"the loss has the shape {loss.shape}: return one number, its mean or sum")
        return loss

    def _forward(self, tree: Any, rest: Any, *arguments: Any) -> Any:
        if self.module is None:
            return self.apply(tree, *arguments)
        return self._run(nnx_modules.merge(self._graph, tree, rest), *arguments)

    def _run(self, model: Any, *arguments: Any) -> Any:
        return model(*arguments) if self.module is self.apply else self.apply(model, *arguments)

    def _taken(self, batch: Batch) -> tuple[Any, ...]:
        targets = jnp.asarray(as_array(batch.targets, self._dtype))
        return (targets, *self._arguments(batch.inputs, batch.lengths))

    def _arguments(self, inputs: Array, lengths: Array | None) -> tuple[Any, ...]:
        taken = jnp.asarray(as_array(inputs, self._dtype))
        called = type(self.apply).__call__.__get__(self.apply) if self.module is self.apply else self.apply
        if lengths is None or not takes_lengths(called, 1 if self.module is self.apply else 2):
            return (taken,)
        return taken, jnp.asarray(lengths)

    def _tree(self, leaves: list[Any]) -> Any:
        return jax.tree_util.tree_unflatten(self._structure, leaves)

    def _natives(self, leaves: list[Any]) -> dict[str, Array]:
        return {name: np.array(leaf) for name, leaf in zip(self._names, leaves, strict=True)}
