"""The cluster that `--cluster` names, opened for as long as a command needs it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from rich.console import Console

from compare.cli.progress import say
from compare.records.settings import Settings
from compare.storage.results import open_run

if TYPE_CHECKING:
    from compare.cluster.cluster import Cluster


def left_of(settings: Settings) -> tuple[Settings, Mapping[str, str]]:
    """The settings, without a cluster where nothing is left to run, and the versions of an earlier part."""
    if not settings.resume:
        return settings, {}
    stored = open_run(settings.out)
    finished = not stored.interrupted and not settings.retry_failed
    return (replace(settings, cluster=None) if finished else settings), stored.versions


@contextmanager
def cluster_of(settings: Settings, before: Mapping[str, str], console: Console) -> Iterator["Cluster | None"]:
    """The cluster that was asked for; None where all is run here.

    `before` are the versions of the frameworks in an earlier part of the run.

    Raises: UsageError where it cannot be used.
    """
    if settings.cluster is None:
        yield None
        return
    from compare.cluster.cluster import open_cluster  # noqa: PLC0415 - Dask is needed here alone

    threads = None if settings.all_cores else settings.threads
    with open_cluster(settings.cluster, settings.adapters, threads, before, partial(say, console)) as cluster:
        yield cluster
