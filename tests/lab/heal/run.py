"""Make stale states side by side over the hosts of a lab, and have the runbook fix each through the engine, under a hammer."""

from __future__ import annotations

import asyncio
import shlex
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from stalewatch.engine.fleet_session import FleetSession
from stalewatch.engine.memory_store import save_awaited
from stalewatch.engine.session_pool import SessionPool
from stalewatch.model.inventory import AppEntry, Fleet, Server
from stalewatch.runbook.plan import Choice, Plan, Progress, Request
from tests.lab import Host, Lab
from tests.lab.heal.judge import Course, End, Healing, judge
from tests.lab.truth.run import LATER, Forgetful
from tests.lab.truth.state import Ask, State

PACE = 0.05
"""Seconds between two requests of the hammer."""
PATIENCE = 300.0
"""Seconds for one state."""
FIX = Request(choice=Choice.FIX)
T = TypeVar("T")


RIGHTS = "/etc/sudoers.d/heal"


def all_rights(host: Host) -> None:
    """The login may do everything: what a fix can heal is another question than what it is permitted. A restore does not take it back:
    :func:`usual_rights` does."""
    file = host.root(RIGHTS)
    file.write_text("deploy ALL=(ALL:ALL) NOPASSWD: ALL\n")
    file.chmod(0o440)


def least_rights(host: Host) -> None:
    """The login may run nothing as anybody else, the lab's own exact lines neither: sudo takes the last line that fits."""
    file = host.root(RIGHTS.replace("heal", "zz-heal"))
    file.write_text("deploy ALL=(ALL:ALL) !ALL\n")
    file.chmod(0o440)


RIGHTS_OF: dict[str, Callable[[Host], None]] = {"all": all_rights, "least": least_rights}


def usual_rights(host: Host) -> None:
    """Those of the lab again."""
    host.root(RIGHTS.replace("heal", "zz-heal")).unlink(missing_ok=True)
    host.root(RIGHTS).unlink(missing_ok=True)


def served_by_the_disk(host: Host, state: State) -> str:
    """What a new master and new workers serve where nothing is left of what was compiled or cached before: more than that no fix can
    reach. "" where none starts."""
    kept = "bootstrap/cache/*.php storage/framework/views/*.php var/cache/*"
    host.run(["sh", "-c", f"cd {shlex.quote(state.app)} && rm -rf {kept}"], check=False)
    host.run(["sh", "-c", "kill -9 $(pgrep -x php)"], check=False)
    try:
        host.restart()
        return state.ask(host)
    except (RuntimeError, OSError):
        return ""


def lost(host: Host, state: State) -> bool:
    """Whether a visitor's request now gets no answer, or 5xx. A visitor takes the way of the state: through its web server, or to its
    pool. Where the state asks something else than the application (a worker, or artisan), a visitor still asks for its front page."""
    ask = state.ask if isinstance(state.ask, Ask) else Ask(script=f"{state.app}/public/index.php")
    try:
        return ask.answer(host)[0] >= 500
    except OSError:
        return True


class Hammer:
    """Requests to the application, one after the other, as long as it runs. It counts those that failed."""

    def __init__(self, host: Host, state: State) -> None:
        self.sent = self.lost = 0
        self._host = host
        self._state = state
        self._over = threading.Event()

    @contextmanager
    def running(self) -> Iterator[None]:
        thread = threading.Thread(target=self._run, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def _run(self) -> None:
        while not self._over.wait(PACE):
            self.sent += 1
            self.lost += lost(self._host, self._state)


async def run(lab: Lab, states: Sequence[State], tell: Callable[[Healing], None] = lambda _one: None, rights: str = "all") -> list[Healing]:
    """Every state on the next host that is free; what came of them in the order of *states*. *rights* of the login: of
    :data:`RIGHTS_OF`."""
    waiting, ended = deque(states), dict[str, Healing]()
    with ThreadPoolExecutor(2 * len(lab.hosts)) as threads:

        async def work(host: Host) -> None:
            while waiting:
                state = waiting.popleft()
                ended[state.name] = await Healer(lab, host, state, threads, rights).heal()
                tell(ended[state.name])

        await asyncio.gather(*map(work, lab.hosts))
    return [ended[state.name] for state in states]


class Healer:
    """Makes one state on one host and fixes it."""

    def __init__(self, lab: Lab, host: Host, state: State, threads: ThreadPoolExecutor, rights: str = "all") -> None:
        self._host = host
        self._rights = RIGHTS_OF[rights]
        self._state = state
        self._threads = threads
        apps = (AppEntry(path=state.app),) if state.named else ()
        server = Server(target=host.name, name=host.name, apps=apps)
        self._pool = SessionPool(Fleet(servers=(server,), ssh_config=str(lab.ssh_config)), memories={host.name: Forgetful()})
        self._session = FleetSession(self._pool)
        self._told: list[Progress] = []

    async def heal(self) -> Healing:
        """Make the state, fix it twice, and look at what is served. Whatever goes wrong in it is its own end: the others go on."""
        try:
            return await asyncio.wait_for(self._heal(), PATIENCE)
        except Exception as error:  # noqa: BLE001  the border of one state
            return self._broken(error)
        finally:
            for over in (self._pool.close_all(), self._aside(self._state.undo)):
                try:
                    await over
                except Exception as error:  # noqa: BLE001  the next state begins with a restore
                    print(f"after {self._state.name}: {type(error).__name__}: {str(error)[-300:]}", file=sys.stderr)

    def _broken(self, error: Exception) -> Healing:
        why = "not over in time" if isinstance(error, TimeoutError) and not str(error) else f"{type(error).__name__}: {str(error)[-300:]}"
        return Healing(self._state, End.WRONG, "", "", said=f"the state itself broke off: {why}")

    async def _heal(self) -> Healing:
        state = self._state
        await self._make()
        await self._session.look()
        before = await self._aside(state.ask)
        hammer = Hammer(self._host, state)
        begun = time.monotonic()
        plan = self._plan()
        with hammer.running():
            statuses = await self._session.run(plan, self._told.append)
        seconds = time.monotonic() - begun
        after = await self._aside(state.ask)
        await self._session.look()
        report = next((report for report in self._session.reports if report.app == state.app), None)
        course = Course(
            plan=next(iter(plan.servers), None),
            status=statuses.get((self._host.name, state.app)),
            told=self._told,
            report=report,
            again=_acting(self._plan()),
            before=before,
            after=after,
            disk=await self._aside(partial(served_by_the_disk, state=state)) if after in ("old", "broken") else "",
        )
        end, said = judge(course)
        lost = hammer.lost if before in ("old", "new") else 0
        verdict = report.verdict.value if report is not None else "none"
        return Healing(state, end, before, course.served, verdict, lost, hammer.sent, seconds, _acting(plan), said)

    async def _make(self) -> None:
        state = self._state
        save_awaited(self._host.name, state.app, ())  # of an earlier state
        await self._aside(Host.restore)
        await self._aside(usual_rights)
        await self._aside(self._rights)
        await self._aside(state.arrange)
        if state.remembered:
            await self._session.look()
        await asyncio.sleep(LATER)
        await self._aside(state.act)
        if state.meanwhile is not None:
            await self._session.look()
            await self._aside(state.meanwhile)

    def _plan(self) -> Plan:
        """The plan for the application of the state only."""
        plan = self._session.propose(FIX)
        return Plan(request=plan.request, servers=tuple(server for server in plan.servers if server.app == self._state.app))

    async def _aside(self, function: Callable[[Host], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, self._host)


def _acting(plan: Plan) -> tuple[str, ...]:
    return tuple(step.id for server in plan.servers for step in server.acting)
