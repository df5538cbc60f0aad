"""Where the time of an update goes, and which kernels ran."""

from dataclasses import dataclass, field

from compare.records.run import ProductRate, Status

FRAMEWORK = "the framework"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """A kernel or operator, how often it ran in an update, and who says so.

    `compiled`: it stands so often in a compiled program, and may run more often, as loops do.
    """

    name: str
    times: float
    said_by: str
    compiled: bool = False

    @property
    def counted_by_framework(self) -> bool:
        return not self.compiled and self.said_by == FRAMEWORK


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One adapter on one task: an update, and the parts of one by themselves, in alternating turns.

    `calls` is an update of a vanishing model, two hidden units and one sequence of as many steps; every other
    part is what it takes at its own size above what it takes at the size of two numbers, or one row. Parts
    are empty where the adapter's library was not timed. `training` is an update in training turns of the same
    run. `operations` are those of an update's products, 0 where these are not in float32, of which the
    machine's rate is; that is taken on the CPU alone. `kernels` are from a process that timed nothing,
    `libraries` say which CPUs theirs are for, `warnings` what of all this slows training down, and
    `kernels_error` why nothing is known; `status` and `error` say why there are no times.

    `machine` is the fingerprint of the kind of machine, empty where that was not recorded.

    Units: seconds of an update, round by round.
    """

    task: str
    adapter: str
    threads: int
    device: str = "cpu"
    whole: list[float] = field(default_factory=list)
    calls: list[float] = field(default_factory=list)
    products: list[float] = field(default_factory=list)
    functions: list[float] = field(default_factory=list)
    optimizer: list[float] = field(default_factory=list)
    indexing: list[float] = field(default_factory=list)
    training: list[float] = field(default_factory=list)
    operations: int = 0
    product_rate: ProductRate | None = None
    kernels: list[Kernel] = field(default_factory=list)
    libraries: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    status: Status = "ok"
    error: str | None = None
    kernels_error: str | None = None
    machine: str = ""
