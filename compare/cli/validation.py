"""Names of adapters and devices, held against those there are before anything is run."""

from collections.abc import Iterable
from typing import get_args

from adapters import declaration, declaration_reader, registered
from adapters.declaration_reader import AdapterBroken, AdapterMissing
from adapters.entry_points import NameTaken
from adapters.interface import Device
from compare.errors import UsageError, known
from compare.machine.devices import device_of, gpus


def known_adapters(names: Iterable[str]) -> None:
    """Find every name registered, and once, or a "module:Class" that is there; nothing is imported.

    Raises: UsageError with the near matches.
    """
    for name in names:
        if ":" not in name and name not in registered():
            _expect_no_module(name)
            known("adapter", name, registered())
        try:
            declaration(name)
        except NameTaken as error:
            raise UsageError(f"{error}, or name one of them as module:Class") from error
        except AdapterMissing as error:
            if ":" in name:
                raise UsageError(f"unknown adapter {name!r}: {error}") from error
        except AdapterBroken:
            pass  # its row will say why


def _expect_no_module(name: str) -> None:
    try:
        classes = declaration_reader.adapter_classes(name)
    except AdapterBroken:
        return
    raise UsageError(f"{name!r} is a module: name its class too, as in {name}:{next(iter(classes), 'Class')}")


def check_device(device: str, adapters: Iterable[str]) -> None:
    """Find the device on this machine, and one of the adapters able to use it.

    Raises: UsageError.
    """
    if device not in get_args(Device):
        raise UsageError(f"unknown device {device!r}: choose from {', '.join(get_args(Device))}")
    if device == "cpu":
        return
    if not gpus():
        raise UsageError(f"--device is {device!r}: no GPU was found (nvidia-smi -L lists none); leave it out")
    if not any(device_of(adapter, device) == device for adapter in adapters):
        raise UsageError(f"--device is {device!r}: no adapter that was named declares it, leave it out")
