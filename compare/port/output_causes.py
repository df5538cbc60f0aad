"""Why outputs differ: the model as a chain in NumPy, with mistakes made in it until both are reproduced."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from adapters.interface import Array
from compare.port.outputs import activated_alike, final_state, layer_outputs
from compare.port.records.differences import FIT_BANDS, close
from compare.port.records.interface import Trace
from compare.port.records.result import Cause
from compare.port.search.cells import valid_steps
from compare.port.search.chain import Chain
from compare.port.search.fit import Probe, explain
from compare.port.search.model import chain_of, group_of, parts_of
from compare.port.search.unlike import unlike
from compare.port.translation.parts import Pair

if TYPE_CHECKING:
    from compare.port.observation import Observed


def causes_at_outputs(observed: "Observed", most: int) -> list[Cause] | None:
    """The mistakes, so many at most, by which one chain becomes the other; None where none explain it."""
    lengths = lengths_of(observed)
    probes = [_probes(observed, place, lengths) for place in (0, 1)]
    return None if any(each is None for each in probes) else _explained(probes[0], probes[1], observed, most)  # type: ignore[arg-type]


def _explained(
    first: Sequence[Probe], second: Sequence[Probe], observed: "Observed", most: int
) -> list[Cause] | None:
    one = explain(first, most=most)
    other = None if one is None else explain(second, one, most=most)
    if one is None or other is None:
        return None
    return [_cause(slug, sentence, observed) for slug, sentence in unlike(one, other)]


def _cause(slug: str, sentence: str, observed: "Observed") -> Cause:
    """A softmax that the loss does not undo is one too many."""
    training = not observed.loss.difference <= 1e-10
    twice = slug == "activation" and "softmax" in sentence and training
    return Cause(slug="softmax-twice" if twice else slug, sentence=sentence)


def lengths_of(observed: "Observed") -> Array | None:
    """The sequences' lengths: those given, or those of a mask that a program shows."""
    if observed.batch.lengths is not None:
        return observed.batch.lengths
    for trace in observed.traces:
        for recorded in trace.modules.values():
            if recorded.mask is not None:
                return np.asarray(np.asarray(recorded.mask).sum(axis=1))
    return None


def _probes(observed: "Observed", place: int, lengths: Array | None) -> list[Probe] | None:
    opened = observed.opened
    found = []
    for values, traces in (
        (observed.moved_values, observed.moved_traces),
        (opened.values, observed.traces),
    ):
        own = values if place == 0 else opened.matching.handed_over(values, opened.own)
        chain = chain_of(opened.matching.pairs, observed.traces, place, own, observed.batch.inputs.shape[-1])
        if chain is None:
            return None
        found.append(
            Probe(
                chain=chain,
                inputs=observed.batch.inputs,
                lengths=lengths,
                outputs=traces[place].outputs,
                band=FIT_BANDS[opened.dtype],
            )
        )
    return found


def causes_in_one_layer(observed: "Observed") -> list[Cause] | None:
    """A mistake within the first layer that is given the same and makes another thing of it."""
    lengths = lengths_of(observed)
    band = FIT_BANDS[observed.opened.dtype]
    for pair in observed.opened.matching.pairs:
        probes = [
            _probe(observed, pair, place, trace, lengths) for place, trace in enumerate(observed.traces)
        ]
        if probes[0] is None or probes[1] is None:
            continue
        one, other = _both_final(probes[0], probes[1])
        if not close(one.inputs, other.inputs, band):
            continue
        if not close(*activated_alike(pair, one.outputs, other.outputs), band):
            return _explained([one], [other], observed, 1)
    return None


def _both_final(one: Probe, other: Probe) -> tuple[Probe, Probe]:
    """Both as they are; where one is a sequence and the other its last state, the last states."""
    if one.outputs.ndim == other.outputs.ndim:
        return one, other
    return _final(one), _final(other)


def _final(probe: Probe) -> Probe:
    if probe.outputs.ndim < 3:
        return probe
    reverse = probe.chain.groups[0].cells[0].reverse
    valid = None if probe.lengths is None else valid_steps(probe.outputs.shape[:2], probe.lengths)
    outputs = final_state(probe.outputs, valid, reverse)
    return replace(probe, chain=replace(probe.chain, read="states"), outputs=outputs)


def _probe(observed: "Observed", pair: Pair, place: int, trace: Trace, lengths: Array | None) -> Probe | None:
    layer = pair.first if place == 0 else pair.second
    recorded = trace.modules.get(layer.module or "")
    outputs = layer_outputs(trace, layer)
    if recorded is None or recorded.inputs is None or outputs is None or layer.settings.get("level", 0) != 0:
        return None
    opened = observed.opened
    own = opened.values if place == 0 else opened.matching.handed_over(opened.values, opened.own)
    group = group_of(pair, place, parts_of(pair, place, own)) if pair.kind != "array" else None
    if group is None:
        return None
    read = "every" if outputs.ndim >= 3 or not group.cells else "states"
    return Probe(
        chain=Chain(groups=(group,), read=read),
        inputs=recorded.inputs,
        lengths=lengths,
        outputs=outputs,
        band=FIT_BANDS[opened.dtype],
    )
