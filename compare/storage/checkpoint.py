"""What a cell goes on from if it is broken off: the states of its adapters after an epoch, in one file."""

import io
from pathlib import Path
from zipfile import ZipFile

import numpy as np

from adapters.interface import Array
from compare.records.block import Snapshot
from compare.storage.atomic import write_bytes

NAME = "running.npz"
_HEADING = "heading"


def write(folder: Path, snapshot: Snapshot) -> None:
    """Have the snapshot in the file, in one step, in place of the one before."""
    heading = np.array([snapshot.task, str(snapshot.seed), str(snapshot.epochs), *snapshot.states])
    arrays = {_HEADING: heading}
    for place, state in enumerate(snapshot.states.values()):
        arrays.update({f"{place} {name}": value for name, value in state.items()})
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **arrays)
    write_bytes(folder / NAME, stream.getvalue())


def read(folder: Path) -> Snapshot | None:
    """The snapshot that is there; None where there is no file, or it is not whole or something else."""
    try:
        arrays = _arrays(folder / NAME)
        task, seed, epochs, *adapters = arrays.pop(_HEADING).tolist()
        states: dict[str, dict[str, Array]] = {adapter: {} for adapter in adapters}
        for key, value in arrays.items():
            place, _, name = key.partition(" ")
            states[adapters[int(place)]][name] = value
        return Snapshot(task=task, seed=int(seed), epochs=int(epochs), states=states)
    except Exception:  # whatever bytes of any kind make a reader of archives raise: then it is no snapshot
        return None


def clear(folder: Path) -> None:
    """Let nobody go on from here."""
    (folder / NAME).unlink(missing_ok=True)


def _arrays(path: Path) -> dict[str, Array]:
    """The arrays of an archive; none may claim more than the file has, so that nothing is unpacked at length.

    Checksums are those of the archive, and no array may hold objects.
    """
    if not path.is_file():
        raise ValueError(f"{path} is no file that can be read")
    with ZipFile(path) as archive:
        entries = archive.infolist()
        if sum(entry.file_size for entry in entries) > path.stat().st_size:
            raise ValueError(f"{path} claims more than it has")
        return {
            entry.filename.removesuffix(".npy"): np.lib.format.read_array(
                io.BytesIO(archive.read(entry)), allow_pickle=False
            )
            for entry in entries
        }
