"""What happened, as values. All times are epoch seconds; the hosts and this machine have one clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Edit:
    """*what* of the application on *host* is number *number* on the disk from *ended* on: ``code``, ``config``, ``view`` …"""

    host: str
    what: str
    number: int
    begun: float
    ended: float


@dataclass(frozen=True)
class Fault:
    """*kind*: of :data:`.plan.FAULTS`. *run*: whom it struck ("" a whole host). *until*: the end of a freeze, else the same as *at*."""

    kind: str
    at: float
    until: float
    run: str = ""
    host: str = ""


@dataclass(frozen=True)
class Run:
    """One ``stalewatch fix``. *code*: its exit code, negative: ended by that signal. *proving*: when the step ``verify`` was begun, by host
    (hosts without it: nothing was to be done). *served*: what the host served right after the exit, by host and *what*; only of exit 0."""

    name: str
    operator: str
    arguments: tuple[str, ...]
    begun: float
    ended: float
    code: int
    stderr: str = ""
    proving: Mapping[str, float] = field(default_factory=dict)
    results: Mapping[str, str] = field(default_factory=dict)
    served: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Command:
    """One command that sudo permitted. *run*: by the login's environment. *ended*: None: sudo logged no end."""

    host: str
    run: str
    words: str
    begun: float
    ended: float | None


@dataclass(frozen=True)
class PoolRequest:
    """A request that makes the pool do something: ``invalidate``, ``keep``, ``settle``. It was between *earliest* and *latest*."""

    host: str
    verb: str
    earliest: float
    latest: float


@dataclass(frozen=True)
class Lock:
    """A holder's own words in the syslog, said while the lock is held. *ended*: None: it was killed."""

    host: str
    run: str
    begun: float
    ended: float | None


@dataclass(frozen=True)
class Sent:
    """One ``send`` of an operator's audit log with its ``outcome`` (None: there is none)."""

    run: str
    host: str
    step: str
    command: str
    at: float
    outcome_at: float | None = None
    status: str = ""


@dataclass(frozen=True)
class Lived:
    """Processes of a run were on a host until *last*."""

    host: str
    run: str
    last: float


@dataclass(frozen=True)
class Visit:
    """What a visitor got who asked *at* and had the answer at *until*. *number* is None where the answer holds none; *status*
    0: no answer, as while a reload drops requests."""

    host: str
    what: str
    at: float
    status: int
    number: int | None
    until: float = 0.0


@dataclass(frozen=True)
class Left:
    """A lock, process or file on a host after all operators are gone, that was not there before."""

    host: str
    what: str


@dataclass(frozen=True)
class History:
    """*reloads*: how often each FPM master logged a reload."""

    runs: tuple[Run, ...] = ()
    edits: tuple[Edit, ...] = ()
    faults: tuple[Fault, ...] = ()
    commands: tuple[Command, ...] = ()
    requests: tuple[PoolRequest, ...] = ()
    locks: tuple[Lock, ...] = ()
    sent: tuple[Sent, ...] = ()
    lived: tuple[Lived, ...] = ()
    visits: tuple[Visit, ...] = ()
    left: tuple[Left, ...] = ()
    reloads: Mapping[str, int] = field(default_factory=dict)
