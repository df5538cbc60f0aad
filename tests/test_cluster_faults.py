"""What happens to machines and networks, with a scheduler and workers as the guide starts them."""

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager

import pytest
from dask import config

from compare.storage.results import load
from tests.commands import (
    LONGEST_SECONDS,
    ROOT,
    assert_refused,
    command,
    command_line,
    learned,
    marked,
    start,
    wait_until,
)
from tests.dask_processes import dask, free_port, scheduler, wait_for_port, wait_for_workers, worker

pytestmark = [pytest.mark.exhaustive, pytest.mark.xdist_group("cluster")]
LONGER = (
    *("run", "sine-online", "--adapters", "numpy", "--seeds", 4),
    *("--epochs", 2000, "--rounds", 4, "--threads", 1),
)
NEEDS_NAMESPACES = pytest.mark.skipif(
    shutil.which("unshare") is None
    or subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode != 0,
    reason="no namespace of its own can be had for a mount",
)


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """What a run without a cluster learns."""
    out = tmp_path_factory.mktemp("without")
    ended = command(*LONGER, "--out", out)
    assert ended.code == 0, ended
    return [learned(run) for run in load(out).runs]


@contextmanager
def cluster(mark, *workers):
    """A scheduler and workers with these options each; its address."""
    with ExitStack() as stack:
        address = stack.enter_context(scheduler())
        for options in workers:
            stack.enter_context(worker(address, *options, mark=mark))
        wait_for_workers(address, len(workers))
        yield address


def finished(out):
    return load(out).runs if (out / "results.json").exists() else []


def end_of(process, out, expected):
    said, errors = process.communicate(timeout=LONGEST_SECONDS)
    assert process.returncode == 0, (said, errors)
    assert [learned(run) for run in load(out).runs] == expected
    return " ".join(said.split())


def test_workers_with_and_without_a_nanny_start_frameworks(tmp_path, expected):
    with (
        cluster(tmp_path, (), ("--no-nanny",)) as address,
        start(*LONGER, "--cluster", address, "--out", tmp_path) as process,
    ):
        end_of(process, tmp_path, expected)
        wait_until(lambda: not frameworks(tmp_path), "the end of all frameworks' processes")


def frameworks(mark):
    """The processes of frameworks that carry a mark."""
    return [each for each in marked(mark) if "compare.runner.worker" in command_line(each)]


def test_blocks_that_are_called_off_end_on_their_machines(tmp_path):
    with (
        cluster(tmp_path, (), ("--no-nanny",)) as address,
        start(*LONGER, "--cluster", address, "--out", tmp_path / "out") as process,
    ):
        wait_until(lambda: len(frameworks(tmp_path)) >= 2, "blocks on both workers")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=LONGEST_SECONDS)
        assert process.returncode == 130
        wait_until(lambda: not frameworks(tmp_path), "the end of all frameworks' processes")


def test_blocks_of_a_command_that_was_killed_end_on_their_machines(tmp_path):
    with (
        cluster(tmp_path, (), ("--no-nanny",)) as address,
        start(*LONGER, "--cluster", address, "--out", tmp_path / "out") as process,
    ):
        wait_until(lambda: len(frameworks(tmp_path)) >= 2, "blocks on both workers")
        process.kill()
        wait_until(lambda: not frameworks(tmp_path), "the end of all frameworks' processes")


def test_a_run_that_was_killed_goes_on_with_another_cluster(tmp_path, expected):
    with start(*LONGER, "--cluster", "local:2", "--out", tmp_path, mark=tmp_path) as process:
        wait_until(lambda: finished(tmp_path), "the first block")
        process.kill()
    wait_until(lambda: not marked(tmp_path), "the end of all workers")
    done = load(tmp_path).runs
    with start("run", "--resume", tmp_path, "--cluster", "local:1") as process:
        end_of(process, tmp_path, expected)
    assert [run for run in load(tmp_path).runs if run.seed in {each.seed for each in done}] == done


def test_a_scheduler_that_is_started_anew_costs_no_block(tmp_path, expected):
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    with ExitStack() as stack:
        with scheduler(port), worker(address), worker(address, "--no-nanny"):
            wait_for_workers(address, 2)
            process = stack.enter_context(start(*LONGER, "--cluster", address, "--out", tmp_path))
            wait_until(lambda: finished(tmp_path), "the first block")
        stack.enter_context(scheduler(port))
        stack.enter_context(worker(address))
        said = end_of(process, tmp_path, expected)
    assert "the scheduler is lost: waiting for it" in said


@contextmanager
def proxy(port, to):
    """A process that passes everything on from a port to another."""
    code = (
        "import asyncio, sys\n"
        "async def copy(reader, writer):\n"
        "    try:\n"
        "        while data := await reader.read(65536):\n"
        "            writer.write(data); await writer.drain()\n"
        "    except OSError: pass\n"
        "    finally: writer.close()\n"
        "async def serve(reader, writer):\n"
        "    there, back = await asyncio.open_connection('127.0.0.1', int(sys.argv[2]))\n"
        "    await asyncio.gather(copy(reader, back), copy(there, writer))\n"
        "async def main():\n"
        "    server = await asyncio.start_server(serve, '127.0.0.1', int(sys.argv[1]))\n"
        "    await server.serve_forever()\n"
        "asyncio.run(main())\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(port), str(to)], stderr=subprocess.DEVNULL)
    try:
        wait_for_port(port)
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_network_that_is_silent_for_a_minute_costs_nothing(tmp_path, expected):
    port = free_port()
    with (
        cluster(tmp_path, (), ()) as address,
        proxy(port, address.rpartition(":")[2]) as between,
        start(*LONGER, "--cluster", f"tcp://127.0.0.1:{port}", "--out", tmp_path) as process,
    ):
        wait_until(lambda: finished(tmp_path), "the first block")
        between.send_signal(signal.SIGSTOP)
        time.sleep(60)
        between.send_signal(signal.SIGCONT)
        end_of(process, tmp_path, expected)
    assert load(tmp_path).cluster.again == []


def test_a_network_that_is_cut_costs_no_block(tmp_path, expected):
    port = free_port()
    with cluster(tmp_path, (), ()) as address, ExitStack() as stack:
        to = address.rpartition(":")[2]
        with proxy(port, to):
            process = stack.enter_context(
                start(*LONGER, "--cluster", f"tcp://127.0.0.1:{port}", "--out", tmp_path)
            )
            wait_until(lambda: finished(tmp_path), "the first block")
        time.sleep(20)
        stack.enter_context(proxy(port, to))
        end_of(process, tmp_path, expected)


@contextmanager
def worker_in(script, address, mark):
    """A worker that begins after a line of shell, in a namespace whose mounts are its own."""
    begin = f"{script} && exec {sys.executable} -m dask worker {address} --nthreads 1 --resources block=1"
    process = subprocess.Popen(
        ["unshare", "--mount", "sh", "-c", begin],
        env={**os.environ, "PYTHONPATH": str(ROOT), "LOCKSTEP_TEST_RUN": str(mark)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(LONGEST_SECONDS)


@NEEDS_NAMESPACES
def test_a_full_disk_there_has_blocks_run_elsewhere(tmp_path, expected):
    small = tmp_path / "small"
    small.mkdir()
    mount = f"mount -t tmpfs -o size=8m none {small} && export TMPDIR={small}"
    with scheduler() as address, worker_in(mount, address, tmp_path), worker(address):
        wait_for_workers(address, 2)
        with start(*LONGER, "--cluster", address, "--out", tmp_path / "out") as process:
            end_of(process, tmp_path / "out", expected)
    assert any(f"{small} is full" in line for line in load(tmp_path / "out").cluster.again)


@NEEDS_NAMESPACES
def test_a_machine_without_the_data_has_blocks_run_elsewhere(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    rows = "".join(f"{step % 7},{step % 3}\n" for step in range(200))
    (folder / "load.csv").write_text("load,other\n" + rows)
    job = folder / "load.toml"
    job.write_text(
        '[data]\nfile = "load.csv"\n'
        'forecast = { columns = ["load"], target = "load", window = 4, horizon = 1 }\n'
    )
    run = ("run", job, "--adapters", "numpy", "--seeds", 2, "--epochs", 2, "--rounds", 2, "--threads", 1)
    hide = f"mount -t tmpfs none {folder} && export XDG_CACHE_HOME={folder}"
    with scheduler() as address, worker_in(hide, address, tmp_path), worker(address):
        wait_for_workers(address, 2)
        with start(*run, "--cluster", address, "--out", tmp_path / "out") as process:
            said, errors = process.communicate(timeout=LONGEST_SECONDS)
    assert process.returncode == 0, (said, errors)
    assert [run.status for run in load(tmp_path / "out").runs] == ["ok", "ok"]
    assert load(tmp_path / "out").cluster.again


def test_a_machine_without_an_adapter_takes_no_part(tmp_path, expected):
    source = (ROOT / "tests" / "faulty_adapters.py").read_text()
    (tmp_path / "mine.py").write_text(source)
    with scheduler() as address, worker(address), worker(address, PYTHONPATH=f"{ROOT}:{tmp_path}"):
        wait_for_workers(address, 2)
        with start(
            *("run", "sine-online", "--adapters", "numpy,mine:Raises", "--seeds", 1, "--epochs", 2),
            *("--rounds", 2, "--threads", 1, "--cluster", address, "--out", tmp_path / "out"),
            environment={"PYTHONPATH": str(tmp_path)},
        ) as process:
            said, _ = process.communicate(timeout=LONGEST_SECONDS)
    assert "takes no part: mine:Raises is missing" in " ".join(said.split())


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl to make a certificate with")
def test_a_cluster_with_tls_is_reached_with_the_certificates_of_dasks_configuration(tmp_path, expected):
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    made = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=lockstep")
    subprocess.run([*made, "-out", certificate, "-keyout", key], check=True, capture_output=True)
    parts = {"cert": certificate, "key": key}
    tls = {f"{who}.{part}": str(parts[part]) for who in ("scheduler", "worker", "client") for part in parts}
    tls["ca-file"] = str(certificate)
    variables = {_variable(f"distributed.comm.tls.{name}"): value for name, value in tls.items()}
    port = free_port()
    address = f"tls://127.0.0.1:{port}"
    listening = ("--host", "127.0.0.1", "--port", port, "--protocol", "tls", "--no-dashboard")
    with (
        config.set({f"distributed.comm.tls.{name}": value for name, value in tls.items()}),
        dask("scheduler", *listening, **variables),
        worker(address, **variables),
    ):
        wait_for_workers(address, 1)
        with start(*LONGER, "--cluster", address, "--out", tmp_path, environment=variables) as process:
            end_of(process, tmp_path, expected)


def _variable(name):
    """The environment variable that sets a name of Dask's configuration."""
    return "DASK_" + name.upper().replace(".", "__").replace("-", "_")


def test_workers_without_the_resource_are_refused_with_the_command_that_starts_one(tmp_path):
    with scheduler() as address, dask("worker", address, "--nthreads", "1", "--no-dashboard"):
        wait_for_workers(address, 1)
        ended = command(*LONGER, "--cluster", address, "--out", tmp_path / "out")
    assert_refused(ended, f"dask worker {address} --nthreads 1 --resources block=1")


def test_a_scheduler_of_another_major_version_is_refused(tmp_path):
    port = free_port()
    code = (
        "from distributed import versions\n"
        "versions._version_cached = lambda package: '1999.1.0'\n"
        "from distributed.cli.dask_scheduler import main\n"
        f"main(['--host', '127.0.0.1', '--port', '{port}', '--no-dashboard'])\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    try:
        wait_for_port(port)
        ended = command(*LONGER, "--cluster", f"127.0.0.1:{port}", "--out", tmp_path / "out")
    finally:
        process.kill()
        process.wait()
    assert_refused(ended, "is of distributed 1999.1.0, and here is ")
