"""Whose code the caches of one server hold beside what is watched: one pool of every other master is asked, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model import figures, reasons
from stalewatch.model.snapshot import Opcache, RuntimeFacts, Unseen
from stalewatch.model.text import safe
from stalewatch.probe.host.code_roots import CodeInCaches, base_of
from stalewatch.probe.host.discovery import Found, left_out, pools_not_asked
from stalewatch.probe.host.parsers import records

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from stalewatch.model.snapshot import Pool
    from stalewatch.model.text import SafeText
    from stalewatch.probe.host.app_probe import AppProbe
    from stalewatch.probe.host.host_probe import HostProbe
    from stalewatch.probe.host.machine import Machine

_FOR_NOW = frozenset({reasons.FPM_NO_ANSWER.code})


class CodeSearch:
    """*caches*: what they have shown; *pools*: addresses that are asked for this alone; *due*: whether they are at the next look; *others*:
    roots that are none of the watched applications."""

    def __init__(self) -> None:
        self.caches = CodeInCaches()
        self.pools: set[str] = set()
        self.due = True
        self.others: tuple[str, ...] = ()
        self._left_out: tuple[Unseen, ...] = ()
        self._claimed: set[str] = set()
        self._silent: dict[str, Unseen] = {}

    def claim(self, found: Found) -> None:
        """These are watched now. What a link led to at an earlier look stays the application's own: its scripts are in the cache still."""
        self._left_out = left_out((*found.left_out, *self.caches.beyond))
        self.others = found.others
        self.caches.links |= {each.path for each in found.locations if each.path != each.root}
        self._claimed |= {path for each in found.locations for path in (each.path, each.root, each.base, base_of(each.root)) if path}

    @property
    def unwatched(self) -> tuple[SafeText, ...]:
        """:attr:`others`, to show."""
        return tuple(map(safe, self.others))

    async def also_ask(self, host: HostProbe, machine: Machine, asked: Iterable[str], served: Collection[str]) -> list[Pool]:
        """Pools to ask that *served* (the addresses of watched applications) does not need: one of every master that runs and of which
        none is *asked*, one whose socket opens before any other. Raises LinkError."""
        self.pools -= set(served)
        told = {address for address in asked if address not in self._silent or address in served}
        shut: set[str] = set()
        if pools := pools_not_asked(machine, told, host.hello.login):
            wanted = {str(pool.listen) for pool in pools}
            masters = [master for master in machine.masters if any(str(pool.listen) in wanted for pool in master.pools)]
            sockets = [str(pool.listen) for master in masters for pool in master.pools if pool.listen.startswith("/")]
            (block,) = await host.ask(("test", *sockets))
            states = records.parse_sockets(section.payload) if (section := block.first("sockets")) else {}
            shut = {address for address in sockets if (state := states.get(address)) is None or not state.writable}
            pools = pools_not_asked(machine, told, host.hello.login, shut)
        self.pools |= {str(pool.listen) for pool in pools}
        return pools

    def take(
        self, runtimes: Mapping[str, RuntimeFacts | Unseen], apps: Iterable[AppProbe], machine: Machine, masters: Mapping[str, str]
    ) -> bool:
        """What *runtimes* (by the pool's address) show. *masters*: address -> which master. Whether there is code, or a master that alone
        holds an application's, that was not known."""
        for address in self.pools & set(runtimes):
            self._silent.pop(address, None)
            if (why := _silent(runtimes[address])) is not None:
                self._silent[address] = why
        running = sum(master.record is not None for master in machine.masters)
        named = {app.location.root: app.location.passes_to for app in apps if app.location.root}
        new = self.caches.take(runtimes, self._claimed)
        return (running > 1 and self.caches.note_users(runtimes, named, masters, machine.web.changed)) or new

    def problems(self, machine: Machine, login: str) -> tuple[Unseen, ...]:
        """Applications that are not looked at, and masters that run and do not tell whose code their caches hold."""
        return (*self._left_out, *_silent_masters(machine, {each: self._silent.get(each) for each in self.pools}, login))


def _silent(runtime: RuntimeFacts | Unseen) -> Unseen | None:
    """Why the pool does not tell whose code its cache holds; None: it does, or will when it is less busy."""
    why = runtime.opcache if isinstance(runtime, RuntimeFacts) else runtime
    return None if isinstance(why, Opcache) or why.code in _FOR_NOW else why


def _silent_masters(machine: Machine, asked: Mapping[str, Unseen | None], login: str) -> Iterable[Unseen]:
    """A login that has a pool of its own is a customer of a shared server: it is not told how to open those of others."""
    if any(pool.user == login for master in machine.masters for pool in master.pools):
        return
    for master in machine.masters:
        told = [asked[str(pool.listen)] for pool in master.pools if str(pool.listen) in asked]
        if master.record is not None and None not in told and (why := next(iter(told), None)) is not None:
            pools = figures.count(len(master.pools), "pool")
            said = f"PHP-FPM of {master.config_path} ({pools}) does not tell whose code its cache holds: {why.message}"
            yield reasons.FPM_CACHE_UNSEEN.unseen(said, str(why.grant))
