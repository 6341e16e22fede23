"""Run states side by side over the hosts of a lab, through the engine: connect, probe, diagnose."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tests.lab import Host, Lab
from tests.lab.truth import naive
from tests.lab.truth.state import State
from tui.diagnosis.memory import Memory
from tui.inventory import AppEntry, Fleet, Server
from tui.report import Report, Severity, Verdict
from tui.watch.session import Session

HOSTS = 8
Aside = Callable[[Callable[[Host], object]], Awaitable[object]]


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
    waiting = list(enumerate(states))
    outcomes: dict[int, Outcome] = {}
    with ThreadPoolExecutor(len(lab.hosts)) as threads:

        async def work(host: Host) -> None:
            while waiting:
                index, state = waiting.pop(0)
                outcomes[index] = await one(lab, host, state, threads)

        await asyncio.gather(*(work(host) for host in lab.hosts))
    return [outcomes[index] for index in range(len(states))]


async def one(lab: Lab, host: Host, state: State, threads: ThreadPoolExecutor) -> Outcome:
    """*state* on *host*, which is restored first."""

    async def aside(function: Callable[[Host], object]) -> object:
        return await asyncio.get_running_loop().run_in_executor(threads, function, host)

    await aside(Host.restore)
    try:
        return await _one(lab, host, state, aside)
    except (RuntimeError, ValueError, TimeoutError, OSError) as error:
        return Outcome(state, None, "", {}, (f"could not be made: {error!r}",))
    finally:
        await aside(state.undo)


async def _one(lab: Lab, host: Host, state: State, aside: Aside) -> Outcome:
    apps = (AppEntry(path=state.app),) if state.named else ()
    server = Server(target=host.name, name=host.name, apps=apps)
    fleet = Fleet(servers=(server,), ssh_config=str(lab.ssh_config))
    session = Session(server, fleet, Forgetful())
    await aside(state.arrange)
    try:
        if state.remembered:
            await session.open(lambda _step: None)
            await session.look(full=True)
        await aside(state.act)
        if not state.remembered:
            await session.open(lambda _step: None)
        if state.invalidate:
            await session.invalidate(state.app, state.invalidate)
        if state.meanwhile is not None:
            await session.look(full=True)
            await aside(state.meanwhile)
        reports = await session.look(full=True)
    finally:
        await session.close()
    alarms = await aside(lambda host: {name: check(host, state.app) for name, check in naive.CHECKS.items()})
    served = await aside(state.ask)
    assert isinstance(alarms, dict)
    report = next((report for report in reports if report.app == state.app), None)
    wrong = ("no such app was found",) if report is None else tuple(judge(state, report, str(served)))
    return Outcome(state, report, str(served), alarms, wrong)


def judge(state: State, report: Report, served: str) -> list[str]:
    """In what *report* is not right for *state*."""
    wrong = []
    if report.verdict is not state.verdict:
        wrong.append(f"verdict {report.verdict}, not {state.verdict}")
    wrong += [f"{layer} {report.layers[layer]}, not {due}" for layer, due in state.layers.items() if report.layers[layer] is not due]
    said = {finding.code for finding in report.findings if finding.verdict is not Verdict.FRESH}
    noted = {finding.code for finding in report.findings if finding.verdict is Verdict.FRESH and finding.severity is not Severity.INFO}
    errors = {error.code for error in report.errors}
    for what, got, due in (("finding", said, state.codes), ("warning", noted, state.health), ("error", errors, state.errors)):
        wrong += [f"{what} {code} missing" for code in sorted(due - got)]
        wrong += [f"{what} {code} too much" for code in sorted(got - due)]
    if served != state.really:
        wrong.append(f"served {served}, not {state.really}")
    return wrong
