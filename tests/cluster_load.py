"""What a cluster costs for each block, measured: `python -m tests.cluster_load 1000 --workers 8`.

Blocks are simulated: a worker answers at once with the records of a real block, so that what is left is the
work of the cluster, and of the command that has each block's records on disk as it ends. For the page on
paper in `compare/cluster/README.md`; nothing is asserted.
"""

import argparse
import os
import tempfile
import time
from dataclasses import replace
from functools import cache
from pathlib import Path

import psutil
from rich.console import Console
from rich.progress import Progress

from compare.cli.cluster_stages import cluster_stages
from compare.cli.options import settings
from compare.cli.plan import TIMINGS
from compare.cluster import dispatch
from compare.cluster.cluster import open_cluster
from compare.cluster.kinds import BlockFound, BlockWanted
from compare.cluster.messages import Answer, Work, decode, encode
from compare.parity.task_parity import without_result
from compare.records.block import Block
from compare.records.results import Results
from compare.runner.block import run_block
from compare.runner.worker_process import WorkerFailed
from compare.storage.journal import ResultsStore
from compare.storage.results import load, save
from tasks.interface import DataRequest

ADAPTERS = ("numpy", "torch", "tensorflow", "jax")
IDLE_SECONDS = 10.0


def block(seed=0, adapters=ADAPTERS):
    """A block as a quick run has it."""
    return Block(
        task="sine-lstm", data=DataRequest(), seed=seed, epochs=25, rounds=6, adapters=adapters, threads=1,
        timeout_seconds=60.0, processes=3, timing=TIMINGS["quick"],
    )  # fmt: skip


def real_block():
    """What a quick block comes to, NumPy's records under four names, and how long that one took."""
    begin = time.monotonic()
    result = run_block(block(adapters=("numpy",)))
    seconds = time.monotonic() - begin
    (run,) = result.runs
    return replace(result, runs=tuple(replace(run, adapter=name) for name in ADAPTERS)), seconds


@cache
def prepared(path):
    return Path(path).read_bytes()


def answer_at_once(message):
    """On a worker: the records that were prepared."""
    work = decode(message, Work)
    found = prepared(os.environ["LOCKSTEP_LOAD"])
    return encode(Answer(lockstep=work.lockstep, versions=work.versions, found=found))


def used():
    """Processor seconds and memory of this process, which is the command and the scheduler."""
    process = psutil.Process()
    times = process.cpu_times()
    return times.user + times.system, process.memory_info().rss


class Seeded:
    """A cluster whose blocks come back with the seeds that they were given with."""

    def __init__(self, cluster):
        self._cluster = cluster

    def __getattr__(self, name):
        return getattr(self._cluster, name)

    def outcomes(self, kind, told):
        for outcome in self._cluster.outcomes(kind, told):
            _, wanted = told[outcome.place]
            result = outcome.found.result
            runs = tuple(replace(run, seed=wanted.block.seed) for run in result.runs)
            yield replace(outcome, found=BlockFound(result=replace(result, runs=runs)))


def measure(cluster, environment, count):
    """One line of the table: what so many blocks take, from the first given out to the last on disk."""
    blocks = [block(seed) for seed in range(count)]
    left_out = without_result(blocks[0].task, ADAPTERS[0], WorkerFailed("failed", "lockstep is left out"))
    results = Results(environment=environment, tasks=[], runs=[], proofs=[left_out])
    silent = Progress(disable=True, console=Console(quiet=True))
    with tempfile.TemporaryDirectory() as folder:
        chosen, store = settings(adapters=",".join(ADAPTERS), out=folder), ResultsStore(Path(folder))
        begin, (cpu, memory) = time.monotonic(), used()
        for results in cluster_stages(chosen, blocks, {}, results, Seeded(cluster), silent):  # noqa: B020 - they grow
            store.keep(results)
        seconds, (cpu_after, memory_after) = time.monotonic() - begin, used()
        assert len(results.runs) == count * len(ADAPTERS)
        begin = time.monotonic()
        save(results, Path(folder))
        save_seconds, size = time.monotonic() - begin, (Path(folder) / "results.json").stat().st_size
        begin = time.monotonic()
        load(Path(folder))
        load_seconds = time.monotonic() - begin
    return (
        f"| {count:,} | {1000 * seconds / count:.1f} | {1000 * (cpu_after - cpu) / count:.1f} "
        f"| {(memory_after - memory) / count / 2**10:.0f} | {size / count / 2**10:.0f} "
        f"| {save_seconds:.2f} | {load_seconds:.2f} |"
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int)
    parser.add_argument("--workers", type=int, default=8)
    chosen = parser.parse_args()
    result, seconds = real_block()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "found"
        path.write_bytes(encode(BlockFound(result=result)))
        os.environ["LOCKSTEP_LOAD"] = str(path)
        dispatch.perform = answer_at_once
        told = len(encode(BlockWanted(block=block())))
        print(
            f"a block: {told:,} bytes to the worker, {path.stat().st_size:,} back; "
            f"a real one of numpy alone: {seconds:.1f} s"
        )
        with open_cluster(f"local:{chosen.workers}", ADAPTERS, 1, {}, print) as cluster:
            before, _ = used()
            time.sleep(IDLE_SECONDS)
            after, _ = used()
            idle = 1000 * (after - before) / IDLE_SECONDS / chosen.workers
            print(f"idle: {idle:.2f} ms of the scheduler's processor a second and worker")
            print(
                "| blocks | ms a block | ms of the command's processor | KiB in memory | KiB on disk "
                "| s a save | s to read |"
            )
            print("|---:|---:|---:|---:|---:|---:|---:|")
            print(measure(cluster, result.environment, chosen.count))


if __name__ == "__main__":
    from tests.cluster_load import main as measured  # so that workers find the functions under their name

    measured()
