"""What the rules of every layer read: one snapshot, taken apart once, and the memory of earlier ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from stalewatch.diagnosis.memory import Memory
from stalewatch.model.replace import replace
from stalewatch.model.report import Finding, Verdict
from stalewatch.model.snapshot import FpmFacts, HostFacts, Opcache, PoolStatus, RuntimeFacts, Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stalewatch.diagnosis.opcache.script_state import ScriptVerdict
    from stalewatch.model.inventory import Thresholds


CLOCK_STEP = 1.0
"""Seconds by which time synchronisation may set a clock back."""


class Witness(NamedTuple):
    """Who shows that requests for this app reach the pool that was asked, in words ("" nobody). *now*: this look alone; *shows*: this or an
    earlier look, a web server's configuration, or that there is no other pool."""

    now: str = ""
    shows: str = ""


_NOBODY = Witness()


@dataclass(frozen=True, slots=True)
class Context:
    """A snapshot taken apart (None: not seen) with what is remembered of earlier looks. Times are the server's, epoch seconds. *witness* is
    added once the rest is known (:func:`stalewatch.diagnosis.chain.pool.witnessed`)."""

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

    @classmethod
    def of(cls, memory: Memory, snapshot: Snapshot, thresholds: Thresholds) -> Context:
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
            opcache=snapshot.seen_opcache,
            status=snapshot.seen_status,
            root=(host.release.root if host is not None else "") or snapshot.app,
            now=snapshot.observed_at,
        )

    @property
    def laravel(self) -> bool:
        """Whether the app is known to be a Laravel application."""
        return self.host is not None and self.host.layout.kind == "laravel"


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
