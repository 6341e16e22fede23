"""What a step rewrites or clears is kept aside by the pool until the application answers after it, and put back where it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.diagnosis import views
from stalewatch.model.errors import LinkError
from stalewatch.model.layers import Layer
from stalewatch.model.text import SafeText, safe
from stalewatch.runbook.commands import usable
from stalewatch.runbook.plan import Outcome, Phase, Status, Step
from stalewatch.runbook.step_spec import outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalewatch.model.report import Report
    from stalewatch.runbook.app_session import AppSession

_SCRIPT = ".stalewatch/environment.php"


def environment_script(report: Report) -> str:
    """Where the PHP is written that gives artisan or bin/console the pool's environment: beside what they make, where the pool's user may
    write. "": nowhere."""
    host = report.host
    if host is None or host.layout.kind not in ("laravel", "symfony"):
        return ""
    if host.layout.kind == "laravel":
        return f"{report.app}/bootstrap/cache/{_SCRIPT}"
    compiled = next((str(each.file.path) for each in (host.symfony.compiled if host.symfony is not None else ())), "")
    folder = compiled.rpartition("/")[0].rpartition("/")[0]
    path = f"{folder}/{_SCRIPT}" if folder.startswith("/") else f"{report.app}/{folder}/{_SCRIPT}"
    return path if folder and usable(path) else ""


async def tidy(session: AppSession) -> dict[str, SafeText]:
    """Under the lock, before anything: what a run that was cut off has left aside goes, or is back where it is needed. File -> which.

    Raises LinkLost, where the link is lost, and nothing else: a pool that can't be asked keeps nothing aside either.
    """
    report = session.report
    host, script = report.host, environment_script(report)
    if host is None or not script:
        return {}
    root = host.release.root or report.app
    paths = [str(cache.path) if cache.path.startswith("/") else f"{root}/{cache.path}" for cache in host.caches]
    paths += [f"{views.folder_of(host, root)}/"] if host.layout.kind == "laravel" else []
    try:
        told = await session.artefacts("tidy", [path for path in paths if usable(path)], {"script": script})
    except LinkError:
        _ = session.link
        return {}
    return {path: safe(f"left aside by a run that was cut off: {became}") for path, became in told.items() if became}


async def unwritable(session: AppSession, step: Step) -> dict[str, str]:
    """What keeps the pool from writing what *step* names ("" nothing); empty where it can't be asked. Raises LinkLost."""
    if not step.writes:
        return {}
    try:
        return await session.artefacts("writable", step.writes, {})
    except LinkError:
        _ = session.link
        return {}


def keeps(step: Step) -> bool:
    """Whether something is kept aside, or written for artisan, while *step* runs."""
    return bool(step.keeps or step.script)


def _variables(step: Step) -> list[str]:
    """By which Laravel is told to build each of the files that are kept aside; none where one has no such variable."""
    files = step.layer.spec.files if step.layer is not None and step.phase is Phase.REBUILD else ()
    names = [file.variable for file in files]
    return names if len(names) == len(step.keeps) and all(names) else []


class KeptAside:
    """What the steps of one server's runbook have kept aside so far. Raises LinkError, where nothing else is said."""

    def __init__(self, session: AppSession) -> None:
        self._session = session
        self._asked: list[Step] = []
        self._kept: list[Step] = []
        self._running = False
        self._without: dict[str, str] = {}

    async def keep(self, step: Step) -> Outcome | None:
        """Before *step*: None, or why it must not be run. A clear goes on without, because it is asked for also where there is no room; and
        so do compiled views, which are made again when they are asked for: see :meth:`noted`."""
        if not keeps(step):
            return None
        clears = step.phase is Phase.CLEAR
        self._asked.append(step)
        self._running = True
        options = {"script": step.script, "away": step.away, "clears": clears, "variables": _variables(step)}
        told = await self._session.artefacts("keep", step.keeps, options)
        refused = {path: f"not kept aside: {why}" for path, why in told.items() if why}
        if not told:
            refused = {"why": "the pool does not keep files aside"}
        if not refused and step.keeps:
            self._kept.append(step)
        optional = clears and not step.script
        if refused and all(optional or (path in step.keeps and path.endswith("/")) for path in refused):
            self._without = refused
        elif refused:
            self._running = False
            return outcome(Status.FAILED, **refused, state="nothing was run, and nothing was changed")
        return None

    def noted(self, outcome: Outcome) -> Outcome:
        """*outcome* of the step that was kept last, with what was not kept aside of it."""
        without, self._without = self._without, {}
        more = {path: safe(why) for path, why in without.items()}
        return Outcome(status=outcome.status, evidence={**outcome.evidence, **more}) if more else outcome

    async def alone(self, step: Step) -> str:
        """The command line by which the server settles *step* itself, in case that the link is cut meanwhile ("" there is none)."""
        if not keeps(step) or step.phase is Phase.CLEAR or step.layer is Layer.VIEWS:
            return ""
        return await self._session.alone("settle", step.keeps, {"script": step.script})

    async def settle(self, step: Step, said: str = "") -> Outcome | None:
        """After *step* has ended: None, or what is wrong with what it left; what was there before is back then. *said*: what the server
        said that has settled it itself."""
        if not keeps(step) or step.phase is Phase.CLEAR:
            self._running = False
            return None
        told = self._session.told(step.keeps, said) if said else {}
        if not told:
            told = await self._session.artefacts("settle", step.keeps, {"script": step.script})
        self._running = False
        wrong = {path: f"{why}: what was there before is back" for path, why in told.items() if why}
        if wrong and step in self._kept:
            self._kept.remove(step)
        return outcome(Status.FAILED, **wrong) if wrong else None

    async def settle_later(self, step: Step) -> Outcome | None:
        """As :meth:`settle` for a step whose link was lost; None also where the pool can't be asked: the next rebuild does it then."""
        try:
            return await self.settle(step)
        except LinkError:
            return None

    @property
    def anything(self) -> bool:
        """Whether there may be a copy."""
        return bool(self._asked)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps that can be taken back."""
        return tuple(self._kept)

    async def exchange(self, steps: Sequence[Step], *, compiled: bool) -> str:
        """What was there before *steps* and what is there now change places: "", or why not. *compiled*: OPcache was made to compile it."""
        for step in steps:
            told = await self._session.artefacts("exchange", step.keeps, {"compiled": compiled})
            if wrong := [f"{path}: {why}" for path, why in told.items() if why]:
                return "; ".join(wrong)
        return ""

    async def drop(self) -> None:
        """Nothing of it is needed any more; under the lock. What a step still needs that runs is left to the next run. Never raises."""
        if self._running:
            return
        asked, self._asked, self._kept = self._asked, [], []
        files = dict.fromkeys(path for step in asked for path in step.keeps)
        script = next((step.script for step in asked if step.script), "")
        if files or script:
            try:
                await self._session.artefacts("drop", tuple(files), {"script": script})
            except LinkError:
                return
