"""Both probes of one server, side by side: what a link is for. See :mod:`stalewatch.probe` for how they talk."""

from __future__ import annotations

import asyncio
import getpass
import socket
import time
from typing import TYPE_CHECKING

from stalewatch.model import reasons
from stalewatch.model.errors import LinkError, NotPermitted
from stalewatch.model.snapshot import FpmFacts, Opcache, RuntimeFacts, Snapshot, Unseen
from stalewatch.model.text import safe
from stalewatch.probe.host.app_probe import AppProbe
from stalewatch.probe.host.discovery import choose_pool, discover, only_laravel
from stalewatch.probe.host.fpm_facts import fpm_facts
from stalewatch.probe.host.host_probe import HostProbe, TickFacts
from stalewatch.probe.host.machine import Machine, survey
from stalewatch.probe.host.worker_facts import queue_workers
from stalewatch.probe.runtime.pool_probe import TIMEOUT, PoolProbe
from stalewatch.probe.runtime.uploaded_file import RuntimeFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalewatch.model.inventory import Fleet, Server
    from stalewatch.model.snapshot import HostFacts, Pool
    from stalewatch.probe.host.machine import Master
    from stalewatch.transport.link import Link

SLOW_INTERVAL = 30.0
WORKER_RETURNS = 4.0
POOL_WAIT = 1.5
"""Seconds that an ordinary tick waits for a pool: a jammed one must not hold up what the host tells."""

_NO_POOL = reasons.FPM_NOT_FOUND.unseen("no FPM pool was found that could serve this application")
_NOT_RUNNING = reasons.FPM_NOT_RUNNING.unseen("FPM is configured here, but no master process runs", "start FPM")
_NO_APP = reasons.APP_NONE_FOUND.unseen(
    "no PHP application was found in nginx's roots, the pools' directories, /srv, /var/www",
    "name it: --app PATH, or [[server.app]] in stalewatch.toml",
)


def who() -> str:
    """``user@laptop``: how other watchers see us."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):
        name = "someone"
    return f"{name}@{socket.gethostname()}"


def _no_pool(master: Master | None) -> Unseen:
    """Why there is no pool to ask."""
    if master is None or not master.denied:
        return _NO_POOL
    return reasons.FPM_CONFIG_DENIED.unseen(
        "this login may not read " + ", ".join(master.denied[:3]),
        "chmod o+r there, or name the pool's socket (--fpm-socket, app.socket in stalewatch.toml)",
    )


def _gone(fast: TickFacts) -> set[int]:
    """The watched processes (FPM masters, queue workers) that have ended. Workers that come and go in a pool are no event."""
    return {pid for pid, children in fast.children.items() if children is None}


class ServerProbe:
    """Looks at every application of one server. One look at a time; never two requests in one pool."""

    def __init__(self, link: Link, server: Server, fleet: Fleet, *, shell: str = "sh") -> None:
        self._link = link
        self._server = server
        self._fleet = fleet
        self._host = HostProbe(link, who(), fleet.timeout, shell=shell)
        self._file = RuntimeFile(self._host)
        self._machine = Machine()
        self._apps: tuple[AppProbe, ...] = ()
        self._served: dict[str, tuple[Master | None, Pool | None, str]] = {}
        self._pools: dict[str, PoolProbe] = {}
        self._slow_due = 0.0
        self._sources_seen: object = None
        self._moved = False
        self._offset: float | None = None
        self._lone = False

    async def start(self) -> None:
        """Start the shell over there and find out what is there. Raises LinkError."""
        self._machine = await survey(self._host, Machine())
        await self._discover()

    async def tick(self, full: bool = False) -> tuple[Snapshot, ...]:
        """One look at everything: one Snapshot per application (one with ``app`` "" when none was found). *full*: also everything
        expensive, and waits longer for the pools. Raises LinkError; a probe that can't look is an Unseen in the Snapshot."""
        try:
            fast = await self._look_at_host(full)
        except NotPermitted as error:
            return tuple(self._blind(app, error) for app in self._apps) or (self._empty(TickFacts(), error),)
        if not self._apps:
            return (self._empty(fast, None),)
        runtimes = await self._ask_pools(full, moved=self._moved)
        if self._opcache_moved(runtimes):
            await self._slow_look(fast)
        roots = tuple(record.inode for app in self._apps if (record := fast.files.get(app.place.path)) is not None)
        return tuple(self._snapshot(app, fast, runtimes, roots) for app in self._apps)

    async def invalidate(self, app: str, paths: Sequence[str]) -> dict[str, bool]:
        """Take exactly *paths* out of the OPcache of *app*'s pool; True where a script is not cached now. Raises LinkError (NotPermitted
        with what to grant when the pool can't be asked)."""
        _, _, address = self._served.get(app, (None, None, ""))
        if address not in self._pools:
            raise NotPermitted(f"no pool of {app} can be asked", reason=reasons.FPM_NOT_FOUND)
        return await self._pools[address].invalidate(paths)

    async def close(self) -> None:
        """End both probes; what was written over there is removed. Never raises."""
        for pool in self._pools.values():
            await pool.close()
        await self._host.close()

    # -------------------------------------------------------------------------------------------------------------------- host

    async def _discover(self) -> None:
        places = await discover(self._host, self._machine, self._server.apps)
        known = {app.place: app for app in self._apps}
        apps = []
        for place in places:
            master, pool = choose_pool(place, self._machine)
            address = place.entry.socket or (str(pool.listen) if pool else "")
            self._served[place.path] = (master, pool, address)
            app = known.get(place) or AppProbe(place, pool, self._fleet)
            if master is not None and master.config_path not in master.denied:
                app.follow_fpm(master.config.settings.get("error_log", ""), master.config_path)
            apps.append(app)
            if address and address not in self._pools:
                storage = [f"{place.root}/storage/framework"] if place.kind == "laravel" and place.root else []
                self._pools[address] = PoolProbe(self._link, self._host, self._file, address, pool, storage)
        self._apps = tuple(apps)
        self._lone = await only_laravel(self._host, self._machine, places)
        await self._watch()

    async def _watch(self) -> None:
        """Tell the shell over there what every tick looks at."""
        sockets = [address for address in self._pools if address.startswith("/")]
        await self._host.watch("files", [path for app in self._apps for path in app.paths] + sockets)
        await self._host.watch("sockets", sockets)
        pids = [master.record.pid for master in self._machine.masters if master.record] + [each.record.pid for each in self._machine.php]
        await self._host.watch("masters", map(str, pids))

    async def _look_at_host(self, full: bool) -> TickFacts:
        asked = time.time()
        before, fast = await self._host.tick()
        self._offset = fast.now - (asked + time.time()) / 2
        files = any(app.moved(before, fast) for app in self._apps)
        self._moved = files or _gone(before) != _gone(fast) or before.sockets != fast.sockets
        if full or self._moved or fast.now >= self._slow_due or fast.now < self._slow_due - 2 * SLOW_INTERVAL:
            fast = await self._slow_look(fast)
        for app in self._apps:
            await app.read_logs(self._host, fast)
        return fast

    async def _slow_look(self, fast: TickFacts) -> TickFacts:
        """Everything expensive; then one more tick, because what is watched may be more now."""
        masters = [(master.config_path, master.record) for master in self._machine.masters]
        workers = {each.record for each in self._machine.php}
        self._machine = await survey(self._host, self._machine)
        for app in self._apps:
            await app.slow(self._host, fast)
        flipped = any(not app.place.root or app.place.path not in fast.files for app in self._apps) or self._link_moved(fast)
        found = [(master.config_path, master.record) for master in self._machine.masters]
        if not self._apps or flipped or masters != found or self._pools_moved():
            await self._discover()
            _, fast = await self._host.tick()
            for app in self._apps:
                if not app.slow_at:
                    await app.slow(self._host, fast)
        await self._watch()
        _, fast = await self._host.tick()
        # A worker that has just ended is probably being started again by its supervisor: look again soon.
        ended = workers - {each.record for each in self._machine.php}
        self._slow_due = fast.now + (WORKER_RETURNS if ended else SLOW_INTERVAL)
        return fast

    def _link_moved(self, fast: TickFacts) -> bool:
        """Whether a release link points to another directory than the one we look at."""
        for app in self._apps:
            link, root = fast.files.get(app.place.path), fast.files.get(app.place.root)
            if app.place.path != app.place.root and link is not None and (root is None or link.inode != root.inode):
                return True
        return False

    def _pools_moved(self) -> bool:
        """Take over what the configuration says now; whether a pool moved to an address that is not asked yet."""
        for app in self._apps:
            master, pool = choose_pool(app.place, self._machine)
            address = app.place.entry.socket or (str(pool.listen) if pool else "")
            self._served[app.place.path] = (master, pool, address)
            if address in self._pools:
                self._pools[address].pool = pool
            elif address:
                return True
        return False

    # ----------------------------------------------------------------------------------------------------------------- runtime

    async def _ask_pools(self, full: bool, *, moved: bool) -> dict[str, RuntimeFacts | Unseen]:
        wait = TIMEOUT + 1.0 if full else POOL_WAIT
        looks = {address: probe.look(full=full, wait=wait, idle=self._idle(probe), moved=moved) for address, probe in self._pools.items()}
        answers = await asyncio.gather(*looks.values(), return_exceptions=True)
        results: dict[str, RuntimeFacts | Unseen] = {}
        for address, answer in zip(looks, answers, strict=True):
            if isinstance(answer, BaseException):
                raise answer
            results[address] = answer
        return results

    def _idle(self, probe: PoolProbe) -> bool:
        """An ondemand pool without workers."""
        pool = probe.pool
        if pool is None or pool.pm != "ondemand":
            return False
        return not any(title == f"php-fpm: pool {pool.name}" for _, title in self._host.fast.processes.values())

    def _opcache_moved(self, runtimes: dict[str, RuntimeFacts | Unseen]) -> bool:
        """Whether PHP saw sources change that the walk may not have seen yet."""
        seen = {
            (script.path, script.mtime)
            for facts in runtimes.values()
            if isinstance(facts, RuntimeFacts) and isinstance(facts.opcache, Opcache)
            for script in facts.opcache.changed
        }
        moved = self._sources_seen is not None and seen != self._sources_seen
        self._sources_seen = seen
        return moved

    # ---------------------------------------------------------------------------------------------------------------- snapshot

    def _snapshot(self, app: AppProbe, fast: TickFacts, runtimes: dict[str, RuntimeFacts | Unseen], roots: tuple[int, ...]) -> Snapshot:
        master, pool, address = self._served[app.place.path]
        hz = self._host.hello.hz
        fpm = fpm_facts(master, pool, address, fast, hz=hz, unit=app.place.entry.reload)
        workers = queue_workers(self._machine.php, app.place, alone=self._lone, boot=fast.boot, hz=hz)
        others = tuple(other.place.root for other in self._apps if other is not app and other.place.root)
        host = app.facts(fast, self._host, fpm, workers=workers, watchers=self._machine.watchers, locks=roots, others=others)
        runtime = runtimes.get(address, _no_pool(master))
        stopped = isinstance(fpm, FpmFacts) and not fpm.running and fpm.socket is not None and not fpm.socket.exists
        if isinstance(runtime, Unseen) and stopped:
            runtime = _NOT_RUNNING
        return self._value(app, host, runtime, fast.now)

    def _value(self, app: AppProbe, host: HostFacts | Unseen, runtime: RuntimeFacts | Unseen, now: float) -> Snapshot:
        return Snapshot(
            server=self._server.name,
            address=self._server.target,
            app=safe(app.place.path),
            observed_at=now,
            clock_offset=self._offset,
            host=host,
            runtime=runtime,
            problems=host.problems if not isinstance(host, Unseen) else (),
        )

    def _blind(self, app: AppProbe, error: LinkError) -> Snapshot:
        unseen = error.unseen()
        return self._value(app, unseen, unseen, time.time())

    def _empty(self, fast: TickFacts, error: LinkError | None) -> Snapshot:
        unseen = _NO_APP if error is None else error.unseen()
        return Snapshot(
            server=self._server.name,
            address=self._server.target,
            app=safe(""),
            observed_at=fast.now,
            clock_offset=self._offset,
            host=unseen,
            runtime=unseen,
            problems=(unseen,),
        )
