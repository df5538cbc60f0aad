"""Which kind of machine this is, and how it is noted in the records of what runs here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from compare.machine.versions import framework_versions
from compare.records.block import Block, BlockResult
from compare.records.environment import Environment
from compare.records.machine import Machine, machine_of
from compare.records.run import Run
from compare.runner.blas_kernels import blas_of_workers


def this_machine(environment: Environment, device: str) -> Machine:
    """The kind of this machine, as workers on the device that was asked for find it."""
    return machine_of(environment, blas_of_workers(), device)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a block runs, for its records to name; `versions` of frameworks by adapter."""

    machine: Machine
    environment: Environment
    versions: Mapping[str, str]

    def marked(self, runs: Iterable[Run]) -> tuple[Run, ...]:
        """The records with the machine, the versions and the threads."""
        name, surroundings = self.machine.fingerprint, self.environment
        return tuple(
            replace(
                run,
                machine=name,
                lockstep=surroundings.lockstep,
                version=self.versions[run.adapter],
                threads=surroundings.threads,
            )
            for run in runs
        )

    def result(self, runs: Iterable[Run], logs: Mapping[str, str]) -> BlockResult:
        """What comes out of the block."""
        return BlockResult(
            environment=self.environment, machine=self.machine, runs=self.marked(runs), logs=logs
        )


def origin_of(block: Block, surroundings: Environment) -> Origin:
    """This machine, with the frameworks that the block's adapters need."""
    installed = framework_versions(block.single_adapters)
    return Origin(
        machine=this_machine(surroundings, block.device),
        environment=surroundings,
        versions={name: installed.get(block.twins.get(name, name), "") for name in block.adapters},
    )
