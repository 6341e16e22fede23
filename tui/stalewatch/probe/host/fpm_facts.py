"""What the host probe knows of the FPM that serves one application. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stalewatch.model import reasons
from stalewatch.model.memo import Memos
from stalewatch.model.processes import EndedPool, Unstartable
from stalewatch.model.replace import replace
from stalewatch.model.snapshot import FpmFacts, RuntimeFacts, SocketFacts, Unseen
from stalewatch.model.text import safe
from stalewatch.probe.host.machine import pool_of, process
from stalewatch.probe.host.parsers import fpm_config

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stalewatch.model.snapshot import Pool, Process
    from stalewatch.probe.host.host_probe import TickFacts
    from stalewatch.probe.host.machine import Master

_NONE = reasons.FPM_NOT_FOUND.unseen(
    "no PHP-FPM was found: no master process is visible, and no configuration at the usual places",
    "if /proc is mounted with hidepid, give this login the group it names; else set app.socket in stalewatch.toml",
)


class FpmSeen(NamedTuple):
    """What the survey of a server tells of the FPM that serves an application.

    *address*: where the pool is reached. *hz*: clock ticks a second, in which /proc counts. *unit* overrides what the master's cgroup says;
    "": it does not. *pools*: how many this server has in all (None: not known). *hidden*: why a master that may run is not seen.
    """

    master: Master | None
    pool: Pool | None
    address: str
    hz: int
    unit: str = ""
    pools: int | None = None
    hidden: Unseen | None = None


class FpmView:
    """:func:`fpm_facts` look after look, made again only when something has changed that it is made of."""

    def __init__(self) -> None:
        self._made: Memos[FpmFacts | Unseen] = Memos()

    def facts(self, app: str, seen: FpmSeen, tick: TickFacts) -> FpmFacts | Unseen:
        """The same, for *app* by its path."""
        return self._made.get(
            app,
            lambda: fpm_facts(seen, tick),
            (seen.master, seen.pool, seen.hidden, tick.children, tick.processes, tick.sockets),
            (seen.address, tick.boot, seen.hz, seen.unit, seen.pools),
        )


def fpm_facts(seen: FpmSeen, tick: TickFacts) -> FpmFacts | Unseen:
    """What is known of it at *tick*; an Unseen where no master is seen."""
    master, pool, address, hz, unit, pools, hidden = seen
    if master is None:
        return hidden or _NONE
    reloads = master.unit_facts.reloads
    own = unit.removesuffix(".service") in ("", master.unit.removesuffix(".service"))
    alive = master.record is not None and tick.children.get(master.record.pid, ()) is not None
    return FpmFacts(
        running=None if hidden is not None and not alive else alive,
        master=process(master.record, master.title, boot=tick.boot, hz=hz) if master.record is not None and alive else None,
        unit=safe(unit or master.unit, 128),
        version=safe(master.version, 16),
        binary=safe(master.binary),
        config_path=safe(master.config_path),
        config_files=master.files,
        process_control_timeout=None if master.config_path in master.denied else fpm_config.control_timeout(master.config),
        status_text=safe(master.unit_facts.status, 300),
        pool=pool,
        pools_on_server=pools,
        socket=socket_facts(address, tick) if address.startswith("/") else None,
        workers=pool_workers(master, pool, tick, hz=hz),
        config_test=master.config_test,
        backlog=master.backlogs.get(address),
        born=master.born,
        ended=ended_pools(master, tick) if alive else (),
        unstartable=unstartable(master, tick) if alive else (),
        unit_pid=master.unit_facts.main_pid if own else None,
        unit_reloads=tuple(safe(line, 300) for line in reloads) if own and reloads is not None else None,
        options=tuple(map(safe, master.options)),
    )


def ended_pools(master: Master, tick: TickFacts) -> tuple[EndedPool, ...]:
    """Pools with a worker that a reload would end, or move to where nothing listens. One that has another name only keeps its socket."""
    running = _running(master, tick)
    if not running or master.denied or master.left_out or not master.pools:
        return ()
    configured = {str(pool.name): str(pool.listen) for pool in master.pools}
    moved = [EndedPool(safe(name), safe(configured[name])) for name in sorted(running & {*configured}) if configured[name] in master.absent]
    renamed = sum(pool.listen not in master.absent for pool in _without_workers(master, running))
    removed = sorted(running - {*configured})
    return (*map(EndedPool, map(safe, removed[: max(len(removed) - renamed, 0)])), *moved)


def unstartable(master: Master, tick: TickFacts) -> tuple[Unstartable, ...]:
    """What of the configuration on the disk would keep FPM from starting again."""
    running = _running(master, tick)
    of = {str(address): pool.name for pool in master.pools for address in (pool.listen, pool.status_listen)}
    found = [Unstartable(safe(path), of.get(path, safe(""))) for path in master.homeless]
    if running and not running - {str(pool.name) for pool in master.pools}:  # one that has another name now has its socket already
        others = _without_workers(master, running)
        found += [Unstartable(pool.listen, pool.name, taken=True) for pool in others if pool.listen in master.backlogs]
    return tuple(found)


def _running(master: Master, tick: TickFacts) -> set[str]:
    """The pools of which workers run."""
    if master.record is None:
        return set()
    return {pool_of(title) for record, title in tick.processes.values() if record.parent == master.record.pid} - {""}


def _without_workers(master: Master, running: set[str]) -> list[Pool]:
    """The pools that have no worker and would have one, if the master knew them."""
    return [pool for pool in master.pools if pool.name not in running and pool.pm in ("static", "dynamic")]


def pool_workers(master: Master, pool: Pool | None, tick: TickFacts, *, hz: int) -> tuple[Process, ...]:
    """The living workers of *pool* (of every pool when it is not known), oldest first."""
    if master.record is None:
        return ()
    found = []
    for record, title in tick.processes.values():
        name = pool_of(title)
        if record.parent == master.record.pid and name and (pool is None or name == pool.name):
            found.append(process(record, title, boot=tick.boot, hz=hz))
    return tuple(sorted(found, key=lambda each: (each.started, each.pid)))


def socket_facts(path: str, tick: TickFacts) -> SocketFacts | None:
    """The socket as the login user finds it, None before the first look at it."""
    state = tick.sockets.get(path)
    if state is None:
        return None
    return SocketFacts(
        path=safe(path),
        exists=state.exists and state.is_socket,
    )


def extension_dirs(told: Iterable[RuntimeFacts]) -> list[str]:
    """The folders to look at where pools may not tell which extensions they run."""
    return [str(facts.extension_dir) for facts in told if facts.replaced is None and facts.extension_dir.startswith("/")]


def with_extensions(fpm: FpmFacts | Unseen, runtime: RuntimeFacts | Unseen, tick: TickFacts) -> FpmFacts | Unseen:
    """*fpm* with the folder that its pool loads extensions from, if that was looked at."""
    if isinstance(fpm, Unseen) or not isinstance(runtime, RuntimeFacts) or runtime.replaced is not None:
        return fpm
    record = tick.files.get(str(runtime.extension_dir))
    return replace(fpm, extensions=record.stat()) if record is not None else fpm
