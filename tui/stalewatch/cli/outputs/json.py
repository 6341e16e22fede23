"""``check --format json``, schema 1: fields may be added, never changed. One entry per (target, app)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from stalewatch.model.report import Evidence, Finding, Layer, Report, Severity, Verdict, worst
from stalewatch.model.snapshot import FpmFacts, Opcache, PoolStatus
from stalewatch.model.text import safe
from stalewatch.model.times import iso

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stalewatch.model.chain import ChainLink

SCHEMA = 1


class _Worker(msgspec.Struct, frozen=True, kw_only=True):
    pid: int
    started_at: str | None
    state: str | None


class _Fpm(msgspec.Struct, frozen=True, kw_only=True):
    pool: str
    started_at: str | None
    workers: list[_Worker]
    running: bool | None


class _Opcache(msgspec.Struct, frozen=True, kw_only=True):
    hit_rate: float | None
    cached_scripts: int
    start_time: str | None
    validate_timestamps: bool
    enabled: bool


class _Finding(msgspec.Struct, frozen=True, kw_only=True):
    layer: Layer
    code: str
    severity: Severity
    verdict: Verdict
    subject: str
    summary: str
    evidence: dict[str, str | float | int | bool | None]
    remedy: list[str]
    since: str | None
    until: str | None


class _Error(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    message: str
    grant: str


class _Link(msgspec.Struct, frozen=True, kw_only=True):
    link: str
    state: str
    how: str
    evidence: dict[str, str]


class _NotJudged(msgspec.Struct, frozen=True, kw_only=True):
    what: str
    why: str


class _Server(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    address: str
    app: str
    observed_at: str | None
    verdict: Verdict
    layers: dict[Layer, Verdict]
    opcache: _Opcache | None
    fpm: _Fpm | None
    findings: list[_Finding]
    errors: list[_Error]
    chain: list[_Link]
    not_judged: list[_NotJudged]


class _Check(msgspec.Struct, frozen=True, kw_only=True):
    schema: int
    verdict: Verdict
    servers: list[_Server]


def render(reports: Sequence[Report]) -> bytes:
    """The whole answer, indented, with a newline at its end."""
    check = _Check(
        schema=SCHEMA,
        verdict=worst([report.verdict for report in reports]),
        servers=[_server(report) for report in reports],
    )
    return msgspec.json.format(msgspec.json.encode(check), indent=2) + b"\n"


def evidence_value(evidence: Evidence) -> str | float | int | bool | None:
    """A time as ISO 8601, everything else as it is (ages in seconds, sizes in bytes)."""
    value = evidence.value
    if evidence.kind == "time" and isinstance(value, int | float):
        return iso(value)
    return value


def _server(report: Report) -> _Server:
    seen = report.observed_at is not None
    return _Server(
        name=safe(report.server),
        address=safe(report.address),
        app=report.app,
        observed_at=iso(report.observed_at),
        verdict=report.verdict,
        layers={layer: report.layers.get(layer, Verdict.UNKNOWN) for layer in Layer},
        opcache=_opcache(report.opcache) if seen else None,
        fpm=_fpm(report) if seen else None,
        findings=[_finding(finding) for finding in report.findings],
        errors=[_Error(code=error.code, message=error.message, grant=error.grant) for error in report.errors],
        chain=[_link(link) for link in report.chain],
        not_judged=[_NotJudged(what=one.what, why=one.why) for one in report.not_judged],
    )


def _link(link: ChainLink) -> _Link:
    """*says* is told among the evidence, so that the four fields are the same for every link."""
    evidence = {"says": str(link.says), **link.evidence}
    if link.missing is not None:
        evidence["code"] = link.missing.code
    return _Link(link=link.name, state=link.state, how=link.how, evidence=evidence)


def _finding(finding: Finding) -> _Finding:
    return _Finding(
        layer=finding.layer,
        code=finding.code,
        severity=finding.severity,
        verdict=finding.verdict,
        subject=finding.subject,
        summary=finding.summary,
        evidence=_evidence(finding.evidence),
        remedy=[str(remedy) for remedy in finding.remedy],
        since=iso(finding.since),
        until=iso(finding.until),
    )


def _evidence(facts: Iterable[Evidence]) -> dict[str, str | float | int | bool | None]:
    """By label; a label that comes again is numbered, so that no fact is lost."""
    named: dict[str, str | float | int | bool | None] = {}
    for fact in facts:
        label, number = fact.label, 1
        while label in named:
            number += 1
            label = f"{fact.label} {number}"
        named[label] = evidence_value(fact)
    return named


def _opcache(cache: Opcache | None) -> _Opcache | None:
    if cache is None:
        return None
    asked = cache.hits + cache.misses
    return _Opcache(
        hit_rate=round(cache.hits / asked, 4) if asked > 0 else None,
        cached_scripts=cache.cached_scripts,
        start_time=iso(cache.start_time),
        validate_timestamps=cache.validate_timestamps,
        enabled=cache.enabled,
    )


def _fpm(report: Report) -> _Fpm | None:
    status, facts = report.status, report.fpm
    if status is None and facts is None:
        return None
    return _Fpm(
        pool=status.pool if status else facts.pool.name if facts and facts.pool else "",
        started_at=iso(_started(status, facts, report.opcache)),
        workers=_workers(status, facts),
        running=True if status or not facts else facts.running,
    )


def _started(status: PoolStatus | None, facts: FpmFacts | None, cache: Opcache | None) -> float | None:
    """When the pool was (re)started: the master's own start time does not move at a reload, OPcache's does."""
    if status is not None:
        return status.started
    if facts is None or not facts.running or facts.master is None:
        return None
    return max(facts.master.started, cache.start_time if cache is not None else 0)


def _workers(status: PoolStatus | None, facts: FpmFacts | None) -> list[_Worker]:
    if status is not None:
        return [_Worker(pid=worker.pid, started_at=iso(worker.started), state=worker.state) for worker in status.workers]
    return [_Worker(pid=worker.pid, started_at=iso(worker.started), state=None) for worker in (facts.workers if facts else ())]
