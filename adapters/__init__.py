"""The registry of adapters: names, what they need, and how they are opened; imports no framework."""

import importlib
import importlib.util
import sys
from importlib import metadata
from pathlib import Path
from types import ModuleType

from adapters import declaration_reader
from adapters.declaration_reader import AdapterBroken
from adapters.entry_points import NameTaken, Plugin, registry, the_only
from adapters.interface import Adapter, Declaration

ADAPTERS: dict[str, str] = {
    "numpy": "adapters.numpy_backend.adapter:NumpyAdapter",
    "torch": "adapters.torch_backend.adapter:TorchAdapter",
    "tensorflow": "adapters.tensorflow_backend.adapter:TensorFlowAdapter",
}
"""Name -> "module:Class"."""

VARIANTS: dict[str, str] = {
    "numba": "adapters.numba_backend.adapter:NumbaAdapter",
    "keras-tensorflow": "adapters.keras_backend.adapter:KerasTensorFlowAdapter",
    "keras-torch": "adapters.keras_backend.adapter:KerasTorchAdapter",
    "keras-jax": "adapters.keras_backend.adapter:KerasJaxAdapter",
    "torch-autograd": "adapters.torch_backend.autograd:TorchAutogradAdapter",
    "torch-compile": "adapters.torch_backend.compiled:TorchCompileAdapter",
    "tensorflow-graph": "adapters.tensorflow_backend.graph:TensorFlowGraphAdapter",
}
"""Other ways of using the same frameworks, run only when they are asked for."""

GROUP = "lockstep.adapters"
"""The entry points by which other packages add adapters."""


class AdapterUnavailable(Exception):  # noqa: N818 - reads as the fact that it states
    """An adapter's framework is not installed; the message says how to install it."""


def registered() -> dict[str, tuple[Plugin, ...]]:
    """Every adapter there is by name, those of installed packages last."""
    return registry(GROUP, {**ADAPTERS, **VARIANTS})


def default_names() -> tuple[str, ...]:
    """Those that run when none is named: no variant, and no plugin whose framework is not installed."""
    return tuple(
        name for name in registered() if name not in VARIANTS and (name in ADAPTERS or _present(name))
    )


def target(name: str) -> str:
    """The "module:Class" of a registered adapter; what is one already is itself.

    Raises: KeyError for an unknown name; NameTaken for one that two packages claim.
    """
    return name if ":" in name else the_only(registered()[name]).target


def declaration(name: str) -> Declaration:
    """What an adapter declares, read from its source without importing it.

    Raises: as `target`; AdapterBroken.
    """
    return declaration_reader.declaration(target(name))


def version(name: str) -> str:
    """The version of an adapter's framework, found without importing it; empty where nobody stated it.

    Raises: AdapterUnavailable that says how to install what is missing; as `declaration`.
    """
    distribution = declaration(name).distribution
    try:
        return metadata.version(distribution) if distribution else ""
    except metadata.PackageNotFoundError:
        raise AdapterUnavailable(f"{distribution} is not installed: pip install {distribution}") from None


def open_adapter(name: str) -> type[Adapter]:
    """Import the module of an adapter, and return the class.

    Raises: TypeError where it is no subclass of Adapter, or one that lacks a method.
    """
    module, _, attribute = target(name).rpartition(":")
    adapter = getattr(
        _import_file(module) if module.endswith(".py") else importlib.import_module(module), attribute
    )
    if not (isinstance(adapter, type) and issubclass(adapter, Adapter)):
        raise TypeError(f"{name} is {adapter!r}: it must be a subclass of adapters.interface.Adapter")
    if adapter.__abstractmethods__:
        raise TypeError(
            f"{name} lacks {', '.join(sorted(adapter.__abstractmethods__))}: write what is missing"
        )
    return adapter


def _import_file(path: str) -> ModuleType:
    """Import a file that is in no package; modules beside it can be imported from it."""
    name = f"lockstep_file_{Path(path).stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.append(str(Path(path).parent.resolve()))
    spec.loader.exec_module(module)
    return module


def _present(name: str) -> bool:
    try:
        version(name)
    except AdapterUnavailable:
        return False
    except (AdapterBroken, NameTaken):  # for the run to show
        return True
    return True
