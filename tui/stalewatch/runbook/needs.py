"""What the findings of one Report ask for, before it becomes steps. Pure."""

from __future__ import annotations

import msgspec

from stalewatch.model import figures
from stalewatch.model.layers import REBUILT, Layer
from stalewatch.model.report import BY_HAND, MAX_INVALIDATED, Finding, Remedy, Report, Verdict
from stalewatch.model.snapshot import HostFacts, QueueWorker
from stalewatch.model.text import SafeText, safe
from stalewatch.runbook import by_hand, worker_reach
from stalewatch.runbook.commands import usable
from stalewatch.runbook.plan import Justification, LeftOut

SOON = 30.0
"""A pending finding that ends within so many seconds is left to end by itself."""
_REMEDY = {
    Layer.PACKAGES: (Remedy.DISCOVER,),
    **dict.fromkeys(REBUILT, (Remedy.REBUILD,)),
    Layer.OPCACHE: (Remedy.INVALIDATE, Remedy.RELOAD),
    Layer.FPM: (Remedy.RELOAD,),
    Layer.WORKERS: (Remedy.RESTART_WORKERS,),
}
"""What fixes a layer whose finding names no remedy of the runbook."""


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to do, why (*reason*, in words), and the findings that justify it. *paths*: scripts to invalidate."""

    remedy: Remedy
    layer: Layer
    reason: SafeText
    causes: tuple[Justification, ...] = ()
    paths: tuple[str, ...] = ()


class Needs(msgspec.Struct, frozen=True, kw_only=True):
    """*needs* in the order of the findings; *left*: findings that the runbook leaves, and why; *layers* of those."""

    needs: tuple[Need, ...] = ()
    left: tuple[LeftOut, ...] = ()
    layers: tuple[Layer, ...] = ()

    def of(self, *remedies: Remedy) -> tuple[Need, ...]:
        """The needs with one of *remedies*."""
        return tuple(need for need in self.needs if need.remedy in remedies)


def from_findings(report: Report, *, few: int = MAX_INVALIDATED, gentle: bool = False) -> Needs:
    """What stale and suspect findings ask for, and pending ones that would last; the others are named and left.

    *few*: up to how many scripts of one finding are invalidated rather than reloaded; *gentle*: also where the finding would reload.
    """
    needs: list[Need] = []
    left: list[LeftOut] = []
    layers: list[Layer] = []
    for finding in report.findings:
        if finding.verdict in (Verdict.FRESH, Verdict.ABSENT):
            continue
        why = _left_why(finding, report)
        found = () if why else _needs_of(finding, report, few, gentle=gentle)
        needs.extend(found)
        if not found:
            left.append(LeftOut(finding.summary, safe(left_because(finding, report))))
            layers.append(finding.layer)
        elif Remedy.CONFIGURE in finding.remedy:
            again = f"the steps fix it once; it comes back until the configuration is changed{by_hand.afterwards(finding)}"
            left.append(LeftOut(finding.summary, safe(again)))
    left += by_hand.unexplained(report)
    return Needs(needs=tuple(needs), left=tuple(left), layers=tuple(dict.fromkeys(layers)))


def left_because(finding: Finding, report: Report) -> str:
    """Why no step fixes *finding*, and what a person does about it where that is known."""
    return _left_why(finding, report) or by_hand.sentence(finding, report)


def _left_why(finding: Finding, report: Report) -> str:
    if finding.verdict is Verdict.UNKNOWN:
        line = by_hand.sentence(finding, report)
        return f"it could not be looked at; {line}" if line.startswith("by hand") else "it could not be looked at"
    if finding.verdict is not Verdict.PENDING:
        return by_hand.not_writable(report) if finding.layer is Layer.VIEWS else worker_reach.unreached(finding, report)
    if finding.until is None:
        return "heals by itself when it is used next"
    remaining = finding.until - (report.observed_at or 0.0)
    return f"heals by itself within {figures.span(max(remaining, 0))}" if remaining <= SOON else ""


def _needs_of(finding: Finding, report: Report, few: int, *, gentle: bool) -> tuple[Need, ...]:
    remedies: list[Remedy] = [remedy for remedy in finding.remedy if remedy not in BY_HAND]
    if not finding.remedy:
        remedies = list(_REMEDY.get(finding.layer, ()))
    if Remedy.REBUILD in remedies and finding.layer not in REBUILT:  # e.g. services.php: package:discover writes it
        remedies[remedies.index(Remedy.REBUILD)] = Remedy.DISCOVER
    if Remedy.REBUILD in remedies and Remedy.CLEAR in remedies:  # *:cache clears its own layer first
        remedies.remove(Remedy.CLEAR)
    if gentle and remedies == [Remedy.RELOAD] and finding.paths and finding.layer is Layer.OPCACHE and "preload" not in finding.code:
        remedies.insert(0, Remedy.INVALIDATE)
    if Remedy.INVALIDATE in remedies and not _can_invalidate(finding, report, few):
        remedies = [remedy for remedy in remedies if remedy is not Remedy.INVALIDATE]
        if Remedy.RELOAD not in remedies:
            remedies.append(Remedy.RELOAD)
    elif Remedy.INVALIDATE in remedies and Remedy.RELOAD in remedies:
        remedies.remove(Remedy.RELOAD)
    cause = Justification(finding.layer, finding.code, finding.subject)
    reason = safe(f"{finding.layer.value}: {finding.summary}")
    return tuple(
        Need(
            remedy=remedy,
            layer=finding.layer,
            reason=reason,
            causes=(cause,),
            paths=finding.paths if remedy is Remedy.INVALIDATE else (),
        )
        for remedy in dict.fromkeys(remedies)
    )


def _can_invalidate(finding: Finding, report: Report, few: int) -> bool:
    opcache = report.opcache
    if opcache is None or not may_ask(report) or not 0 < len(finding.paths) <= few:
        return False
    return all(script.exact for script in opcache.changed) and all(usable(path) for path in finding.paths)


def may_ask(report: Report) -> bool:
    """Whether PHP can be asked to do something: a health check's page only tells."""
    return report.runtime is not None and report.runtime.via != "health_url"


def cached_layers(host: HostFacts) -> tuple[Layer, ...]:
    """The layers of :data:`~stalewatch.model.layers.REBUILT` that are cached now, in order of rebuilding."""
    cached = {cache.name for cache in host.caches if cache.stat is not None}
    return tuple(layer for layer in REBUILT if layer.value in cached or (layer is Layer.VIEWS and bool(host.views.views)))


def worker_kinds(workers: tuple[QueueWorker, ...]) -> frozenset[str]:
    """What kinds of long-running workers there are."""
    return frozenset(worker.kind for worker in workers)


def why(needs: tuple[Need, ...]) -> tuple[str, tuple[Justification, ...]]:
    """The reason of a step that *needs* ask for, in words, and the findings behind it."""
    reasons = list(dict.fromkeys(str(need.reason) for need in needs))
    more = f"; and {len(reasons) - 3} more" if len(reasons) > 3 else ""
    return "; ".join(reasons[:3]) + more, tuple(dict.fromkeys(cause for need in needs for cause in need.causes))
