"""Files of weights: arrays by name in, arrays by name out."""

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from adapters.interface import Array
from compare.errors import UsageError


def read_weights(path: Path) -> dict[str, Array]:
    """The arrays of a file.

    Raises: UsageError where it cannot be read, or the library for it is not installed.
    """
    try:
        return _format(path)[0](path)
    except ImportError as error:
        raise UsageError(f"{path}: {error.name} is not installed: pip install {error.name}") from error
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise UsageError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error
    except Exception as error:  # each library has its own
        raise UsageError(f"{path} is no file of weights: {type(error).__name__}") from error


def content_of(path: Path, arrays: Mapping[str, Array]) -> bytes:
    """What a file of this name holds where it holds these arrays.

    Raises: UsageError where the library for it is not installed.
    """
    try:
        return _format(path)[1](arrays)
    except ImportError as error:
        raise UsageError(f"{path}: {error.name} is not installed: pip install {error.name}") from error


def _format(path: Path) -> tuple[Callable[[Path], dict[str, Array]], Callable[[Mapping[str, Array]], bytes]]:
    return next(found for ending, found in _FORMATS.items() if str(path).endswith(ending))


def _read_npz(path: Path) -> dict[str, Array]:
    with np.load(path, allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def _npz(arrays: Mapping[str, Array]) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)  # type: ignore[arg-type]
    return stream.getvalue()


def _read_safetensors(path: Path) -> dict[str, Array]:
    from safetensors.numpy import load  # noqa: PLC0415 - an extra

    found: dict[str, Array] = load(path.read_bytes())
    return found


def _safetensors(arrays: Mapping[str, Array]) -> bytes:
    from safetensors.numpy import save  # noqa: PLC0415

    content: bytes = save({name: np.ascontiguousarray(value) for name, value in arrays.items()})
    return content


def _read_h5(path: Path) -> dict[str, Array]:
    import h5py  # noqa: PLC0415 - comes with Keras

    found: dict[str, Array] = {}

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and not name.startswith("optimizer"):
            found[name] = np.array(item)

    with h5py.File(path, "r") as stored:
        stored.visititems(visit)
    return found


def _h5(arrays: Mapping[str, Array]) -> bytes:
    import h5py  # noqa: PLC0415

    stream = io.BytesIO()
    with h5py.File(stream, "w") as stored:
        for name, value in arrays.items():
            stored.create_dataset(name, data=value)
    return stream.getvalue()


def _read_state_dict(path: Path) -> dict[str, Array]:
    from compare.port.state_dict import read  # noqa: PLC0415 - imports torch

    return read(path)


def _state_dict(arrays: Mapping[str, Array]) -> bytes:
    from compare.port.state_dict import content  # noqa: PLC0415

    return content(arrays)


_FORMATS = {
    ".npz": (_read_npz, _npz),
    ".safetensors": (_read_safetensors, _safetensors),
    ".h5": (_read_h5, _h5),
    ".pt": (_read_state_dict, _state_dict),
    ".pth": (_read_state_dict, _state_dict),
}
ENDINGS = tuple(_FORMATS)
