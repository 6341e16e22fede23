"""What the pools of one master share. OPcache's counters: our requests in all of them missed there, and one application tells of it. And
what a reload ends. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model.replace import replace
from stalewatch.model.snapshot import RuntimeFacts
from stalewatch.model.text import safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stalewatch.model.runtime import FromMemory
    from stalewatch.model.snapshot import Unseen


class OwnRequests:
    """Our own requests, by address of the pool. What was summed for an answer stays with it: later ones missed after its counters."""

    def __init__(self) -> None:
        self._summed: dict[str, tuple[float, int]] = {}

    def summed(
        self, runtimes: Mapping[str, RuntimeFacts | Unseen], masters: Mapping[str, str], own: Mapping[str, tuple[int, int]]
    ) -> dict[str, RuntimeFacts | Unseen]:
        """*runtimes* with the requests of every pool of the same master. *masters*: address -> which master; *own*: address -> S, and our
        requests in that pool since then."""
        found = dict(runtimes)
        for address, facts in runtimes.items():
            if not isinstance(facts, RuntimeFacts) or address not in own:
                continue
            at, total = self._summed.get(address, (0.0, 0))
            if at != facts.asked_at:
                since, master = own[address][0], masters.get(address, address)
                total = sum(count for each, (begun, count) in own.items() if begun == since and masters.get(each, each) == master)
                self._summed[address] = (facts.asked_at, total)
            found[address] = replace(facts, own_requests=total)
        return found


def tellers(apps: Iterable[tuple[str, str]], masters: Mapping[str, str], runtimes: Mapping[str, RuntimeFacts | Unseen]) -> dict[str, str]:
    """Which app tells of the counters of its pool's master, by address: the first one whose pool answered. *apps*: path and address."""
    first: dict[str, str] = {}
    for path, address in apps:
        if isinstance(runtimes.get(address), RuntimeFacts):
            first.setdefault(masters.get(address, address), path)
    return {address: first[master] for address in runtimes if (master := masters.get(address, address)) in first}


def shared(
    runtimes: Mapping[str, RuntimeFacts | Unseen], told: Mapping[str, str], masters: Mapping[str, str]
) -> dict[str, RuntimeFacts | Unseen]:
    """*runtimes* with the app that tells of their counters (*told*, by address), and with what the workers of any pool of the same master
    remember."""
    remembered: dict[str, dict[FromMemory, None]] = {}
    for address, facts in runtimes.items():
        if isinstance(facts, RuntimeFacts):
            remembered.setdefault(masters.get(address, address), {}).update(dict.fromkeys(facts.remembered))
    return {
        address: replace(facts, told_by=safe(told.get(address, "")), remembered=tuple(remembered[masters.get(address, address)]))
        if isinstance(facts, RuntimeFacts)
        else facts
        for address, facts in runtimes.items()
    }
