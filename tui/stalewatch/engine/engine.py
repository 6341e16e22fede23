"""The engine, in a thread and loop of its own: a terminal that takes no bytes blocks the screens' loop, and must never stop a probe."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING

from stalewatch.engine.board import Board
from stalewatch.engine.publisher import Publisher
from stalewatch.model import reasons
from stalewatch.model.errors import LinkLost
from stalewatch.runbook.cleared_layers import cleared_layers
from stalewatch.runbook.evidence_digest import evidence_digest
from stalewatch.runbook.plan import Plan, Progress, Request, Status
from stalewatch.timeline import from_progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalewatch.engine.server_session import ServerSession
    from stalewatch.engine.watcher import Watcher
    from stalewatch.model.inventory import Fleet
    from stalewatch.model.report import Report

log = logging.getLogger(__name__)

Key = tuple[str, str]


class Engine:
    """Watches a fleet from its own thread. Every method may be called from any thread and none blocks (but ``stop``, for a moment)."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.board = Board()
        self.publisher = Publisher(self.board, self.fleet)
        for server in fleet.servers:
            self.publisher.place_holder(server)
        self.read_only = fleet.read_only
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watchers: dict[str, Watcher] = {}
        self._main: asyncio.Task[None] | None = None
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stalewatch-engine", daemon=True)
        self._runs: set[asyncio.Task[dict[Key, Status]]] = set()

    def start(self) -> None:
        """Start watching; returns at once. What links need is imported in the engine's thread: best after the first frame."""
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        """End every link; what was written over there is removed. Returns after at most *timeout* seconds."""
        if not self._thread.is_alive():
            return
        if self._started.wait(timeout):
            self._call(self._cancel)
        self._thread.join(timeout)

    def look(self, keys: Sequence[Key]) -> None:
        """Look again at these panes now, everything; also try to connect again."""
        self._call(self._look_now, [server for server, _ in keys])

    def plan(self, keys: Sequence[Key], request: Request) -> Plan:
        """What *request* would do, from the latest reports. Panes without a report are left out."""
        from stalewatch.runbook import planner

        reports = self._reports()
        production = frozenset(server.name for server in self.fleet.servers if server.production)
        inputs = planner.PlanInputs(units=self.fleet.units, cleared=cleared_layers())
        return planner.plan([reports[key] for key in keys if key in reports], request, production=production, inputs=inputs)

    def still_valid(self, plan: Plan) -> bool:
        """Whether the evidence that *plan* was drawn from is still what the board shows."""
        reports = self._reports()
        return all(
            (report := reports.get((server.server, server.app))) is not None and evidence_digest(report) == server.evidence_digest
            for server in plan.servers
        )

    def run(self, plan: Plan) -> Future[dict[Key, Status]]:
        """Execute a confirmed plan. Progress arrives in the panes and on the timeline. Raises PermissionError when read-only."""
        if self.read_only and plan.acting:
            raise PermissionError("read-only: nothing is done on any server")
        result: Future[dict[Key, Status]] = Future()
        self._call(self._start_run, plan, result)
        return result

    def _reports(self) -> dict[Key, Report]:
        return {pane.key: pane.report for pane in self.board.snapshot().panes if pane.report is not None}

    def _call(self, function: object, *arguments: object) -> None:
        if self._started.is_set() and self._loop is not None and not self._loop.is_closed():
            with contextlib.suppress(RuntimeError):  # the loop closed between the question and the call
                self._loop.call_soon_threadsafe(function, *arguments)  # type: ignore[arg-type]

    # ---------------------------------------------------------------------------------------------- in the engine's thread

    def _run(self) -> None:
        try:
            asyncio.run(self._watch())
        except asyncio.CancelledError:
            pass
        except ExceptionGroup as bugs:  # of a task that has no border of its own: what is shown must not look alive
            log.exception("the engine ended")
            why = "; ".join(f"{type(bug).__name__}: {bug}" for bug in bugs.exceptions)
            message = f"stalewatch itself stopped watching ({why})"
            self.publisher.ended(reasons.INTERNAL.unseen(message, "start it again; its log has the details"))

    async def _watch(self) -> None:
        from stalewatch.engine.watcher import Watcher

        self._loop = asyncio.get_running_loop()
        self._main = asyncio.current_task()
        chance = random.Random()
        for server in self.fleet.servers:
            self._watchers[server.name] = Watcher(server, self.fleet, self.publisher, chance)
        self._started.set()
        async with asyncio.TaskGroup() as group:
            group.create_task(self.publisher.run())
            for watcher in self._watchers.values():
                group.create_task(watcher.run(), name=watcher.server.name)

    def _cancel(self) -> None:
        for task in self._runs:
            task.cancel()
        if self._main is not None:
            self._main.cancel()

    def _look_now(self, servers: list[str]) -> None:
        for server in servers:
            if server in self._watchers:
                self._watchers[server].look_now()

    def _start_run(self, plan: Plan, result: Future[dict[Key, Status]]) -> None:
        task = asyncio.get_running_loop().create_task(self._execute(plan))
        self._runs.add(task)

        def done(task: asyncio.Task[dict[Key, Status]]) -> None:
            self._runs.discard(task)
            if task.cancelled():
                result.cancel()
            elif error := task.exception():
                result.set_exception(error)
            else:
                result.set_result(task.result())

        task.add_done_callback(done)

    async def _execute(self, plan: Plan) -> dict[Key, Status]:
        from stalewatch.engine.app_session import AppSite
        from stalewatch.runbook import driver

        keys = [(server.server, str(server.app)) for server in plan.servers]
        reports = self._reports()
        for key in keys:
            self.publisher.clear_progress(key)
        sites = {key: AppSite(self, reports[key]) for key in keys if key in reports}
        result = await driver.run(plan, sites, self._progressed)
        self._look_now([server for server, _ in keys])
        return result

    def session(self, server: str) -> ServerSession:
        """The watcher's open session. Raises LinkLost when there is none."""
        session = self._watchers[server].session
        if session is None or not session.alive:
            raise LinkLost(f"{server}: the connection is gone")
        return session

    async def reopened(self, server: str) -> ServerSession:
        """The watcher's session; without one the watcher is told to connect at once. Raises LinkLost."""
        watcher = self._watchers[server]
        if watcher.session is None or not watcher.session.alive:
            watcher.look_now()
            await watcher.opened(self.fleet.timeout)
        return self.session(server)

    def _progressed(self, progress: Progress) -> None:
        self.publisher.progress(progress)
        self.board.add([from_progress(progress)])
