"""The machines that take part in a run: those that have the same versions of everything."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from compare.cluster.messages import MachineFacts, Versions
from compare.errors import UsageError

Say = Callable[[str], None]


class Machines:
    """Machines by their workers' addresses; those that differ from the most complete ones are left out.

    `versions` are those of the adapters' frameworks that the run is of.
    `left_out` has the reasons, `shared` is whether two of those that take part are on one host.
    """

    def __init__(self, lockstep: str, threads: int | None, say: Say) -> None:
        self.lockstep, self.threads = lockstep, threads
        self.versions: Versions = {}
        self.left_out: dict[str, str] = {}
        self.shared = False
        self.most = 0
        self._here: dict[str, MachineFacts] = {}
        self._say = say

    @property
    def here(self) -> Mapping[str, MachineFacts]:
        """Those that take part and are there now."""
        return self._here

    def settle(self, found: Mapping[str, MachineFacts], before: Mapping[str, str]) -> None:
        """Agree on versions, those of an earlier part of the run where a machine has them, and take these in.

        Raises: UsageError where no machine can take part.
        """
        able = [facts.versions for facts in found.values() if not self._unable(facts)]
        known = [versions for versions in able if stated(versions) == before]
        self.versions = _most_complete(known or able)
        for address, facts in found.items():
            self.take_in(address, facts)
        if not self._here:
            address, reason = next(iter(self.left_out.items()), ("the cluster", "it has no workers"))
            raise UsageError(f"no machine of the cluster can take part: {address}: {reason}")

    def take_in(self, address: str, facts: MachineFacts) -> None:
        """Have a machine take part, unless it differs: then a line says in what."""
        if reason := self._unable(facts) or self._differs(facts.versions):
            self.leave_out(address, reason)
            return
        self.left_out.pop(address, None)
        self._here[address] = facts
        hosts = Counter(each.host for each in self._here.values())
        self.shared = self.shared or hosts[facts.host] > 1
        self.most = max(self.most, len(self._here))

    def leave_out(self, address: str, reason: str) -> None:
        """Have a machine take no part."""
        if self.left_out.get(address) != reason:
            self.left_out[address] = reason
            self._say(f"{address} takes no part: {reason}")

    def gone(self, address: str) -> None:
        """A worker has gone."""
        self._here.pop(address, None)

    def lacked(self, adapters: Mapping[str, Any]) -> bool:
        """Whether one of these adapters, unavailable on one machine, should be there on the others."""
        return any(self.versions.get(adapter) is not None for adapter in adapters)

    def _unable(self, facts: MachineFacts) -> str:
        if facts.lockstep != self.lockstep:
            return f"it has Lockstep {facts.lockstep}, and here is {self.lockstep}"
        if self.threads and facts.cores < self.threads:
            return f"--threads is {self.threads}, and it has {facts.cores} usable cores"
        return ""

    def _differs(self, versions: Versions) -> str:
        return "; ".join(
            f"{adapter} {_said(versions.get(adapter))}, and {_said(expected)} on the others"
            for adapter, expected in self.versions.items()
            if versions.get(adapter) != expected
        )


def stated(versions: Versions) -> dict[str, str]:
    """As results have them: empty where there is none."""
    return {adapter: version or "" for adapter, version in versions.items()}


def _most_complete(found: list[Versions]) -> Versions:
    """The versions of the machines that lack the fewest frameworks, and of most of these."""
    counts = Counter(tuple(versions.items()) for versions in found)
    missing = {each: sum(version is None for _, version in each) for each in counts}
    ordered = sorted(counts, key=lambda each: (missing[each], -counts[each]))
    return dict(ordered[0]) if ordered else {}


def _said(version: str | None) -> str:
    return "is missing" if version is None else version or "is of no stated version"
