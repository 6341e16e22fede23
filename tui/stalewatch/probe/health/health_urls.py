"""The health URLs of one server's applications: asked where no pool's socket tells, and what comes of it for each application."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from stalewatch.model import reasons
from stalewatch.model.errors import ProtocolError
from stalewatch.model.replace import replace
from stalewatch.model.runtime import HealthCheck, PoolStatus, RuntimeFacts
from stalewatch.model.snapshot import HostFacts
from stalewatch.model.unseen import Unseen
from stalewatch.probe.health.check import parse_check
from stalewatch.probe.health.connection import HealthConnection, HealthUrl
from stalewatch.probe.runtime.pool_probe import TIMEOUT, PoolProbe

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stalewatch.model.inventory import AppEntry, Server
    from stalewatch.model.processes import Pool
    from stalewatch.model.snapshot import Snapshot
    from stalewatch.probe.host.app_probe import AppProbe
    from stalewatch.probe.host.discovery import AppLocation
    from stalewatch.probe.host.host_probe import HostProbe
    from stalewatch.transport.link import Link

_LEAST = reasons.HEALTH_URL_LEAST.unseen(
    "health_url answers a health check that names no script", "put the health file there instead: stalewatch init --health-file"
)
CHECK_INTERVAL = 10.0
"""Seconds between two requests for an application's own health check."""
FPM = "fpm-fcgi"

HealthAnswer = RuntimeFacts | HealthCheck | Unseen


class Look(NamedTuple):
    """How to look, as :meth:`stalewatch.probe.runtime.pool_probe.PoolProbe.look` has it."""

    full: bool
    wait: float
    moved: bool
    replaced: bool


class HealthUrls:
    """One per server, as long as the link."""

    def __init__(self, link: Link, host: HostProbe, server: Server) -> None:
        self._link = link
        self._host = host
        self._server = server
        self._files: dict[HealthUrl, PoolProbe] = {}
        self._checks: dict[HealthUrl, _Check] = {}

    async def ask(self, apps: Iterable[AppProbe], runtimes: Mapping[str, RuntimeFacts | Unseen], look: Look) -> dict[str, HealthAnswer]:
        """The answers for those of *apps* (by path) that have a URL, and of which *runtimes* (by path) are not seen or only guessed. Raises
        LinkLost."""
        due: dict[HealthUrl, list[AppProbe]] = {}
        for app in apps:
            url = self._url(app.location.entry)
            told = runtimes.get(app.location.path)
            if url is not None and (not isinstance(told, RuntimeFacts) or is_guessed(app.location)):
                due.setdefault(url, []).append(app)
        answers = await asyncio.gather(*(self._ask(url, served, look) for url, served in due.items()))
        return {app.location.path: answer for served, answer in zip(due.values(), answers, strict=True) for app in served}

    async def close(self) -> None:
        """Cancel running requests. Never raises."""
        for probe in self._files.values():
            await probe.close()

    def _url(self, entry: AppEntry) -> HealthUrl | None:
        own = entry if entry.health_url else self._server
        return HealthUrl(own.health_url, own.health_key_file, own.health_key_env) if own.health_url else None

    async def _ask(self, url: HealthUrl, served: list[AppProbe], look: Look) -> HealthAnswer:
        if not url.signed:
            check = self._checks.setdefault(url, _Check(url.shown, HealthConnection(self._link, self._host, url)))
            return await check.look(full=look.full)
        if url not in self._files:
            self._files[url] = PoolProbe(self._link, HealthConnection(self._link, self._host, url), url.url)
        probe, seen = self._files[url], [app.links.found for app in served]
        probe.places = tuple(path for app in served for path in app.files.places)
        probe.links = tuple(link for found in seen if found for link in found) if None not in seen else None
        return await probe.look(full=look.full, wait=look.wait, idle=False, moved=look.moved, replaced=look.replaced)


class _Check:
    """An application's own health check."""

    def __init__(self, url: str, connection: HealthConnection) -> None:
        self._url = url
        self._connection = connection
        self._last: HealthCheck | Unseen | None = None
        self._asked = float("-inf")

    async def look(self, *, full: bool) -> HealthCheck | Unseen:
        now = asyncio.get_running_loop().time()
        if self._last is None or full or now - self._asked >= CHECK_INTERVAL:
            self._asked = now
            page = await self._connection.page(timeout=TIMEOUT)
            try:
                self._last = page if isinstance(page, Unseen) else parse_check(self._url, page)
            except ProtocolError as error:
                self._last = error.unseen()
        return self._last


def is_guessed(location: AppLocation) -> bool:
    """Whether nothing but its being there tells that a pool serves the application: no web server names it, and its cache shows nothing."""
    return not (location.entry.socket or location.passes_to or location.cached_by or location.runs_php)


def judged_by(answer: HealthAnswer, pool: Pool | None) -> HealthAnswer:
    """*answer*, or that it is another runtime's than the *pool*'s that serves the application (None: no pool does)."""
    if not isinstance(answer, RuntimeFacts) or pool is None:
        return answer
    status = answer.status if isinstance(answer.status, PoolStatus) else None
    if answer.sapi != FPM:
        who = f"PHP as {answer.sapi}"
    elif status is not None and status.pool != pool.name:
        who = f"pool {status.pool}"
    elif answer.user and pool.user and answer.user != pool.user:
        who = f"a pool of {answer.user}"
    else:
        return answer
    return reasons.HEALTH_URL_OTHER_HOST.unseen(f"{who} answered at health_url, and pool {pool.name} serves the application")


def with_health(snapshot: Snapshot, told: HealthAnswer | None) -> Snapshot:
    """*snapshot* with what a health URL *told* (None: it was not asked). A pool that only its being there spoke for gives way to it,
    where it is no pool that told."""
    socket_told = isinstance(snapshot.runtime, RuntimeFacts)
    if isinstance(told, RuntimeFacts):
        if socket_told and told.sapi == FPM:
            return snapshot
        host = snapshot.host
        if isinstance(host, HostFacts) and told.sapi != FPM:
            host = replace(host, fpm=reasons.FPM_NOT_USED.unseen(f"no PHP-FPM serves this app: PHP as {told.sapi} answers at health_url"))
        return replace(snapshot, host=host, runtime=told)
    if isinstance(told, HealthCheck):
        return replace(snapshot, health_check=told, problems=snapshot.problems if socket_told else (*snapshot.problems, _LEAST))
    return snapshot if told is None else replace(snapshot, problems=(*snapshot.problems, told))
