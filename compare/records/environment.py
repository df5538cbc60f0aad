"""The machine and the moment."""

from dataclasses import dataclass, field
from typing import Literal

Treatment = Literal["removed", "set", "kept", "passed"]
"""What becomes of a variable in workers; one that passed changes nothing that counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inherited:
    """A variable that the run was started with and that some library reads; workers kept it, or did not."""

    name: str
    value: str
    treatment: Treatment
    read_by: str
    changes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """The machine and the moment.

    `threads` is the number given to every worker. What cannot be read is None. `inherited` is what the user's
    shell had set, `limits` what it allows less of than the machine has, `gpus` the names of those there are.
    Units: cores for what kept the machine busy, on average: just before the run, and by others than it
    during the run; `stolen_cores` went to other guests of the same host.
    """

    date: str
    command: str
    lockstep: str
    python: str
    system: str
    cpu: str
    physical_cores: int
    logical_cores: int
    memory_bytes: int | None
    threads: int
    preset: str
    flags: list[str] = field(default_factory=list)
    affinity: list[int] = field(default_factory=list)
    governor: str | None = None
    megahertz: float | None = None
    quota_cores: float | None = None
    memory_limit_bytes: int | None = None
    busy_cores_before: float | None = None
    busy_cores_of_others: float | None = None
    stolen_cores: float | None = None
    throttled_seconds: float | None = None
    load_before: float | None = None
    load_after: float | None = None
    inherited: list[Inherited] = field(default_factory=list)
    limits: dict[str, str] = field(default_factory=dict)
    gpus: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interruption:
    """Where a run was broken off, and what it went on in.

    `during` says what was under way and `then` what became of it, `versions` those of the adapters'
    frameworks since then, `changed` what is no longer as it was before.
    """

    during: str
    environment: Environment
    versions: dict[str, str]
    changed: list[str]
    then: str = ""
