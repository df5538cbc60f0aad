"""The machines that take part in a run: those that have the same versions of everything."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from compare.cluster.messages import MachineFacts
from compare.errors import UsageError

Say = Callable[[str], None]


class Machines:
    """Machines by their workers' addresses; those that differ from the most complete ones are left out.

    `versions` are those of the adapters' frameworks that the run is of, empty where no machine has one.
    `left_out` has the reasons, `shared` is whether two of those that take part are on one host.
    """

    def __init__(self, lockstep: str, threads: int | None, say: Say) -> None:
        self.lockstep, self.threads = lockstep, threads
        self.versions: dict[str, str] = {}
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
        self.versions = dict(before) if before in able else _most_complete(able)
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
        return any(self.versions.get(adapter, "") for adapter in adapters)

    def _unable(self, facts: MachineFacts) -> str:
        if facts.lockstep != self.lockstep:
            return f"it has Lockstep {facts.lockstep}, and here is {self.lockstep}"
        if self.threads and facts.cores < self.threads:
            return f"--threads is {self.threads}, and it has {facts.cores} usable cores"
        return ""

    def _differs(self, versions: Mapping[str, str]) -> str:
        unlike = [
            f"{adapter} {versions.get(adapter) or 'is missing'}: {expected or 'none'} on the others"
            for adapter, expected in self.versions.items()
            if versions.get(adapter, "") != expected
        ]
        return "; ".join(unlike)


def _most_complete(found: list[Mapping[str, str]]) -> dict[str, str]:
    """The versions of the machines that lack the fewest frameworks, and of most of these."""
    counts = Counter(tuple(sorted(versions.items())) for versions in found)
    ordered = sorted(counts, key=lambda each: (-sum(bool(version) for _, version in each), -counts[each]))
    return dict(ordered[0]) if ordered else {}
