"""Make stale states side by side over the hosts of a lab, and have the runbook fix each through the engine, under a hammer."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from subprocess import SubprocessError
from typing import TypeVar

from stalewatch.engine.fleet_session import FleetSession
from stalewatch.engine.session_pool import SessionPool
from stalewatch.model.errors import LinkError
from stalewatch.model.inventory import AppEntry, Fleet, Server
from stalewatch.model.report import Report, Verdict
from stalewatch.runbook.plan import PROVEN, Choice, Plan, Progress, Request, Status
from tests.lab import Host, Lab
from tests.lab.truth.run import LATER, Forgetful
from tests.lab.truth.state import Ask, State

PACE = 0.05
"""Seconds between two requests of the hammer."""
FIX = Request(choice=Choice.FIX)
T = TypeVar("T")


class End(StrEnum):
    """``healed``: verified, the new code is served, a second fix finds nothing. ``left``: the plan says what a person must do, and did
    no harm. ``refused``: blocked, or a check before the first change failed, with the reason. ``unproven``: it ran, and says that it is
    not verified. ``wrong``: it is worse than before, or called verified and is not."""

    HEALED = "healed"
    LEFT = "left"
    REFUSED = "refused"
    UNPROVEN = "unproven"
    WRONG = "wrong"


@dataclass(frozen=True)
class Healing:
    """What came of one state. *before*, *after*: what the application served. *lost*: requests of the hammer that failed during the fix.
    *said*: why it is not healed. *steps*: what was run. *after* is ``same`` where a new master serves the same."""

    state: State
    end: End
    before: str
    after: str
    verdict: str = ""
    lost: int = 0
    sent: int = 0
    seconds: float = 0.0
    steps: tuple[str, ...] = ()
    said: str = ""


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


def served_by_a_new_start(host: Host, state: State) -> str:
    """What a new master serves, whose cache is empty: more than that no fix can reach. "" where none starts."""
    try:
        host.restart()
    except RuntimeError:
        return ""
    return state.ask(host)


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
        """Make the state, fix it twice, and look at what is served. Never raises for what a state can do."""
        try:
            return await self._heal()
        except (RuntimeError, ValueError, OSError, SubprocessError, LinkError) as error:
            return Healing(self._state, End.WRONG, "", "", said=f"could not be made: {str(error)[-300:]}")
        finally:
            await self._pool.close_all()
            await self._aside(self._state.undo)

    async def _heal(self) -> Healing:
        state = self._state
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
        await self._session.look()
        before = await self._aside(state.ask)
        hammer = Hammer(self._host, state)
        begun = time.monotonic()
        plan = self._plan()
        with hammer.running():
            statuses = await self._session.run(plan, self._told.append)
        seconds = time.monotonic() - begun
        after = await self._aside(state.ask)
        if after in ("old", "broken") and after == before and await self._aside(partial(served_by_a_new_start, state=state)) == after:
            after = "same"
        await self._session.look()
        report = next((report for report in self._session.reports if report.app == state.app), None)
        end, said = self._judge(plan, statuses.get((self._host.name, state.app)), before, after, report)
        lost = hammer.lost if before in ("old", "new") else 0
        steps = tuple(step.id for server in plan.servers for step in server.acting)
        verdict = report.verdict.value if report is not None else "none"
        return Healing(state, end, before, after, verdict, lost, hammer.sent, seconds, steps, said)

    def _plan(self) -> Plan:
        """The plan for the application of the state only."""
        plan = self._session.propose(FIX)
        return Plan(request=plan.request, servers=tuple(server for server in plan.servers if server.app == self._state.app))

    def _judge(self, plan: Plan, status: Status | None, before: str, after: str, report: Report | None) -> tuple[End, str]:
        why = "; ".join(str(line.evidence.get("why", "")) for line in self._told if line.step == "result")
        if before in ("old", "new") and after in ("down", "broken"):
            return End.WRONG, f"it answered before and does not now: {why}"
        if not plan.servers or report is None:
            return End.WRONG, "no such app was found"
        server = plan.servers[0]
        if server.blocked:
            return End.REFUSED, str(server.blocked[0])
        if not server.acting:
            left = "; ".join(f"{one.what}: {one.why}" for one in server.left_out)
            return End.LEFT, left or "no step, and no reason"
        if status not in PROVEN:
            begun = {line.step for line in self._told if line.status is Status.RUNNING} & {step.id for step in server.acting}
            return End.UNPROVEN if begun else End.REFUSED, why
        if after == "old":
            return End.WRONG, "called verified, and the old code is served"
        if report.verdict in (Verdict.STALE, Verdict.SUSPECT):
            told = next((str(finding.summary) for finding in report.findings if finding.verdict is report.verdict), "")
            left = "; ".join(f"{one.what}: {one.why}" for one in server.left_out)
            end = End.LEFT if left and status is Status.PARTLY else End.WRONG
            return end, f"called {status}, and it is {report.verdict.value}: {told}; {left}"
        again = self._plan()
        if again.acting:
            steps = ", ".join(step.id for one in again.servers for step in one.acting)
            return End.WRONG, f"a second fix would run {steps}"
        return End.HEALED, ""

    async def _aside(self, function: Callable[[Host], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, self._host)
