"""The lines of a recording, as values. The first line is a :class:`Header`, every other one an entry whose ``kind`` says what it is.

*at* is always epoch seconds by the clock of the machine that recorded. What is inside of a Snapshot is by the server's clock.
"""

from __future__ import annotations

import msgspec

from stalewatch.model.inventory import Fleet
from stalewatch.model.text import SafeText
from stalewatch.model.unseen import Unseen
from stalewatch.recording.patch import Patch
from stalewatch.runbook.plan import Progress
from stalewatch.timeline.event import Event
from stalewatch.transport.link import ConnectStep

SCHEMA = 1
"""Moves when an older reader would show something wrong. Fields may be added without."""


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """Line 1. *version*: of the stalewatch that recorded. *fleet*: what was watched, with its thresholds, without its smoke requests."""

    schema: int
    version: str
    begun: float
    fleet: Fleet


class AppLook(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One app in a look. *snapshot*: what changed in it since the last look at this app. *memory*: what changed in the Memory that it was
    judged with since that look was judged (nothing, as a rule)."""

    app: SafeText
    snapshot: Patch = Patch()
    memory: Patch = Patch()


class Looked(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="look"):
    """A look at *server* succeeded in *took* seconds and was shown: all apps that it found."""

    at: float
    server: str
    took: float
    apps: tuple[AppLook, ...]


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="failed"):
    """There is no look at *server* now, because of *error*. *retry_in*: seconds until it is tried again (None: not by itself)."""

    at: float
    server: str
    error: Unseen
    retry_in: float | None = None


class Connecting(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="connecting"):
    """A step of connecting to *server* begins."""

    at: float
    server: str
    step: ConnectStep


class Happened(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="events"):
    """What the timeline was told."""

    at: float
    events: tuple[Event, ...]


class PlannedStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a plan. *command*: what was shown to the person who confirmed it, without secrets. *acting*: it changes something."""

    id: str
    phase: str
    command: SafeText
    reason: SafeText
    acting: bool


class PlannedServer(msgspec.Struct, frozen=True, kw_only=True):
    """One app of a plan. *left_out*: (what, why). *blocked*: why nothing of it was run."""

    server: str
    app: SafeText
    steps: tuple[PlannedStep, ...] = ()
    left_out: tuple[tuple[SafeText, SafeText], ...] = ()
    warnings: tuple[SafeText, ...] = ()
    blocked: tuple[SafeText, ...] = ()


class Planned(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="plan"):
    """A plan was confirmed by *who* (``user@host``) and begins. *choice*: ``fix``, ``clear``, ``rebuild``, ``reload`` or ``verify``."""

    at: float
    who: str
    choice: str
    servers: tuple[PlannedServer, ...]


class Stepped(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="step"):
    """One line of progress of a runbook; its ``at`` is that of the step. From ``running`` to what ended it is how long it took."""

    at: float
    progress: Progress


Entry = Looked | Failed | Connecting | Happened | Planned | Stepped
