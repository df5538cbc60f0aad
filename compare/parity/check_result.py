"""What a check of adapters found, held against what they declare."""

import contextlib
import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from adapters import declaration
from adapters.conformance import CHECKS, Outcome, conforms
from adapters.declaration_reader import AdapterBroken
from adapters.interface import Declaration
from compare.records.parity import ParityResult
from tasks import registered


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """The suite's outcomes and the declaration of each adapter, and the proofs of lockstep."""

    outcomes: dict[str, list[Outcome]]
    proofs: list[ParityResult]
    declared: dict[str, Declaration]

    @property
    def good(self) -> bool:
        """Whether everything passed, apart from what is declared to fail or not to be supported."""
        conform = all(conforms(found) for found in self.outcomes.values())
        return conform and all(self.as_declared(proof) for proof in self.proofs)

    def as_declared(self, proof: ParityResult) -> bool:
        """Whether it is in lockstep, unless it is declared to fail or not to be supported."""
        in_lockstep = proof.verdict == "in lockstep"
        return proof.status == "unsupported" or in_lockstep == (self._reason(proof) is None)

    def verdict(self, proof: ParityResult) -> str:
        """The verdict, or why there is none; and whether that was declared."""
        words = proof.verdict or proof.status
        if self._reason(proof) is None or proof.status == "unsupported":
            return words
        return f"{words}, {'as declared' if self.as_declared(proof) else 'although declared to fail'}"

    def _reason(self, proof: ParityResult) -> str | None:
        return self.declared.get(proof.adapter, Declaration()).expected_failures.get(proof.task)


def declarations(adapters: Iterable[str]) -> dict[str, Declaration]:
    """What adapters declare; those whose declaration cannot be read are left out."""
    found = {}
    for adapter in adapters:
        with contextlib.suppress(AdapterBroken):
            found[adapter] = declaration(adapter)
    return found


def misdeclared(adapter: str) -> list[Outcome]:
    """A failure for every name that is expected to fail and is neither a check nor a task."""
    known = [*(check.name for check in CHECKS), *registered()]
    declared = declarations([adapter]).get(adapter, Declaration())
    return [
        Outcome(
            name="declaration",
            status="failed",
            message=f"expected_failures names {name!r}, which is neither a check nor a task",
            cause=_near(name, known),
        )
        for name in declared.expected_failures
        if name not in known
    ]


def _near(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, known)
    return f"{' or '.join(near)} may be meant" if near else ""
