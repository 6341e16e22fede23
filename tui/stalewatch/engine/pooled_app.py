"""What a runbook acts through: one app on one server, by the open sessions of the fleet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.engine.comparison import compared
from stalewatch.model.smoke import Smoke
from stalewatch.probe.runtime.kept_files import told_alone
from stalewatch.runbook import driver
from stalewatch.runbook.preflight import pools_reached
from stalewatch.runbook.result import compared_again

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from stalewatch.engine.session_pool import SessionPool
    from stalewatch.model.inventory import AppKey
    from stalewatch.model.parsing import Parsed, Scripts
    from stalewatch.model.remade import Remade
    from stalewatch.model.report import Report
    from stalewatch.model.snapshot import QueueWorker
    from stalewatch.runbook.plan import Plan, Progress, Status
    from stalewatch.transport.fastcgi.response import Response
    from stalewatch.transport.link import Link


async def run(
    pool: SessionPool,
    plan: Plan,
    latest: Callable[[], Iterable[Report]],
    on_progress: Callable[[Progress], None],
    stopped: Callable[[], str] = lambda: "",
) -> tuple[dict[AppKey, Status], tuple[Report, ...]]:
    """Execute a confirmed plan: the status of every server in it, and the reports of its end, compared with each other; a verified
    server that is not fresh in that comparison is ``partly``. *latest*: the reports, which for servers outside the plan may come in
    meanwhile. *stopped*: why no further step may be begun ("": go on). Never raises for one server's trouble: that is a Status."""
    apps = {report.key: PooledApp(pool, report, latest) for report in latest()}
    ended = await driver.run(plan, apps, on_progress, stopped=stopped)
    planned = {server.key for server in plan.servers}
    reports = (apps[report.key].report if report.key in planned & apps.keys() else report for report in latest())
    ends = compared(pool.fleet, tuple(reports))
    for told in compared_again(ended, ends).values():
        on_progress(told)
        ended[told.server, str(told.app)] = told.status
    return ended, ends


class PooledApp:
    """One app on one server, as :class:`stalewatch.runbook.app_session.AppSession`: its link may be lost and come back meanwhile.
    *latest*: the reports, also of other apps."""

    def __init__(self, pool: SessionPool, report: Report, latest: Callable[[], Iterable[Report]] = tuple) -> None:
        self._pool = pool
        self._latest = latest
        self.report = report

    @property
    def smoke(self) -> Smoke:
        """The request that the app must answer."""
        return self._pool.fleet.smokes.get(self.report.key, Smoke())

    def beside(self) -> Sequence[PooledApp]:
        """The other apps that a reload of its FPM master reaches, as far as they are looked at."""
        reached = {str(app) for pool in pools_reached(self.report) for app in pool.apps} - {str(self.report.app)}
        others = (other for other in self._latest() if other.server == self.report.server and str(other.app) in reached)
        return [PooledApp(self._pool, other, self._latest) for other in others]

    @property
    def link(self) -> Link:
        """Raises LinkLost when there is none."""
        return self._pool.session(self.report.server).link

    async def look(self) -> Report:
        """A fresh full look, diagnosed; a lost link is tried again once. Raises LinkError."""
        session = await self._pool.open(self.report.server)
        self.report = await session.look_at(self.report.app)
        return self.report

    async def invalidate(self, paths: Sequence[str]) -> dict[str, bool]:
        """Path -> no longer cached. Raises LinkError."""
        return await self._pool.session(self.report.server).invalidate(self.report.app, tuple(paths))

    async def await_workers(self, workers: Sequence[QueueWorker]) -> None:
        """Remember that they are told to end. Raises LinkLost."""
        await self._pool.session(self.report.server).await_workers(self.report.app, tuple(workers))

    async def compile(self, path: str) -> bool:
        """Whether OPcache holds *path* now; nothing of it is executed. Raises LinkError."""
        return await self._pool.session(self.report.server).compile(self.report.app, path)

    async def request(self, parameters: Mapping[str, str]) -> Response:
        """One request to the app through its pool, with these FastCGI parameters. Raises LinkError."""
        return await self._pool.session(self.report.server).request(self.report.app, parameters)

    async def artefacts(self, verb: str, files: Sequence[str], options: Mapping[str, object]) -> dict[str, str]:
        """Path -> what is wrong ("" nothing). A lost link is tried again once. Raises LinkError."""
        session = await self._pool.open(self.report.server)
        return await session.artefacts(self.report.app, verb, tuple(files), options)

    async def remake(self, cache: str, root: str, visit: Mapping[str, str]) -> Remade:
        """Whether the pool would make the cached configuration *cache*. Raises LinkError."""
        return await self._pool.session(self.report.server).remake(self.report.app, cache, root, visit)

    async def alone(self, verb: str, files: Sequence[str], options: Mapping[str, object]) -> str:
        """The command line that asks the same on the server itself ("" there is none). Raises LinkError."""
        return await self._pool.session(self.report.server).alone(self.report.app, verb, tuple(files), options)

    def told(self, files: Sequence[str], said: str) -> dict[str, str]:
        """What that command has *said* ({} no answer)."""
        return told_alone(files, said)

    async def parse(self, scripts: Scripts) -> Parsed:
        """Whether the pool can compile *scripts*. Raises LinkLost."""
        return await self._pool.session(self.report.server).parse(self.report.app, scripts)
