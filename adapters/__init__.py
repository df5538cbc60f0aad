"""The registry of adapters: names, what they need, and how they are opened; imports no framework."""

import importlib
from importlib import metadata

from adapters.interface import Adapter
from adapters.kernels import kernel_variables

ADAPTERS: dict[str, str] = {
    "numpy": "adapters.numpy_adapter:NumpyAdapter",
    "torch": "adapters.torch_adapter:TorchAdapter",
    "tensorflow": "adapters.tensorflow_adapter:TensorFlowAdapter",
}
"""Name -> "module:Class"."""

DISTRIBUTIONS: dict[str, str] = {name: name for name in ADAPTERS}
"""Name -> the installed distribution whose version speaks for the framework."""

_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
)


class AdapterUnavailable(Exception):  # noqa: N818 - reads as the fact that it states
    """An adapter's framework is not installed; the message says how to install it."""


def version(name: str) -> str:
    """The version of an adapter's framework, found without importing it; empty where nobody stated it.

    Raises: AdapterUnavailable that says how to install what is missing.
    """
    distribution = DISTRIBUTIONS.get(name)
    if distribution is None:
        return ""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        raise AdapterUnavailable(f"{distribution} is not installed: pip install {distribution}") from None


def open_adapter(name: str) -> type[Adapter]:
    """Import the module of a registered adapter or of a "module:Class", and return the class.

    Raises: TypeError where it is no subclass of Adapter.
    """
    module, _, attribute = ADAPTERS.get(name, name).partition(":")
    adapter = getattr(importlib.import_module(module), attribute)
    if not (isinstance(adapter, type) and issubclass(adapter, Adapter)):
        raise TypeError(f"{name} is {adapter!r}: it must be a subclass of adapters.interface.Adapter")
    return adapter


def environment(name: str, threads: int) -> dict[str, str]:
    """The variables that must stand in the environment of an adapter's worker before anything is imported."""
    return {
        **kernel_variables(),
        **dict.fromkeys(_THREAD_VARIABLES, str(threads)),
        "TF_NUM_INTEROP_THREADS": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
