"""Names of adapters and devices, checked against those there are before anything runs."""

from collections.abc import Iterable
from typing import get_args

from adapters import declaration, declaration_reader, registered
from adapters.declaration_reader import AdapterBroken, AdapterMissing
from adapters.entry_points import NameTaken
from adapters.interface import Device
from compare.errors import UsageError, check_choice
from compare.machine.devices import device_of, gpus
from compare.text import storable


def check_adapter_names(names: Iterable[str]) -> None:
    """Raise if a name is not registered, registered twice, or a "module:Class" that is not there.

    No adapter is imported.

    Raises: UsageError with the near matches.
    """
    for name in names:
        if storable(name) != name:
            raise UsageError(f"adapter {name} has a name that is no valid text: rename its file")
        if ":" not in name and name not in registered():
            _expect_no_module(name)
            check_choice("adapter", name, registered())
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
    """Raise if this machine has no such device, or none of the adapters can use it.

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
