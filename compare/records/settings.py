"""What a run was asked for, and how much may be asked for."""

from dataclasses import dataclass
from pathlib import Path

from compare.records.accuracy import RecipeName
from tasks.interface import DataRequest, Preset


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the command line says; None leaves the choice to the preset or the task, or sets no limit.

    `tasks` are names, or the paths of jobs' files; `changes` are made of each of them.
    `cluster` is the address of the scheduler whose machines take the blocks; there, unless threads were asked
    for, each block has `all_cores` of its machine, whatever `threads` says.
    `left_out` are the tasks that `all` leaves out in this preset; `recipes` are those for accuracy that are
    followed or, where it says `choose`, chosen again; `resume` goes on with the run that `out` holds, and
    `retry_failed` with what has failed there.
    """

    tasks: tuple[str, ...]
    adapters: tuple[str, ...]
    preset: Preset
    seeds: int | None
    epochs: int | None
    threads: int
    data: DataRequest
    out: Path
    overwrite: bool
    left_out: tuple[str, ...] = ()
    tutorials: bool = False
    recipes: tuple[RecipeName, ...] = ()
    choose: bool = False
    rounds: int | None = None
    warm_ups: int | None = None
    baseline: str | None = None
    self_test: bool = False
    html: bool = False
    quiet: bool = False
    timeout_seconds: float | None = None
    memory_limit_mebibytes: int | None = None
    resume: bool = False
    retry_failed: bool = False
    device: str = "cpu"
    changes: tuple[str, ...] = ()
    save: bool = False
    cluster: str | None = None
    all_cores: bool = False

    @property
    def twins(self) -> dict[str, str]:
        """The second names under which adapters run once more, in a self-test."""
        return {f"{name} (again)": name for name in self.adapters} if self.self_test else {}

    @property
    def memory_limit_bytes(self) -> int | None:
        return None if self.memory_limit_mebibytes is None else self.memory_limit_mebibytes * 2**20
