"""What the rules of every layer read: one snapshot, taken apart once, and the memory of earlier ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from stalewatch.diagnosis.memory import Memory
from stalewatch.model.memo import Memos
from stalewatch.model.replace import replace
from stalewatch.model.report import Finding, Verdict
from stalewatch.model.snapshot import FpmFacts, HostFacts, Opcache, PoolStatus, RuntimeFacts, Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stalewatch.diagnosis.opcache.script_state import ScriptVerdict
    from stalewatch.model.inventory import Thresholds


CLOCK_STEP = 1.0
"""Seconds by which time synchronisation may set a clock back."""
SET_BACK = 3.0
"""Seconds by which the start of a cache lies ahead only where the clock was set back since."""
LONG_AGO = 10 * 365 * 86400.0
"""Seconds before the look: a cache of which nothing tells when it began may hold anything that changed since then."""


class Witness(NamedTuple):
    """Who shows that requests for this app reach the pool that was asked, in words ("" nobody). *now*: this look alone; *shows*: this or an
    earlier look, a web server's configuration, or that there is no other pool."""

    now: str = ""
    shows: str = ""


_NOBODY = Witness()


@dataclass(frozen=True, slots=True)
class Context:
    """A snapshot taken apart (None: not seen) with what is remembered of earlier looks. Times are the server's, epoch seconds. *witness* is
    added once the rest is known (:func:`stalewatch.diagnosis.chain.pool.witnessed`). *kept*: what several rules make of the same parts;
    *shared*: what all apps of one look do."""

    snapshot: Snapshot
    memory: Memory
    thresholds: Thresholds
    host: HostFacts | None
    fpm: FpmFacts | None
    runtime: RuntimeFacts | None
    opcache: Opcache | None
    status: PoolStatus | None
    root: str
    now: float
    witness: Witness = _NOBODY
    kept: Memos[Any] = field(default_factory=Memos, repr=False, compare=False)
    shared: Memos[Any] = field(default_factory=Memos, repr=False, compare=False)

    @classmethod
    def of(cls, memory: Memory, snapshot: Snapshot, thresholds: Thresholds, shared: Memos[Any] | None = None) -> Context:
        """*snapshot* taken apart. A *memory* that is younger than the snapshot is dropped: the clock was set back, or the machine was
        restored from an image. Of another release it tells nothing about the sources and caches of this one."""
        host = snapshot.seen_host
        if host is not None and memory.root not in ("", host.release.root) and (memory.baselines or memory.views or memory.rendered):
            memory = replace(memory, baselines={}, views=(), rendered={})
        return cls(
            snapshot=snapshot,
            memory=Memory(awaited=memory.awaited) if host is not None and memory.at > snapshot.observed_at + CLOCK_STEP else memory,
            thresholds=thresholds,
            host=host,
            fpm=snapshot.seen_fpm,
            runtime=snapshot.seen_runtime,
            opcache=_by_todays_clock(snapshot),
            status=snapshot.seen_status,
            root=(host.release.root if host is not None else "") or snapshot.app,
            now=snapshot.observed_at,
            shared=shared if shared is not None else Memos(),
        )

    @property
    def set_back(self) -> bool:
        """Whether the clock was set back since OPcache began."""
        return self.opcache is not self.snapshot.seen_opcache

    @property
    def laravel(self) -> bool:
        """Whether the app is known to be a Laravel application."""
        return self.host is not None and self.host.layout.kind == "laravel"


def _by_todays_clock(snapshot: Snapshot) -> Opcache | None:
    """OPcache as it is, or, where the clock was set back after it began, since its oldest worker came, or its master where that one did
    not come with the pool. PHP wrote its times down by the old one; the kernel tells those of processes by today's
    (``docs/facts.md#clock``)."""
    opcache, fpm = snapshot.seen_opcache, snapshot.seen_fpm
    if opcache is None or not (opcache.since > snapshot.observed_at + SET_BACK or _went_back(snapshot)):
        return opcache
    begun = [worker.started for worker in fpm.workers] if fpm is not None else []
    if fpm is not None and fpm.master is not None and not _came_with_the_pool(snapshot, fpm):
        begun.append(fpm.master.started)
    return replace(opcache, start_time=int(min(begun, default=snapshot.observed_at - LONG_AGO)), last_restart_time=0)


def _went_back(snapshot: Snapshot) -> bool:
    """Whether a worker of the pool is older, by the kernel, than FPM noted when it made it."""
    return any(noted > started + SET_BACK for noted, started in _both(snapshot))


def _came_with_the_pool(snapshot: Snapshot, fpm: FpmFacts) -> bool:
    """Whether the oldest worker is one of those that the pool began with, by FPM's own notes."""
    status = snapshot.seen_status
    oldest = min((worker.started for worker in fpm.workers), default=None)
    return status is not None and any(started == oldest and noted <= status.started + SET_BACK for noted, started in _both(snapshot))


def _both(snapshot: Snapshot) -> list[tuple[float, float]]:
    """When each worker that FPM tells of now was started: by the clock of then, and by the kernel."""
    status, fpm = snapshot.seen_status, snapshot.seen_fpm
    if status is None or status.seen_at or fpm is None:
        return []
    started = {worker.pid: worker.started for worker in fpm.workers}
    return [(worker.started, started[worker.pid]) for worker in status.workers if worker.pid in started]


class Ruling(NamedTuple):
    """What one layer comes to. *scripts*: each changed script's verdict, which the next look remembers (opcache only)."""

    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    scripts: tuple[ScriptVerdict, ...] = ()


def rule_on(base: Verdict, findings: Iterable[Finding]) -> Ruling:
    """The worst of *base* (what the layer is without findings) and of what was found; ``fresh`` findings are health, and neutral."""
    kept = tuple(findings)
    verdict = base
    for finding in kept:
        if finding.verdict is not Verdict.FRESH and finding.verdict.rank > verdict.rank:
            verdict = finding.verdict
    return Ruling(verdict, kept)
