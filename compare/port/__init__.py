"""A user's own two programs: the first place where they part, and why."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from compare.port.programs.jax_program import JaxProgram
    from compare.port.programs.keras_program import KerasProgram
    from compare.port.programs.numpy_program import NumpyProgram
    from compare.port.programs.spec_program import SpecProgram
    from compare.port.programs.torch_program import TorchProgram
    from compare.port.testing import assert_same_training

__all__ = [
    "JaxProgram",
    "KerasProgram",
    "NumpyProgram",
    "SpecProgram",
    "TorchProgram",
    "assert_same_training",
]

_MODULES = {
    "JaxProgram": "programs.jax_program",
    "KerasProgram": "programs.keras_program",
    "NumpyProgram": "programs.numpy_program",
    "SpecProgram": "programs.spec_program",
    "TorchProgram": "programs.torch_program",
    "assert_same_training": "testing",
}


def __getattr__(name: str) -> Any:
    """Import a framework where its program is asked for, and no other."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
