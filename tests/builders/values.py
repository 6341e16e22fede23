"""The values that every set is made of, with what nobody cares about filled in. Times are epoch seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stalewatch.model.report import Finding, Layer, Report, Severity, Verdict, worst
from stalewatch.model.snapshot import FileStat, Process
from stalewatch.model.text import safe

if TYPE_CHECKING:
    from collections.abc import Mapping


def file(path: str, mtime: float, ctime: float | None = None, **more: Any) -> FileStat:
    """*ctime* is the mtime unless given."""
    return FileStat(safe(path), mtime, mtime if ctime is None else ctime, **more)


def process(pid: int, started: float, title: str = "php-fpm: pool www", **more: Any) -> Process:
    return Process(pid=pid, started=started, title=safe(title), **more)


def finding(
    layer: Layer,
    verdict: Verdict = Verdict.STALE,
    severity: Severity = Severity.CRITICAL,
    *,
    code: str = "",
    summary: str = "",
    **more: Any,
) -> Finding:
    """*subject* is the layer's name unless given."""
    more.setdefault("subject", safe(layer.value))
    summary = summary or f"{layer.value} is old"
    return Finding(layer=layer, code=code or f"{layer.value}.test", severity=severity, verdict=verdict, summary=safe(summary), **more)


def layers(findings: tuple[Finding, ...] = (), others: Mapping[Layer, Verdict] | None = None) -> dict[Layer, Verdict]:
    """Each layer with the worst that *findings* say of it, fresh where they say nothing; *others* win."""
    found = {layer: worst([Verdict.FRESH, *(one.verdict for one in findings if one.layer is layer)]) for layer in Layer}
    return {**found, **(others or {})}


def report(server: str, app: str, *findings: Finding, others: Mapping[Layer, Verdict] | None = None, **more: Any) -> Report:
    """As diagnosis makes it: the verdict is the worst of the :func:`layers`. The address is the server's unless given."""
    verdicts = layers(findings, others)
    facts = {"address": f"deploy@{server}", "verdict": worst(list(verdicts.values())), "layers": verdicts, **more}
    return Report(server=server, app=safe(app), findings=findings, **facts)
