"""Both probes of one server. See :mod:`stalewatch.probe` for their wire formats."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from stalewatch.model import reasons
from stalewatch.model.errors import LinkError, NotPermitted
from stalewatch.model.replace import replace
from stalewatch.model.snapshot import FpmFacts, Opcache, RuntimeFacts, Snapshot, Unseen
from stalewatch.model.text import safe
from stalewatch.probe.code_search import CodeSearch
from stalewatch.probe.health.health_urls import HealthUrls, Look, is_guessed, judged_by, with_health
from stalewatch.probe.host.app_probe import AppProbe
from stalewatch.probe.host.discovery import address_of, choose_pool, discover, link_moved, only_laravel
from stalewatch.probe.host.fpm_facts import FpmSeen, FpmView, extension_dirs, with_extensions
from stalewatch.probe.host.held_files import held_files
from stalewatch.probe.host.host_probe import HostProbe, TickFacts, stats_of
from stalewatch.probe.host.machine import Machine, survey
from stalewatch.probe.host.master_pools import pool_count, with_pools
from stalewatch.probe.host.web_facts import NO_APP, NOT_RUNNING, missing_pool, no_pool, web_facts
from stalewatch.probe.host.worker_facts import cron_lines, queue_workers
from stalewatch.probe.runtime.app_request import through_pool
from stalewatch.probe.runtime.configuration import question
from stalewatch.probe.runtime.parsing import parse_by
from stalewatch.probe.runtime.pool_connection import PoolConnection
from stalewatch.probe.runtime.pool_probe import TIMEOUT, PoolProbe
from stalewatch.probe.runtime.shared_counters import OwnRequests, shared, tellers
from stalewatch.probe.runtime.socket_access import SocketAccess
from stalewatch.probe.runtime.uploaded_file import RuntimeFile
from stalewatch.probe.who import who

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from stalewatch.model.expected import ExpectedFile, HeldFile
    from stalewatch.model.inventory import Fleet, Server
    from stalewatch.model.parsing import Parsed, Scripts
    from stalewatch.model.snapshot import HostFacts, Pool
    from stalewatch.probe.health.health_urls import HealthAnswer
    from stalewatch.probe.host.machine import Master
    from stalewatch.transport.fastcgi.response import Response
    from stalewatch.transport.link import Link

SLOW_INTERVAL = 30.0
WORKER_RETURNS = 4.0
_STORAGE = {"laravel": ("/storage/framework", "/storage", ""), "symfony": ("/var", "")}
"""Where the probe's file can lie in an application, if the pool sees nothing else: never below its document root (``public``)."""
POOL_WAIT = 1.5
"""Seconds that an ordinary tick waits for a pool: a busy pool must not delay what the host probe reports."""


class ServerProbe:
    """Observes every application of one server. One look at a time, and one request at a time in each pool."""

    def __init__(self, link: Link, server: Server, fleet: Fleet, *, shell: str = "sh") -> None:
        self._link = link
        self._server = server
        self._fleet = fleet
        self._host = HostProbe(link, who(), fleet.timeout, shell=shell)
        self._file = RuntimeFile(self._host)
        self._access = SocketAccess(link, self._host)
        self._health = HealthUrls(link, self._host, server)
        self._machine, self._fpm = Machine(), FpmView()
        self._apps: tuple[AppProbe, ...] = ()
        self._served: dict[str, tuple[Master | None, Pool | None, str]] = {}
        self._pools: dict[str, PoolProbe] = {}
        self._slow_due = 0.0
        self._apcu_due = 0.0
        self._sources_seen: object = None
        self._moved = self._replaced = False
        self._own_requests = OwnRequests()
        self._offset: float | None = None
        self._lone = False
        self._code = CodeSearch()

    async def start(self) -> None:
        """Start the shell on the server and find its applications and pools. Raises LinkError."""
        self._machine = await survey(self._host, Machine())
        await self._discover()

    async def tick(self, full: bool = False) -> tuple[Snapshot, ...]:
        """One look at everything: one Snapshot per application (one with ``app`` "" when none was found). *full*: also everything
        expensive, and waits longer for the pools. Raises LinkError; a probe that can't look is an Unseen in the Snapshot."""
        try:
            tick = await self._look_at_host(full)
        except NotPermitted as error:
            return tuple(self._blind(app, error) for app in self._apps) or (self._empty(TickFacts(), error),)
        runtimes = await self._ask_pools(full)
        if self._code.take(runtimes, self._apps, self._machine, self._masters()):
            tick, runtimes = await self._look_at_more(runtimes)
        if not self._apps:
            return (self._empty(tick, None, runtimes),)
        health = await self._ask_health(runtimes, full)
        seen = runtimes | {path: told for path, told in health.items() if isinstance(told, RuntimeFacts)}
        if self._opcache_moved(seen):
            await self._slow_look(tick)
        tick = await self._look_again(tick, seen)
        await self._ask_apcu(runtimes, tick, full=full)
        told = tellers(((app.location.path, self._served[app.location.path][2]) for app in self._apps), self._masters(), runtimes)
        runtimes = shared(runtimes, told, self._masters())
        roots = tuple(record.inode for app in self._apps if (record := tick.files.get(app.location.path)) is not None)
        return tuple(with_health(self._snapshot(app, tick, runtimes, roots), health.get(app.location.path)) for app in self._apps)

    def pool_of(self, app: str) -> PoolProbe:
        """The pool that serves *app*. Raises NotPermitted where none can be asked."""
        _, _, address = self._served.get(app, (None, None, ""))
        if address not in self._pools:
            raise NotPermitted(f"no pool of {app} can be asked", reason=reasons.FPM_NOT_FOUND)
        return self._pools[address]

    async def request(self, app: str, parameters: Mapping[str, str]) -> Response:
        """One request to *app* through its pool. Raises LinkError (NotPermitted with what to grant when the pool can't be asked)."""
        _, pool, address = self._served.get(app, (None, None, ""))
        return await through_pool(self._access, address, pool, parameters)

    async def parse(self, app: str, scripts: Scripts) -> Parsed:
        """Whether the pools of *app*'s master can compile *scripts*. Raises LinkLost."""
        return await parse_by(self._served.get(app, (None, None, ""))[2], self._pools, self._masters(), scripts)

    async def held(self, app: str, files: Sequence[ExpectedFile]) -> tuple[HeldFile, ...]:
        """What lies in the place of each of *files*. Raises LinkError."""
        return await held_files(self._host, self._pools.get(self._served.get(app, (None, None, ""))[2]), files)

    async def close(self) -> None:
        """End both probes; what they wrote on the server is removed. Never raises."""
        for pool in self._pools.values():
            await pool.close()
        await self._health.close()
        await self._access.close()
        await self._host.close()

    # -------------------------------------------------------------------------------------------------------------------- host

    async def _discover(self) -> None:
        self._access.php_version = next(
            (master.version for master in sorted(self._machine.masters, key=lambda master: master.record is None) if master.version), ""
        )
        found = await discover(self._host, self._machine, self._server.apps, self._code.caches)
        self._code.claim(found)
        known = {app.location: app for app in self._apps}
        links = {app.location.path: app.links for app in self._apps}
        apps = []
        for location in found.locations:
            master, pool = choose_pool(location, self._machine)
            address = address_of(location, pool)
            self._served[location.path] = (master, pool, address)
            app = known.get(location) or AppProbe(location, pool, self._fleet, links.get(location.path))
            app.processes.follow(master, self._machine)
            if master is not None and master.config_path not in master.denied:
                app.follow_fpm(master.config.settings.get("error_log", ""), master.config_path)
            apps.append(app)
            if address and address not in self._pools:
                storage = [f"{location.root}{folder}" for folder in _STORAGE.get(location.kind, ())] if location.root else []
                self._pools[address] = self._pool_probe(address, pool, storage)
        self._apps = tuple(apps)
        needed = {address for _, _, address in self._served.values()}
        for pool in await self._code.also_ask(self._host, self._machine, self._pools, needed):
            self._pools.setdefault(str(pool.listen), self._pool_probe(str(pool.listen), pool))
        for probe in self._pools.values():
            probe.again()
        self._lone = await only_laravel(self._host, self._machine, found.locations)
        await self._watch()

    def _pool_probe(self, address: str, pool: Pool | None, storage: Sequence[str] = ()) -> PoolProbe:
        patience = max(TIMEOUT, self._host.timeout)
        connection = PoolConnection(self._file, self._access, address, pool, patience=patience, storage=storage)
        return PoolProbe(self._link, connection, address)

    async def _look_at_more(self, runtimes: dict[str, RuntimeFacts | Unseen]) -> tuple[TickFacts, dict[str, RuntimeFacts | Unseen]]:
        """A tick and *runtimes* with the applications that only the caches have told of: their pools are asked for them, too. Raises
        LinkError."""
        await self._discover()
        _, tick = await self._host.tick()
        new = [app for app in self._apps if not app.slow_at]
        for app in new:
            await app.slow(self._host, tick)
        await self._watch()
        _, tick = await self._host.tick()
        due = {self._served[app.location.path][2] for app in new} - {""}
        return tick, runtimes | (await self._ask_pools(True, due) if due else {})

    async def _watch(self) -> None:
        """Tell the shell on the server what every tick checks."""
        sockets = [address for address in self._pools if address.startswith("/")]
        await self._host.watch("files", [path for app in self._apps for path in app.paths] + sockets)
        await self._host.watch("sockets", sockets)
        pids = [master.record.pid for master in self._machine.masters if master.record] + [each.record.pid for each in self._machine.php]
        await self._host.watch("masters", map(str, pids))

    async def _look_at_host(self, full: bool) -> TickFacts:
        asked = time.time()
        before, tick = await self._host.tick()
        self._offset = tick.now - (asked + time.time()) / 2
        files = any(app.moved(before, tick) for app in self._apps)
        self._replaced = any(app.replaced(before, tick) for app in self._apps)
        self._moved = files or before.gone != tick.gone or before.sockets != tick.sockets
        if full or self._moved or tick.now >= self._slow_due or tick.now < self._slow_due - 2 * SLOW_INTERVAL:
            tick = await self._slow_look(tick)
        for app in self._apps:
            await app.read_logs(self._host, tick)
        return tick

    async def _slow_look(self, tick: TickFacts) -> TickFacts:
        """Everything expensive; then one more tick, because more may be watched now."""
        masters = [(master.config_path, master.record) for master in self._machine.masters]
        workers, web = {each.record for each in self._machine.php}, self._machine.web
        self._machine = await survey(self._host, self._machine)
        for app in self._apps:
            await app.slow(self._host, tick)
        flipped = any(link_moved(app.location, tick.files) for app in self._apps)
        found = [(master.config_path, master.record) for master in self._machine.masters]
        if not self._apps or flipped or masters != found or self._machine.web is not web or self._pools_moved():
            await self._discover()
            _, tick = await self._host.tick()
            for app in self._apps:
                if not app.slow_at:
                    await app.slow(self._host, tick)
        await self._watch()
        _, tick = await self._host.tick()
        for master, pool, address in self._served.values():
            if address in self._pools:
                cached = tuple(app.files.cached_config for app in self._apps if self._is_cached(app, address, tick))
                self._pools[address].configuration = question(master, pool, tick.boot, self._host.hello.hz, cached)
        # The supervisor probably restarts a worker that has just ended: look again soon.
        ended = workers - {each.record for each in self._machine.php}
        self._code.due = True
        self._slow_due = tick.now + (WORKER_RETURNS if ended else SLOW_INTERVAL)
        return tick

    def _is_cached(self, app: AppProbe, address: str, tick: TickFacts) -> bool:
        """Whether *app*, which the pool at *address* serves, has a cached configuration."""
        return self._served[app.location.path][2] == address and app.location.kind == "laravel" and app.files.caches["config"] in tick.files

    def _pools_moved(self) -> bool:
        """Apply what the configuration says now. Whether a pool moved to an address that is not asked yet."""
        for app in self._apps:
            master, pool = choose_pool(app.location, self._machine)
            address = address_of(app.location, pool)
            self._served[app.location.path] = (master, pool, address)
            app.processes.follow(master, self._machine)
            if address in self._pools:
                self._pools[address].pool = pool
            elif address:
                return True
        return False

    # ----------------------------------------------------------------------------------------------------------------- runtime

    async def _ask_pools(self, full: bool, only: Collection[str] = ()) -> dict[str, RuntimeFacts | Unseen]:
        """*only*: these, else all; those that are asked for whose code they hold only on the slow beat."""
        wait = TIMEOUT + 1.0 if full else POOL_WAIT
        for address, probe in self._pools.items():
            served = [app for app in self._apps if self._served[app.location.path][2] == address and app.location.root]
            seen = [app.links.found for app in served]
            probe.peers = len(self._machine.watchers)
            probe.places = tuple(path for app in served for path in app.files.places)
            probe.links = tuple(link for found in seen if found for link in found) if None not in seen else None
        due = only or [address for address in self._pools if full or self._code.due or address not in self._code.pools]
        self._code.due = False
        looks = {
            address: probe.look(full=full, wait=wait, idle=self._idle(probe), moved=self._moved, replaced=self._replaced)
            for address, probe in self._pools.items()
            if address in due
        }
        answers = await asyncio.gather(*looks.values(), return_exceptions=True)
        results: dict[str, RuntimeFacts | Unseen] = {}
        for address, answer in zip(looks, answers, strict=True):
            if isinstance(answer, BaseException):
                raise answer
            results[address] = answer
        return self._own_requests.summed(results, self._masters(), {address: probe.own for address, probe in self._pools.items()})

    async def _ask_health(self, runtimes: dict[str, RuntimeFacts | Unseen], full: bool) -> dict[str, HealthAnswer]:
        told = {path: runtimes[address] for path, (_, _, address) in self._served.items() if address in runtimes}
        look = Look(full, TIMEOUT + 1.0 if full else POOL_WAIT, self._moved, self._replaced)
        answers = await self._health.ask(self._apps, told, look)
        pools = {app.location.path: None if is_guessed(app.location) else self._served[app.location.path][1] for app in self._apps}
        return {path: judged_by(answer, pools[path]) for path, answer in answers.items()}

    def _masters(self) -> dict[str, str]:
        """Which master each pool belongs to, by address, where that is known."""
        running = [master for master in self._machine.masters if master.record is not None]
        known = {str(pool.listen): master.config_path for master in running for pool in master.pools}
        return known | {address: master.config_path for master, _, address in self._served.values() if master is not None}

    async def _look_again(self, tick: TickFacts, runtimes: dict[str, RuntimeFacts | Unseen]) -> TickFacts:
        """*tick* with the places that a pool sees otherwise as they are after its answer: they may have changed in between."""
        told = tuple(facts for facts in runtimes.values() if isinstance(facts, RuntimeFacts))
        seen = (place for facts in told for place in facts.places or ())
        other = [
            str(place.path)
            for place in seen
            if (record := tick.files.get(str(place.path))) is None or (record.dev, record.inode) != (place.dev, place.inode)
        ]
        other += extension_dirs(told)
        if not other:
            return tick
        return replace(tick, files={**tick.files, **await stats_of(self._host, other)})

    def _idle(self, probe: PoolProbe) -> bool:
        """An ondemand pool without workers, or with none but those that our own looks keep."""
        pool = probe.pool
        if pool is None or pool.pm != "ondemand":
            return False
        workers = {pid for pid, (_, title) in self._host.last_tick.processes.items() if title == f"php-fpm: pool {pool.name}"}
        return not workers or probe.only_ours(workers)

    async def _ask_apcu(self, runtimes: dict[str, RuntimeFacts | Unseen], tick: TickFacts, *, full: bool) -> None:
        """At every slow look, what APCu holds of classes that moved. Where a pool could not be asked, nothing is asked of it."""
        if not full and not self._moved and tick.now < self._apcu_due:
            return
        self._apcu_due = tick.now + SLOW_INTERVAL
        for app in self._apps:
            _, _, address = self._served[app.location.path]
            facts = runtimes.get(address)
            opcache = facts.seen_opcache if isinstance(facts, RuntimeFacts) else None
            pool = self._pools.get(address)
            if pool is not None and opcache is not None and opcache.enabled and (full or not self._idle(pool)):
                await app.ask_apcu(pool, float(opcache.start_time))

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

    def _snapshot(self, app: AppProbe, tick: TickFacts, runtimes: dict[str, RuntimeFacts | Unseen], roots: tuple[int, ...]) -> Snapshot:
        master, pool, address = self._served[app.location.path]
        hz, hidden, inside = self._host.hello.hz, self._machine.hidden, self._machine.contained
        unseen = hidden or inside
        fpm = missing_pool(app.location, address, tick, unseen) if master is None else None
        count, unit = pool_count(self._machine.masters), app.location.entry.reload
        fpm = fpm or self._fpm.facts(app.location.path, FpmSeen(master, pool, address, hz, unit, count, unseen), tick)
        fpm = with_pools(fpm, master, self._served, runtimes)
        workers = queue_workers(self._machine.php, app.location, alone=self._lone, boot=tick.boot, hz=hz, now=tick.now, sources=app.sources)
        watched = tuple(other.location.root for other in self._apps if other is not app and other.location.root)
        others = (*watched, *self._code.others)
        host = app.facts(tick, self._host, fpm, workers=workers, watchers=self._machine.watchers, locks=roots, others=others)
        runtime = runtimes.get(address) or (fpm if isinstance(fpm, Unseen) and app.location.sites else no_pool(master, unseen))
        stopped = isinstance(fpm, FpmFacts) and fpm.running is False and fpm.socket is not None and not fpm.socket.exists
        if isinstance(runtime, Unseen) and stopped:
            runtime = NOT_RUNNING
        host = replace(
            host,
            fpm=with_extensions(fpm, runtime, tick),
            unwatched=self._code.unwatched,
            hidden=hidden,
            contained=inside,
            command_lines={str(safe(path)): safe(file) for path, file in self._machine.command_lines.items()},
            cron=cron_lines(self._machine.cron, app.location),
            web=web_facts(app.location, address, self._machine),
        )
        told = (*self._machine.left_out, *(self._code.problems(self._machine, self._host.hello.login) if app is self._apps[0] else ()))
        return replace(self._value(app, host, runtime, tick.now), problems=(*host.problems, *told))

    def _value(self, app: AppProbe, host: HostFacts | Unseen, runtime: RuntimeFacts | Unseen, now: float) -> Snapshot:
        return Snapshot(
            server=self._server.name,
            address=self._server.target,
            app=safe(app.location.path),
            observed_at=now,
            clock_offset=self._offset,
            host=host,
            runtime=runtime,
            problems=host.problems if not isinstance(host, Unseen) else (),
        )

    def _blind(self, app: AppProbe, error: LinkError) -> Snapshot:
        unseen = error.unseen()
        return self._value(app, unseen, unseen, time.time())

    def _empty(self, tick: TickFacts, error: LinkError | None, runtimes: dict[str, RuntimeFacts | Unseen] | None = None) -> Snapshot:
        """No application was found, and why no pool's cache could tell of one."""
        unseen = NO_APP if error is None else error.unseen()
        silent = dict.fromkeys(facts for facts in (runtimes or {}).values() if isinstance(facts, Unseen))
        return Snapshot(
            server=self._server.name,
            address=self._server.target,
            app=safe(""),
            observed_at=tick.now,
            clock_offset=self._offset,
            host=unseen,
            runtime=unseen,
            problems=(unseen, *silent, *self._machine.left_out),
        )
