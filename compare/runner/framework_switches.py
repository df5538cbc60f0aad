"""What a framework answers that decides on precision, determinism and devices; none is imported here.

Read after an adapter's import, in whatever frameworks that has brought along: what they answer is what holds,
whoever set it.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from compare.records.run import Departure


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """A question to a framework, and the answers that are as they should be; any will do where none is named.

    `comparable`: another answer leaves the speed comparable with that of others.
    """

    framework: str
    name: str
    answer: Callable[[Any], object]
    expected: tuple[str, ...] = ()
    comparable: bool = False


SWITCHES: tuple[Switch, ...] = (
    Switch(
        framework="torch",
        name="default dtype of PyTorch",
        answer=lambda torch: torch.get_default_dtype(),
        expected=("torch.float32",),
        comparable=True,
    ),
    Switch(
        framework="torch",
        name="float32 products in PyTorch",
        answer=lambda torch: torch.get_float32_matmul_precision(),
        expected=("highest",),
    ),
    Switch(
        framework="torch",
        name="float32 layers of oneDNN in PyTorch",
        answer=lambda torch: torch.backends.mkldnn.rnn.fp32_precision,
        expected=("none", "ieee"),
    ),
    Switch(
        framework="torch",
        name="oneDNN in PyTorch",
        answer=lambda torch: torch.backends.mkldnn.enabled,
        expected=("True",),
    ),
    Switch(
        framework="torch",
        name="deterministic algorithms alone in PyTorch",
        answer=lambda torch: torch.are_deterministic_algorithms_enabled(),
        expected=("False",),
        comparable=True,
    ),
    Switch(
        framework="torch",
        name="instruction set of PyTorch",
        answer=lambda torch: torch.backends.cpu.get_cpu_capability(),
    ),
    Switch(
        framework="keras",
        name="backend of Keras",
        answer=lambda keras: keras.config.backend(),
        expected=(os.environ.get("KERAS_BACKEND", "tensorflow"),),
    ),
    Switch(
        framework="keras",
        name="default dtype of Keras",
        answer=lambda keras: keras.config.dtype_policy().name,
        expected=("float32",),
        comparable=True,
    ),
    Switch(
        framework="keras",
        name="epsilon of Keras",
        answer=lambda keras: keras.config.epsilon(),
        expected=("1e-07",),
        comparable=True,
    ),
    Switch(
        framework="tensorflow",
        name="TensorFloat-32 in TensorFlow",
        answer=lambda tf: tf.config.experimental.tensor_float_32_execution_enabled(),
        expected=("False",),
        comparable=True,  # on the CPU, where it has no effect, Keras' own loop leaves it as it is
    ),
    Switch(
        framework="tensorflow",
        name="clusters of XLA in TensorFlow, unasked",
        answer=lambda tf: tf.config.optimizer.get_jit() or "none",
        expected=("none",),
    ),
    Switch(
        framework="tensorflow",
        name="graphs of TensorFlow run step by step",
        answer=lambda tf: tf.config.functions_run_eagerly(),
        expected=("False",),
    ),
    Switch(
        framework="jax",
        name="float64 in JAX",
        answer=lambda jax: jax.config.jax_enable_x64,
    ),
    Switch(
        framework="jax",
        name="precision of products in JAX",
        answer=lambda jax: jax.config.jax_default_matmul_precision,
        expected=("None", "float32", "highest"),
    ),
    Switch(
        framework="jax",
        name="compilation in JAX",
        answer=lambda jax: "none" if jax.config.jax_disable_jit else "on",
        expected=("on",),
    ),
    Switch(
        framework="jax",
        name="search for NaN in JAX",
        answer=lambda jax: jax.config.jax_debug_nans,
        expected=("False",),
    ),
    Switch(
        framework="numba",
        name="compilation in Numba",
        answer=lambda numba: "none" if numba.config.DISABLE_JIT else f"on, level {int(numba.config.OPT)}",
        expected=("on, level 3",),
    ),
    Switch(
        framework="sys",
        name="numbers below the smallest normal one",
        answer=lambda system: "kept" if system.float_info.min / 2 > 0 else "taken for 0",
        expected=("kept",),
    ),
)


def answers() -> dict[str, str]:
    """What every framework that this process has imported answers, by the name of the switch."""
    return {switch.name: text for switch, text in _answers()}


def departures() -> list[Departure]:
    """The answers that are not as they should be."""
    return [
        Departure(
            found=f"{switch.name}: {text}, expected {' or '.join(switch.expected)}",
            comparable=switch.comparable,
        )
        for switch, text in _answers()
        if switch.expected and text not in switch.expected
    ]


def _answers() -> Iterator[tuple[Switch, str]]:
    for switch in SWITCHES:
        framework = sys.modules.get(switch.framework)
        if framework is not None:
            with suppress(AttributeError, ImportError):  # another version of it may not know the question
                yield switch, str(switch.answer(framework))
