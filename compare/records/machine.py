"""A kind of machine: what speeds depend on, under a short name that is the same on all of its kind."""

import json
from dataclasses import asdict, dataclass
from hashlib import sha256

from compare.records.environment import Environment

DIGITS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What a machine's speed depends on; nothing in it tells two hosts of a kind, their users or days apart.

    `usable_cores` are those whose time a run may use; `blas` is NumPy's library for matrix products with
    its kernel, `device` the CPU or the names of the GPUs. What is not known is empty or 0.
    Units: `memory_gibibytes` rounded, as two of a kind differ by what the system keeps for itself.
    """

    cpu: str
    flags: tuple[str, ...]
    physical_cores: int
    logical_cores: int
    usable_cores: float
    memory_gibibytes: int
    blas: str
    device: str = "cpu"

    @property
    def fingerprint(self) -> str:
        """The same for all machines of the kind, and for no other."""
        return sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:DIGITS]

    @property
    def name(self) -> str:
        """For people: the CPU, its cores, a GPU, and the beginning of the fingerprint."""
        cores = f"{self.usable_cores:g} of {self.logical_cores} cores"
        parts = [self.cpu or "unknown CPU", cores, *([self.device] if self.device != "cpu" else [])]
        return f"{', '.join(parts)} ({self.fingerprint[:6]})"


def machine_of(environment: Environment, blas: str, device: str) -> Machine:
    """The kind of the machine that an environment is of; `device` is the one that was asked for."""
    allowed = len(environment.affinity) or environment.logical_cores
    quota = environment.quota_cores
    names = " and ".join(sorted(set(environment.gpus)))
    return Machine(
        cpu=environment.cpu,
        flags=tuple(environment.flags),
        physical_cores=environment.physical_cores,
        logical_cores=environment.logical_cores,
        usable_cores=float(allowed if quota is None else min(allowed, quota)),
        memory_gibibytes=round((environment.memory_bytes or 0) / 2**30),
        blas=blas,
        device=device if device == "cpu" else names or device,
    )
