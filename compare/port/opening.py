"""A user's file, imported under the dtypes that were asked for."""

import importlib.util
import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

from compare.port.records.interface import Program

DTYPES = ("float64", "float32")


class WrongProgram(Exception):  # noqa: N818 - reads as the fact that it states
    """What a user named is not there, or not a program; one line says what, and what to do."""


def set_default_dtype(dtype: str) -> None:
    """Have every framework that is imported from now on begin with this dtype; those that are, change.

    An optimizer's rate that is kept in float32 alone breaks 1e-10, so this precedes the user's file.
    """
    for name, setter in _SETTERS.items():
        if name in sys.modules:
            setter(sys.modules[name], dtype)
    _Defaults.dtype = dtype
    if not any(isinstance(each, _Defaults) for each in sys.meta_path):
        sys.meta_path.insert(0, _Defaults())


class _Defaults:
    """Sets a framework's default dtype as soon as it is imported."""

    dtype = "float64"
    looking = False

    @classmethod
    def find_spec(cls, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        setter = _SETTERS.get(name)
        if setter is None or cls.looking:
            return None
        cls.looking = True
        try:
            spec = importlib.util.find_spec(name)
        finally:
            cls.looking = False
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def then_set(module: ModuleType) -> None:
                execute(module)
                setter(module, cls.dtype)

            spec.loader.exec_module = then_set  # type: ignore[method-assign]
        return spec


def _set_torch(torch: Any, dtype: str) -> None:
    torch.set_default_dtype(getattr(torch, dtype))
    torch.set_num_threads(1)


def _set_keras(keras: Any, dtype: str) -> None:
    keras.utils.clear_session()  # else a model that is made again has layers of other names
    keras.config.set_floatx(dtype)
    keras.config.set_dtype_policy(dtype)  # which would keep the one before


def _set_jax(jax: Any, dtype: str) -> None:
    jax.config.update("jax_enable_x64", dtype == "float64")


_SETTERS: dict[str, Callable[[Any, str], None]] = {"torch": _set_torch, "keras": _set_keras, "jax": _set_jax}


def seed_everything(seed: int) -> None:
    """Seed the random numbers of every framework that is imported."""
    import random  # noqa: PLC0415

    import numpy as np  # noqa: PLC0415

    random.seed(seed)
    np.random.seed(seed)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)
    if "keras" in sys.modules:
        sys.modules["keras"].utils.set_random_seed(seed)


class UserFile:
    """A user's `file.py:function` or `module:function`; every `load` runs it anew.

    Raises: WrongProgram.
    """

    def __init__(self, name: str) -> None:
        place, colon, function = name.rpartition(":")
        if not colon or not function:
            raise WrongProgram(f"{name!r} names no function: write file.py:function or module:function")
        self.place, self.function = place, function
        self._module: ModuleType | None = None

    def load(self) -> None:
        """Run the file."""
        spec = self._spec()
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        assert spec.loader is not None
        try:
            spec.loader.exec_module(module)
        except Exception as error:
            raise WrongProgram(f"{self.place} does not import: {type(error).__name__}: {error}") from error
        self._module = module

    def program(self) -> Program:
        """What its function returns."""
        function = getattr(self._module, self.function, None)
        if not callable(function):
            raise WrongProgram(
                f"{self.place} has no function {self.function!r}: define one that returns a program"
            )
        try:
            program = function()
        except Exception as error:
            raise WrongProgram(
                f"{self.function}() in {self.place} raised {type(error).__name__}: {error}"
            ) from error
        if not isinstance(program, Program):
            raise WrongProgram(
                f"{self.function}() in {self.place} returned a {type(program).__name__}: "
                "return a TorchProgram, KerasProgram, JaxProgram, NumpyProgram or SpecProgram of compare.port"
            )
        return program

    def data(self) -> Any:
        """What its `data()` returns; None where it has none."""
        function = getattr(self._module, "data", None)
        if not callable(function):
            return None
        try:
            return function()
        except Exception as error:
            raise WrongProgram(f"data() in {self.place} raised {type(error).__name__}: {error}") from error

    def _spec(self) -> ModuleSpec:
        if self.place.endswith(".py") or "/" in self.place:
            path = Path(self.place).resolve()
            if not path.is_file():
                raise WrongProgram(f"there is no file {self.place}")
            root, name = _within_its_package(path)
            for folder in dict.fromkeys((path.parent, root)):
                if str(folder) not in sys.path:
                    sys.path.insert(0, str(folder))
            spec = importlib.util.spec_from_file_location(name, path)
        else:
            try:
                spec = importlib.util.find_spec(self.place)
            except (ImportError, ValueError) as error:
                raise WrongProgram(f"there is no module {self.place}: {error}") from error
        if spec is None or spec.loader is None:
            raise WrongProgram(f"there is no module {self.place}: name a file as file.py:function")
        return spec


def _within_its_package(path: Path) -> tuple[Path, str]:
    """The folder that a file's outermost package lies in, and its name from there: for relative imports."""
    folder, name = path.parent, path.stem
    while (folder / "__init__.py").is_file():
        folder, name = folder.parent, f"{folder.name}.{name}"
    return folder, name
