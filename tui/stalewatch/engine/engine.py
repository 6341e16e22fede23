"""The engine, in a thread and loop of its own: a terminal that takes no bytes blocks the screens' loop, and must never stop a probe."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING

from stalewatch.engine.beat import LOOK_INTERVAL
from stalewatch.engine.board import Board
from stalewatch.engine.listener import NOBODY, Listener
from stalewatch.engine.publisher import Publisher
from stalewatch.model import reasons
from stalewatch.runbook.cleared_layers import cleared_layers
from stalewatch.runbook.evidence_digest import evidence_digest
from stalewatch.runbook.plan import Plan, Request, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalewatch.engine.poller import Poller
    from stalewatch.engine.session_pool import SessionPool
    from stalewatch.model.inventory import AppKey, Fleet
    from stalewatch.model.report import Report

log = logging.getLogger(__name__)


class Engine:
    """Watches a fleet from its own thread. Every method may be called from any thread and none blocks (but ``stop``, for a moment).

    *interval*: seconds from one look at a server to the next (None: the usual beat). *listener*: who is told what is seen and done.
    """

    def __init__(self, fleet: Fleet, *, interval: float | None = None, listener: Listener = NOBODY) -> None:
        self.fleet = fleet
        self.interval = interval or LOOK_INTERVAL
        self._listener = listener
        self.board = Board()
        self.publisher = Publisher(self.board, self.fleet, listener)
        for server in fleet.servers:
            self.publisher.place_holder(server)
        self.read_only = fleet.read_only
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pool: SessionPool | None = None
        self._pollers: dict[str, Poller] = {}
        self._main: asyncio.Task[None] | None = None
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stalewatch-engine", daemon=True)
        self._runs: set[asyncio.Task[dict[AppKey, Status]]] = set()

    def start(self) -> None:
        """Start watching; returns at once. What links need is imported in the engine's thread: best after the first frame."""
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        """End every link; what was written on the servers is removed. Returns after at most *timeout* seconds."""
        if not self._thread.is_alive():
            return
        if self._started.wait(timeout):
            self._call(self._cancel)
        self._thread.join(timeout)

    def look(self, keys: Sequence[AppKey]) -> None:
        """Look again at these panes now, everything; also try to connect again."""
        self._call(self._look_now, [server for server, _ in keys])

    def look_every(self, seconds: float) -> None:
        """Look at each server every *seconds*; takes effect at once."""
        self.interval = seconds
        self._call(self._every, seconds)

    def plan(self, keys: Sequence[AppKey], request: Request) -> Plan:
        """What *request* would do, from the latest reports. Panes without a report are left out."""
        from stalewatch.runbook.propose import propose

        reports = self._reports()
        return propose([reports[key] for key in keys if key in reports], self.fleet, request, cleared=cleared_layers())

    def still_valid(self, plan: Plan) -> bool:
        """Whether the evidence that *plan* was drawn from is still what the board shows."""
        reports = self._reports()
        return all(key in reports and evidence_digest(reports[key]) == digest for key, digest in plan.evidence.items())

    def run(self, plan: Plan) -> Future[dict[AppKey, Status]]:
        """Execute a confirmed plan. Progress arrives in the panes and on the timeline. Raises PermissionError when read-only."""
        kept = self.fleet.read_only_servers
        if plan.acting and (self.read_only or any(server.runnable and server.server in kept for server in plan.servers)):
            raise PermissionError("read-only: nothing is done on any server")
        result: Future[dict[AppKey, Status]] = Future()
        self._call(self._start_run, plan, result)
        return result

    def _reports(self) -> dict[AppKey, Report]:
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
        from stalewatch.engine.poller import Poller
        from stalewatch.engine.session_pool import SessionPool

        self._loop = asyncio.get_running_loop()
        self._main = asyncio.current_task()
        chance = random.Random()
        self._pool = pool = SessionPool(
            self.fleet,
            on_step=self.publisher.connecting,
            on_open=lambda server: self._look_now([server]),
            on_judged=self._listener.judged,
        )
        for server in self.fleet.servers:
            self._pollers[server.name] = Poller(server, pool, self.publisher, chance, interval=self.interval)
        self._started.set()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.publisher.run())
                for poller in self._pollers.values():
                    group.create_task(poller.run(), name=poller.server.name)
        finally:
            await pool.close_all()

    def _cancel(self) -> None:
        for task in self._runs:
            task.cancel()
        if self._main is not None:
            self._main.cancel()

    def _every(self, seconds: float) -> None:
        for poller in self._pollers.values():
            poller.look_every(seconds)

    def _look_now(self, servers: list[str]) -> None:
        for server in servers:
            if server in self._pollers:
                self._pollers[server].look_now()

    def _start_run(self, plan: Plan, result: Future[dict[AppKey, Status]]) -> None:
        task = asyncio.get_running_loop().create_task(self._execute(plan))
        self._runs.add(task)

        def done(task: asyncio.Task[dict[AppKey, Status]]) -> None:
            self._runs.discard(task)
            if task.cancelled():
                result.cancel()
            elif error := task.exception():
                result.set_exception(error)
            else:
                result.set_result(task.result())

        task.add_done_callback(done)

    async def _execute(self, plan: Plan) -> dict[AppKey, Status]:
        from stalewatch.engine.pooled_app import run

        assert self._pool is not None  # plans are run in the loop that made it
        self._listener.planned(plan)
        for server in plan.servers:
            self.publisher.clear_progress(server.key)
        result, _ = await run(self._pool, plan, lambda: self._reports().values(), self.publisher.progress)
        self._look_now([server.server for server in plan.servers])
        return result
