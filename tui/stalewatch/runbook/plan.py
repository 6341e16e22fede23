"""The plan is a value: the exact commands, per server, each with its reason, and what is deliberately left out. Values here;
:mod:`stalewatch.runbook.planner` makes them from Reports."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from stalewatch.model.app_names import app_name
from stalewatch.model.fixing import Fixing, InFlight, WhenUnreachable
from stalewatch.model.layers import Layer
from stalewatch.model.parsing import Scripts
from stalewatch.model.smoke import Smoke
from stalewatch.model.text import SafeText, safe

if TYPE_CHECKING:
    from stalewatch.model.inventory import AppKey


class Phase(StrEnum):
    """In the order of execution."""

    PREFLIGHT = "preflight"
    CLEAR = "clear"
    REBUILD = "rebuild"
    RELOAD = "reload"
    RESTART = "restart"
    VERIFY = "verify"


class Choice(StrEnum):
    """Which key opened the plan."""

    CLEAR = "clear"
    REBUILD = "rebuild"
    RELOAD = "reload"
    FIX = "fix"
    VERIFY = "verify"


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What the person asks for. *everything*: the whole sequence whether needed or not; *cache_clear*: also the application cache.

    *only*: of a fix, these phases (``clear`` ``rebuild`` ``reload``; empty: all). *in_flight_wait*: for how many seconds at most.
    *during_deploy*: also where a deploy is under way. *canary*: the server that is first ("": the first that is changed). *verified*:
    (server, app) that the run before has verified: there only what is stale by now is done.
    """

    choice: Choice
    everything: bool = False
    cache_clear: bool = False
    only: tuple[Phase, ...] = ()
    in_flight: InFlight = InFlight.WAIT
    in_flight_wait: float = Fixing().in_flight_wait
    during_deploy: bool = False
    canary: str = ""
    unreachable: WhenUnreachable = WhenUnreachable.LOST
    verified: tuple[tuple[str, str], ...] = ()

    @property
    def invalidate(self) -> bool:
        """Whether rather many scripts are invalidated one by one than FPM reloaded."""
        return self.in_flight is InFlight.INVALIDATE


class Justification(msgspec.Struct, frozen=True):
    """Which finding justifies a step. When none of a step's causes is found any more just before it, the step is skipped."""

    layer: Layer
    code: str
    subject: SafeText


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step on one server, made by its kind's row of :data:`stalewatch.runbook.steps.STEPS`.

    *command* is exactly what is run on the server (or, for *via* ``fastcgi``, what is asked of PHP, as a person would write it).
    *paths*: scripts to invalidate; *scripts*: those to parse. *layer*: whose artefact proves it. *timeout* in seconds. *causes* empty:
    asked for, or follows from an earlier step; done without reading the evidence again. For people: *does* (a sentence with ``{}`` for
    *what* it is done to) and *label* (one word). *interrupts*: requests in flight may be lost. *keeps*: files that are kept aside
    until the app answers after it, the one that proves it first, and put back where it leaves one that can't run, or the app does not
    answer; *away*: they are moved aside, so that it starts without them. *script*: PHP that gives the command the pool's environment,
    written before it ("" none). *idle*: for so many seconds it waits until no request is in flight, and is refused where that does not
    come (None: it does not wait). *writes*: of a check, what the steps write, which the pool is asked for: files, and folders that end in a
    slash."""

    id: str
    kind: str
    phase: Phase
    command: str
    reason: SafeText
    via: str = "shell"
    paths: tuple[str, ...] = ()
    layer: Layer | None = None
    timeout: float = 60.0
    causes: tuple[Justification, ...] = ()
    does: str = ""
    what: SafeText = SafeText("")
    label: str = ""
    interrupts: bool = False
    keeps: tuple[str, ...] = ()
    away: bool = False
    script: str = ""
    scripts: Scripts | None = None
    idle: float | None = None
    writes: tuple[str, ...] = ()

    @property
    def acting(self) -> bool:
        """Whether it changes something."""
        return self.phase not in (Phase.PREFLIGHT, Phase.VERIFY)


class LeftOut(msgspec.Struct, frozen=True):
    """Something a person may expect in the plan, and why it is not there."""

    what: SafeText
    why: SafeText


class ServerPlan(msgspec.Struct, frozen=True, kw_only=True):
    """The steps of one app on one server. *blocked* not empty: nothing of it is run. *evidence_digest*: of what the plan was drawn
    from; when it has changed at confirmation, the plan is redrawn. *in_flight*: requests that a reload would kill (None: not known).

    *address*: the target as given. *user*: the pool's user, who must own what is rebuilt. *lock*: directories on the server that are locked
    meanwhile (the app's, the FPM master's configuration; "" is none). *tolerated*: layers that verification does not ask to be fresh,
    because the plan leaves them. *short_name*: as a Report's. *smoke*: what the app must answer before anything and after each step.
    *unseen*: it is blocked because it could not be looked at. *deploying*: a deploy is under way."""

    server: str
    app: SafeText
    production: bool = False
    steps: tuple[Step, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    warnings: tuple[SafeText, ...] = ()
    blocked: tuple[SafeText, ...] = ()
    in_flight: int | None = None
    evidence_digest: str = ""
    address: str = ""
    user: SafeText = SafeText("")
    lock: tuple[str, str] = ("", "")
    tolerated: tuple[Layer, ...] = ()
    short_name: SafeText = SafeText("")
    smoke: Smoke = Smoke()
    unseen: bool = False
    deploying: bool = False

    @property
    def name(self) -> str:
        """What people call the app, as a Report's."""
        return self.short_name or app_name(self.app)

    @property
    def key(self) -> AppKey:
        """(server, app), as a Report's."""
        return (self.server, self.app)

    @property
    def acting(self) -> tuple[Step, ...]:
        """The steps that change something."""
        return tuple(step for step in self.steps if step.acting)

    @property
    def interrupts(self) -> bool:
        """Whether requests in flight may be lost."""
        return any(step.interrupts for step in self.steps)

    def refusal(self, step: str) -> Progress:
        """That it is blocked, and why, as the line of *step*: unknown where it could not be looked at."""
        evidence = {"blocked": safe("; ".join(self.blocked))}
        status = Status.UNKNOWN if self.unseen else Status.FAILED
        return Progress(server=self.server, app=self.app, step=step, status=status, evidence=evidence)

    @property
    def idle(self) -> float | None:
        """For how many seconds a step waits until no request is in flight (None: none does)."""
        return next((step.idle for step in self.steps if step.idle is not None), None)

    @property
    def runnable(self) -> bool:
        """Whether there is something to run here, and nothing forbids it."""
        return bool(self.steps) and not self.blocked


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What will be done, server by server, in this order (rolling, *batch* at a time). *canary*: the server that goes alone and is verified
    twice before the others ("" none)."""

    request: Request
    servers: tuple[ServerPlan, ...]
    batch: int = 1
    canary: str = ""

    @property
    def evidence(self) -> dict[AppKey, str]:
        """The digest of what each server's plan was drawn from."""
        return {server.key: server.evidence_digest for server in self.servers}

    @property
    def runnable(self) -> bool:
        """Whether anything of it would be executed."""
        return any(server.runnable for server in self.servers)

    @property
    def empty(self) -> bool:
        """Nothing to do anywhere."""
        return not any(server.steps for server in self.servers)

    @property
    def acting(self) -> bool:
        """Whether any step changes something (a plan of looks only needs no confirmation)."""
        return any(server.acting for server in self.servers)


class Status(StrEnum):
    """Of a step, and of a server's whole plan. ``unknown``: the link was lost while it ran; look again, never call it failed.
    ``partly``: what was planned is proven, and something that was not planned is not fresh."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    PARTLY = "partly"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


LEFT = "not fixed by this plan"
"""Where an outcome that is ``partly`` names the layers that are not fresh."""
PROVEN = (Status.DONE, Status.PARTLY)
"""What was planned is proven: the next server may follow."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a step ended, by artefacts: ``done``, ``partly``, ``failed``, ``unknown`` or ``skipped``, and what was seen.

    *unreached*: the link was lost before anything was begun."""

    status: Status
    evidence: dict[str, SafeText] = {}
    unreached: bool = False


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """One line of progress: also one line of ``fix --format json``. *evidence*: what was seen (artefact times, pids), or why not."""

    server: str
    app: SafeText
    step: str
    status: Status
    evidence: dict[str, SafeText] = {}
    at: float = 0.0
