"""What an adapter's speed was measured on: what it must share with another to be compared with it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from compare.analysis.adapter_summary import AdapterSummary, latest
from compare.analysis.run_diff import measured_on
from compare.records.results import Results
from compare.text import counted, one_line

DEVICES = {"cpu": "on its CPU", "cuda": "on its GPU"}
"""What is said of a machine that has both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardware:
    """A kind of machine, and how much of it there was; `key` is the same wherever speeds can be compared.

    `name` is for readers, `facts` those by which `diff` tells machines apart, by name.
    """

    key: str
    name: str
    facts: Mapping[str, object]


def hardware_of(results: Results, summary: AdapterSummary) -> Hardware:
    """What one adapter had for one task, at last."""
    run = latest(summary.runs)[0]
    machine = results.machines[run.machine]
    device = [DEVICES.get(run.device, run.device)] if machine.device != "cpu" else []
    return Hardware(
        key=digest([machine.fingerprint, run.threads, run.device]),
        name=one_line(", ".join([machine.name, counted(run.threads, "thread"), *device])),
        facts=measured_on(results, summary),
    )


def digest(values: Sequence[object]) -> str:
    """A short name of these values, the same wherever they are."""
    return hashlib.sha256(msgspec.json.encode(values)).hexdigest()[:10]
