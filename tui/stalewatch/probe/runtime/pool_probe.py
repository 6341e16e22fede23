"""What one FPM pool says of itself, look after look, and what it is told to do."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from stalewatch.model import reasons
from stalewatch.model.errors import LinkError, LinkLost, LinkTimeout
from stalewatch.model.replace import replace
from stalewatch.model.snapshot import Opcache, PoolStatus, RuntimeFacts, Unseen
from stalewatch.model.text import safe
from stalewatch.probe.runtime import answer as answers
from stalewatch.probe.runtime import kept_files
from stalewatch.probe.runtime.chroot import inside, outside_cache, outside_status
from stalewatch.probe.runtime.last_scripts import LastScripts
from stalewatch.probe.runtime.package_digests import AT_ONCE, PackageDigests
from stalewatch.probe.runtime.parsing import parse
from stalewatch.probe.runtime.pool_connection import PAGE_TIMEOUT
from stalewatch.probe.runtime.pool_schedule import PoolSchedule
from stalewatch.probe.runtime.pool_scoreboard import PoolScoreboard
from stalewatch.probe.runtime.remaking import remake
from stalewatch.probe.runtime.visits import Visits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from stalewatch.model.parsing import Parsed, Scripts
    from stalewatch.model.remade import Remade
    from stalewatch.model.runtime import CachedEnvironment, RunningFile
    from stalewatch.model.snapshot import FileStat, Pool
    from stalewatch.probe.health.connection import HealthConnection
    from stalewatch.probe.runtime.answer import Answer
    from stalewatch.probe.runtime.configuration import Question
    from stalewatch.probe.runtime.pool_connection import PoolConnection
    from stalewatch.transport.link import Link

TIMEOUT = answers.TIMEOUT
APCU_WAIT = 1.5
"""Seconds that a look waits for what APCu holds: it is asked after the pool has just answered."""
IDLE_INTERVAL = 60.0
ENDING = 5.0
"""Seconds in which a worker ends whose idle time is over: FPM looks once a second."""
MAX_CHANGED = 2000
_DIGEST_UP_TO = 200
_DIGEST_ROUNDS = 4
"""Requests for digests in one full look, each of which PHP spends 50 ms on at most."""


class PoolProbe:
    """One pool behind one *address* (socket path, ``host:port``, URL of a health file). ``look`` raises only LinkLost."""

    def __init__(self, link: Link, connection: PoolConnection | HealthConnection, address: str) -> None:
        self.address = address
        self._link = link
        self._connection = connection
        self._task: asyncio.Task[RuntimeFacts | Unseen] | None = None
        self._last: RuntimeFacts | None = None
        self._asked = float("-inf")
        self._schedule = PoolSchedule()
        self._scoreboard = PoolScoreboard(connection, address)
        self._digests = PackageDigests()
        self.places: tuple[str, ...] = ()
        self.links: tuple[tuple[str, str, bool], ...] | None = None
        self.configuration: Question | None = None
        self._configuration_told: Question | None = None
        self._visits = Visits()
        self.peers = 0
        self._quiet_until = 0.0
        self._scripts = LastScripts()
        self._failures = 0
        self._unseen: Unseen | None = None

    async def look(self, *, full: bool, wait: float, idle: bool, moved: bool = False, replaced: bool = False) -> RuntimeFacts | Unseen:
        """The pool now. Waits at most *wait* seconds; a request that takes longer continues, and a later look gets its answer.

        *moved*: the host probe saw a file change, so the comparison is worth its cost; *replaced*: it saw another directory in the place of
        one, so all scripts are. *idle*: an ondemand pool without workers, or with those only that our own looks keep: a request would
        start one or keep it, so the last answer is used for a minute at least, and until the workers have ended.
        """
        now = asyncio.get_running_loop().time()
        self._schedule.saw(moved=moved, replaced=replaced)
        if self._task is not None and (full or self._schedule.news) and await self._answered(wait):
            self._take()  # it was asked before that, and shows nothing of it
        if self._task is None:
            if not full and self._unseen is not None and now < self._quiet_until:
                return self._unseen
            rest = max(IDLE_INTERVAL, self.pool.idle_timeout + ENDING if self.pool is not None else 0.0)
            if idle and not full and not self._schedule.moved and self._last is not None and now - self._asked < rest:
                return answers.without_scripts(self._last)
            last = self._last.seen_opcache if self._last is not None else None
            verb = self._schedule.verb(asyncio.get_running_loop().time(), last, full=full or self._last is None)
            self._task = asyncio.create_task(self._ask(verb, full))
        if await self._answered(now + wait - asyncio.get_running_loop().time()):
            return self._take()
        return self._connection.unanswered(asyncio.get_running_loop().time() - self._asked)

    def again(self) -> None:
        """PHP-FPM may have started: that it did not answer before is no reason to wait."""
        self._failures, self._quiet_until = 0, 0.0

    async def _answered(self, wait: float) -> bool:
        """Whether the request that is under way ends within *wait* seconds."""
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=max(wait, 0.0))
        return self._task is not None and self._task.done()

    def _take(self) -> RuntimeFacts | Unseen:
        """The result of the request that has ended. Raises LinkLost where the link did."""
        assert self._task is not None
        task, self._task = self._task, None
        result = task.result()
        if isinstance(result, Unseen):
            self._schedule.saw(moved=True)  # what the answer should have shown is still to be seen
            self._failures += 1
            self._quiet_until = asyncio.get_running_loop().time() + min(2.0 * 2**self._failures, 30.0)
            self._unseen = result
        else:
            self._failures = 0
            self._unseen = None
            self._last = result
            if result.seen_status is None or not result.seen_status.seen_at:
                self._visits.take(result.seen_status, self._connection.sent, self.peers)
        return result

    @property
    def pool(self) -> Pool | None:
        """What its configuration says (None: not read)."""
        return self._connection.pool

    @pool.setter
    def pool(self, pool: Pool | None) -> None:
        self._connection.pool = pool

    @property
    def own(self) -> tuple[int, int]:
        """Since when OPcache counts (S), and our requests to this pool since then."""
        return self._connection.own

    def only_ours(self, workers: AbstractSet[int]) -> bool:
        """Whether *workers* (pids) of this pool are there for our looks only, as far as the last two answers tell."""
        return self._visits.only_ours(workers)

    async def invalidate(self, paths: Sequence[str]) -> dict[str, bool]:
        """Take exactly *paths* out of OPcache; True where the script is not cached now. Raises LinkError."""
        results: dict[str, bool] = dict.fromkeys(paths, False)
        seen = {inside(path, self._connection.chroot): path for path in paths}
        told = (await self._connection.act("invalidate", {"paths": list(seen)})).results
        results |= {seen[path]: done if cached is None else not cached for path, done, cached in told if path in seen}
        self._schedule.again()
        return results

    async def compile(self, path: str) -> bool:
        """Whether OPcache holds *path* after it was told to compile it. Raises LinkError."""
        answer = await self._connection.act("compile", {"paths": [inside(path, self._connection.chroot)]})
        return any(cached for *_, cached in answer.results)

    async def artefacts(self, verb: str, files: Sequence[str], options: Mapping[str, object]) -> dict[str, str]:
        """Do *verb* to *files* that are kept aside: path -> what is wrong, or became of it ("" nothing). Raises LinkError."""
        return kept_files.told(files, await self._connection.act(verb, kept_files.body(files, options, self._connection.chroot)))

    async def alone(self, verb: str, files: Sequence[str], options: Mapping[str, object]) -> str:
        """The command line that asks the same on the server itself, once ``keep`` was asked ("" there is none). Raises LinkError."""
        if not files:
            return ""
        asked = kept_files.request_alone(verb, files, options, self._connection.chroot)
        return await self._connection.alone(asked)

    async def apcu(self, keys: Sequence[str]) -> dict[str, str | None] | None:
        """What APCu holds of *keys* (None: something that is no text), nothing where it is off; None when it could not be asked at once.
        Raises LinkLost."""
        if self._connection.busy:
            return None
        try:
            answer = await self._connection.act("apcu", {"keys": list(keys)}, APCU_WAIT)
        except (LinkError, ValueError) as error:
            if isinstance(error, LinkLost) and not self._link.alive:
                raise
            return None
        self._schedule.answered("apcu", answer, asyncio.get_running_loop().time())
        return None if answer.apcu is None else {key: value for key, held, value in answer.apcu if held}

    async def stats(self, paths: Sequence[str]) -> tuple[FileStat, ...] | None:
        """Those of *paths* that the pool sees; None where it could not be asked at once. Raises LinkLost."""
        if self._connection.busy:
            return None
        asked = [inside(path, self._connection.chroot) for path in paths]
        try:
            answer = await self._connection.act("status", {"places": asked, "status": False}, APCU_WAIT)
        except (LinkError, ValueError) as error:
            if isinstance(error, LinkLost) and not self._link.alive:
                raise
            return None
        return answers.places(answer, self._connection.chroot)

    async def parse(self, scripts: Scripts) -> Parsed:
        """Whether *scripts* can be compiled; nothing of them is executed or cached. Raises LinkLost, if the link is lost."""
        return await parse(lambda body: self._connection.act("parse", body), lambda: self._link.alive, scripts, self._connection.chroot)

    async def remake(self, cache: str, root: str, visit: Mapping[str, str]) -> Remade:
        """As :func:`stalewatch.probe.runtime.remaking.remake` says. Raises LinkLost, if the link is lost."""
        return await remake(self._connection.act, lambda: self._link.alive, cache, root, visit, self._connection.chroot)

    async def close(self) -> None:
        """Cancel the running request. Never raises."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    # ------------------------------------------------------------------------------------------------------------ the request

    async def _ask(self, verb: str, full: bool) -> RuntimeFacts | Unseen:
        loop = asyncio.get_running_loop()
        self._asked = loop.time()
        try:
            body = self._body(verb, full)
            expected = self._scoreboard.expected
            await self._scoreboard.look_at_page(self._asked, (verb, body) if expected else None)
            if loop.time() - self._asked >= PAGE_TIMEOUT:
                return await self._busy()
            body = body if expected and self._scoreboard.expected else self._body(verb, full)  # PHP may have to tell in its place
            answer = await self._with_digests(verb, full, body)
            status = answer if isinstance(answer, Unseen) else self._scoreboard.told(answer, loop.time())
        except LinkLost as error:
            if not self._link.alive:
                raise
            return reasons.FPM_HUNG_UP.unseen(f"the pool closed the connection: {error.message}")
        except LinkTimeout:
            return await self._busy()
        except LinkError as error:
            return error.unseen()
        except ValueError as error:
            return reasons.FPM_PROTOCOL.unseen(str(error))
        finally:
            await self._connection.leave()
        if isinstance(answer, Unseen):
            return answer
        self._schedule.answered(verb, answer, loop.time())
        return self._facts(verb, answer, status)

    def _body(self, verb: str, full: bool) -> bytes:
        digest = verb == "scripts" or self._last_changed() <= _DIGEST_UP_TO
        root = self._connection.chroot
        places = [path.removeprefix(root) for path in self.places if path.startswith(f"{root}/")]
        body: dict[str, object] = {"digest": digest, "limit": MAX_CHANGED, "places": places}
        if self.links is not None:
            body["links"] = [(inside(link, root), *rest) for link, *rest in self.links]
        if self.configuration is not None and (verb == "scripts" or self.configuration != self._configuration_told):
            body["configuration"] = self.configuration.body()
        body |= self._scoreboard.asked(asyncio.get_running_loop().time(), full=full, needed="configuration" in body)
        return msgspec.json.encode(body)

    async def _with_digests(self, verb: str, full: bool, body: bytes) -> Answer | Unseen:
        """The answer to *verb*; a full list with digests of more scripts than it has itself. Raises LinkError."""
        answer = await self._connection.answer(verb, body, timeout=TIMEOUT)
        for _ in range(_DIGEST_ROUNDS if full else 1):
            if verb != "scripts" or isinstance(answer, Unseen) or not (missing := self._digests.missing(answer)):
                break
            told = await self._connection.answer("digests", msgspec.json.encode({"paths": missing[:AT_ONCE]}), timeout=TIMEOUT)
            if isinstance(told, Unseen) or not told.digests:
                break
            answer = self._digests.merged(answer, told)
        return answer

    def _facts(self, verb: str, answer: Answer, status: PoolStatus | Unseen) -> RuntimeFacts:
        root = self._connection.chroot
        opcache = answers.opcache(answer)
        if isinstance(opcache, Opcache):
            opcache = outside_cache(opcache, root)
        if isinstance(status, PoolStatus):
            status = self._scripts.told(outside_status(status, root), str(self.pool.status_path) if self.pool is not None else "")
        before = self._last.opcache if self._last is not None else None
        if isinstance(opcache, Opcache) and isinstance(before, Opcache):
            if verb == "status" and before.since == opcache.since:
                opcache = replace(
                    opcache,
                    changed=before.changed,
                    changed_total=before.changed_total,
                    entry_points=before.entry_points,
                    compared=before.compared,
                    compared_at=before.compared_at,
                    truncated=before.truncated,
                    links=before.links,
                    through=before.through,
                )
            if verb != "scripts":
                opcache = replace(opcache, scripts_at=before.scripts_at)
        via, relay = self._connection.way()
        return RuntimeFacts(
            asked_at=answer.now,
            via=via,
            php_version=safe(answer.php, 40),
            user=safe(answer.user or (str(answer.uid) if answer.uid >= 0 else ""), 64),
            opcache=opcache,
            status=status,
            own_requests=self._connection.own[1],
            realpath_cache_ttl=min(max(answer.realpath_cache_ttl, 0), 10**9),
            replaced=answers.replaced(answer, self._last),
            ini=answers.ini_files(answer, self._last),
            places=answers.places(answer, self._connection.chroot),
            relay=relay,
            extensions=answers.extensions(answer, self._last),
            extension_dir=answers.extension_dir(answer, self._last),
            configuration=self._configuration(answer),
            environment=self._environment(answer),
            variables=answers.variables(answer, self._last),
            remembered=answers.remembered(answer, self._last, root),
            sapi=safe(answer.sapi, 40),
            user_ini_ttl=answer.user_ini_ttl if answer.user_ini_ttl is None else min(max(answer.user_ini_ttl, 0), 10**9),
        )

    def _configuration(self, answer: Answer) -> tuple[RunningFile, ...] | None:
        """What the answer says of the files that changed; what an earlier one said of the same files holds until they change again."""
        if answer.configuration is not None:
            self._configuration_told = self.configuration
            return answers.configuration(answer)
        same = self.configuration is not None and self.configuration == self._configuration_told
        return self._last.configuration if self._last is not None and same else None

    def _environment(self, answer: Answer) -> tuple[CachedEnvironment, ...] | None:
        if answer.environment is not None:
            return answers.environment(answer)
        return self._last.environment if self._last is not None and self.configuration is not None else None

    async def _busy(self) -> RuntimeFacts | Unseen:
        """No worker answered in time. pm.status_listen answers even then."""
        busy = reasons.FPM_STATUS_HANGS.unseen(
            f"no worker of the pool answered within {TIMEOUT:g} s",
            "" if self.pool and self.pool.status_listen else "set pm.status_listen, so that a busy pool can be seen",
        )
        if self.pool is None or not self.pool.status_listen or not self.pool.status_path or self._last is None:
            return busy
        status = await self._connection.status_page(self.pool.status_listen)
        return replace(self._last, opcache=busy, status=status) if isinstance(status, PoolStatus) else busy

    def _last_changed(self) -> int:
        return self._last.opcache.changed_total if self._last is not None and isinstance(self._last.opcache, Opcache) else 0
