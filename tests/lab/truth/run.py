"""Run states side by side over the hosts of a lab, through the engine: connect, probe, diagnose."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from subprocess import SubprocessError
from typing import TypeVar

from stalewatch.diagnosis.fleet import compare
from stalewatch.diagnosis.memory import Memory
from stalewatch.engine.listener import NOBODY
from stalewatch.engine.server_session import ServerSession
from stalewatch.model import reasons
from stalewatch.model.errors import LinkError
from stalewatch.model.inventory import AppEntry, Fleet, Server
from stalewatch.model.report import Report, Severity, Verdict
from stalewatch.model.snapshot import Opcache, RuntimeFacts, Unseen
from tests.lab import Host, Lab
from tests.lab.truth import naive
from tests.lab.truth.fleet import GROUPS
from tests.lab.truth.fleet import STATES as FLEET
from tests.lab.truth.state import State

HOSTS = 10
LATER = 1.1
"""Seconds between a server's start and what happens to it: most clocks here count whole ones, and real servers run for hours."""
LOOKS = 5
T = TypeVar("T")


@dataclass(frozen=True)
class Outcome:
    """What came of one state. *wrong*: every way in which it is not as expected, in words. *alarms*: what the naive checks said."""

    state: State
    report: Report | None
    served: str
    alarms: dict[str, bool | None]
    wrong: tuple[str, ...]


class Forgetful(dict[str, Memory]):
    """Memories that begin empty for every app, whatever an earlier state left in the state directory."""

    def __contains__(self, _app: object) -> bool:
        return True

    def __missing__(self, _app: str) -> Memory:
        return Memory()


async def run(lab: Lab, states: Sequence[State]) -> list[Outcome]:
    """Every state on the next host that is free; outcomes in the order of *states*. Nothing is remembered from one to the next."""
    with tempfile.TemporaryDirectory() as kept:
        before = os.environ.get("XDG_STATE_HOME")
        os.environ["XDG_STATE_HOME"] = kept
        try:
            return await _run(lab, states)
        finally:
            os.environ.pop("XDG_STATE_HOME")
            if before is not None:
                os.environ["XDG_STATE_HOME"] = before


async def _run(lab: Lab, states: Sequence[State]) -> list[Outcome]:
    outcomes: dict[str, Outcome] = {}
    waiting = deque(state for state in states if state not in FLEET)
    with ThreadPoolExecutor(len(lab.hosts)) as threads:
        makers = [Maker(lab, host, threads) for host in lab.hosts]

        async def work(maker: Maker) -> None:
            while waiting:
                state = waiting.popleft()
                outcomes[state.name] = await maker.one(state)

        async def begin(first: list[Maker]) -> None:
            for group in GROUPS:
                if all(state in states for state in group):
                    outcomes.update({outcome.state.name: outcome for outcome in await together(first[: len(group)], group)})
            await asyncio.gather(*map(work, first))

        most = max(map(len, GROUPS))
        await asyncio.gather(begin(makers[:most]), *map(work, makers[most:]))
    return [outcomes[state.name] for state in states if state.name in outcomes]


async def together(makers: Sequence[Maker], states: Sequence[State]) -> list[Outcome]:
    """The *states* of one group, one per host, compared with each other."""
    pairs = list(zip(makers, states, strict=True))
    changed = asyncio.Barrier(len(pairs))
    found = await asyncio.gather(*(maker.reports(state, changed) for maker, state in pairs))
    compared = compare([report for reports in found for report in reports])
    return [await maker.outcome(state, [one for one in compared if one.server == maker.host.name]) for maker, state in pairs]


class Maker:
    """Makes states on one host, one after the other, and looks at them."""

    def __init__(self, lab: Lab, host: Host, threads: ThreadPoolExecutor) -> None:
        self.host = host
        self._lab = lab
        self._threads = threads

    async def one(self, state: State) -> Outcome:
        """*state*, and what came of it."""
        try:
            return await self.outcome(state, await self.reports(state))
        except (RuntimeError, ValueError, OSError, SubprocessError, LinkError) as error:
            return Outcome(state, None, "", {}, (f"could not be made: {str(error)[-300:]!r}",))
        finally:
            await self._aside(state.undo)

    async def reports(self, state: State, changed: asyncio.Barrier | None = None) -> tuple[Report, ...]:
        """The last look's reports of *state*, which is made on a restored host. *changed*: wait there for the hosts that it is compared
        with: a look from before the deploy of another one would be no part of the comparison."""
        await self._aside(Host.restore)
        await self._aside(state.arrange)
        session = self._session(state)
        try:
            if state.remembered:
                await session.open(lambda _step: None)
                await self._remember(session)
            await asyncio.sleep(LATER)
            await self._aside(state.act)
            if not state.remembered:
                await session.open(lambda _step: None)
            if state.invalidate:
                await session.invalidate(state.app, state.invalidate)
            if state.meanwhile is not None:
                await session.look(full=True)
                await self._aside(state.meanwhile)
            if changed is not None:
                await changed.wait()
                await asyncio.sleep(LATER)
            return await session.look(full=True)
        except BaseException:
            if changed is not None:
                await changed.abort()
            raise
        finally:
            await session.close()

    async def _remember(self, session: ServerSession) -> None:
        """Look, as often as a watcher would, until every pool has answered and every content is known: PHP takes check sums for 50 ms of
        one look only, and the answer of a slow machine's pool comes at the next look."""
        for _ in range(LOOKS):
            reports = await session.look(full=True)
            if all(map(_sums_known, reports)):
                return

    async def outcome(self, state: State, reports: Sequence[Report]) -> Outcome:
        """*reports* against what *state* expects and what the application serves."""
        report = next((report for report in reports if report.app == state.app), None)
        alarms = {name: await self._aside(partial(check, app=state.app)) for name, check in naive.CHECKS.items()}
        served = str(await self._aside(state.ask))
        found = {str(report.app) for report in reports}
        wrong = ("no such app was found",) if report is None else tuple(judge(state, report, served))
        wrong += tuple(f"app {app} {'missing' if app in state.apps else 'too much'}" for app in sorted(found ^ state.apps) if state.apps)
        return Outcome(state, report, served, alarms, wrong)

    def _session(self, state: State) -> ServerSession:
        apps = (AppEntry(path=state.app),) if state.named else ()
        server = Server(target=self.host.name, name=self.host.name, apps=apps)
        return ServerSession(server, Fleet(servers=(server,), ssh_config=str(self._lab.ssh_config)), Forgetful(), NOBODY.judged)

    async def _aside(self, function: Callable[[Host], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, self.host)


def _sums_known(report: Report) -> bool:
    runtime = report.snapshot.runtime if report.snapshot is not None else None
    if isinstance(runtime, Unseen) and runtime.code == reasons.FPM_NO_ANSWER.code:
        return False
    if not isinstance(runtime, RuntimeFacts) or not isinstance(runtime.opcache, Opcache):
        return True
    return all(script.digest for script in runtime.opcache.scripts if _own(report.app, script.path) and script.mtime is not None)


def _own(app: str, path: str) -> bool:
    """Whether *path* is code of *app* itself: nothing that Composer or artisan wrote."""
    return path.startswith(f"{app}/") and not any(f"/{made}/" in path for made in ("vendor", "storage", "bootstrap"))


def judge(state: State, report: Report, served: str) -> list[str]:
    """In what *report* is not right for *state*."""
    wrong = []
    if report.verdict is not state.verdict:
        wrong.append(f"verdict {report.verdict}, not {state.verdict}")
    wrong += [f"{layer} {report.layers[layer]}, not {due}" for layer, due in state.layers.items() if report.layers[layer] is not due]
    said = {finding.code for finding in report.findings if finding.verdict is not Verdict.FRESH}
    noted = {finding.code for finding in report.findings if finding.verdict is Verdict.FRESH and finding.severity is not Severity.INFO}
    errors = {error.code for error in report.errors}
    for what, got, due in (
        ("finding", said, state.codes),
        ("warning", noted - state.perhaps, state.health),
        ("error", errors, state.errors),
    ):
        wrong += [f"{what} {code} missing" for code in sorted(due - got)]
        wrong += [f"{what} {code} too much" for code in sorted(got - due)]
    told = sum(finding.verdict is not Verdict.FRESH for finding in report.findings)
    if state.causes is not None and told != state.causes:
        wrong.append(f"{told} findings, not {state.causes}")
    if served != state.really:
        wrong.append(f"served {served}, not {state.really}")
    return wrong
