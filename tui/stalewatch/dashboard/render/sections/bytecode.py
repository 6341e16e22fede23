"""Bytecode against disk: scripts that are not plainly fresh first, then the most used ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.dashboard.render import layer_rows, report_parts
from stalewatch.dashboard.render.lines import BLANK, Line, Span, columns, line, paragraph, path_crop
from stalewatch.dashboard.render.signs import sign
from stalewatch.model import figures
from stalewatch.model.report import Layer, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalewatch.dashboard.render.times import Clock
    from stalewatch.model.report import Report
    from stalewatch.model.snapshot import Opcache, Script

MOST = 60


def lines(report: Report, clock: Clock, width: int) -> list[Line]:
    """The table, after one row about the whole cache."""
    cache = report.opcache
    if cache is None:
        return [line(Span(f"  {layer_rows.bytecode(report, clock).wide}", "unknown-mark"))]
    rows = [*_summary(cache, clock, width), _head(width)]
    verdicts, roots = _verdicts(report), report_parts.roots(report)
    shown = sorted(cache.changed, key=lambda script: (-verdicts.get(script.path, Verdict.FRESH).rank, -script.hits))
    known = {script.path for script in shown}
    busy = sorted((script for script in cache.scripts if script.path not in known), key=lambda script: -script.hits)
    for script in [*shown, *busy][:MOST]:
        rows.append(_script(script, verdicts.get(script.path, Verdict.FRESH), cache, clock, width, roots))
    rest = cache.cached_scripts - min(MOST, len(shown) + len(busy))
    return [*rows, BLANK, line(Span(f"  … {rest} more scripts", "muted"))] if rest > 0 else rows


def _verdicts(report: Report) -> dict[str, Verdict]:
    """The worst verdict of each path that a finding names."""
    found: dict[str, Verdict] = {}
    for finding in report.findings:
        if finding.layer is Layer.OPCACHE:
            for path in (*finding.paths, finding.subject):
                if path not in found or finding.verdict.rank > found[path].rank:
                    found[path] = finding.verdict
    return found


def _summary(cache: Opcache, clock: Clock, width: int) -> list[Line]:
    total = cache.used_memory + cache.free_memory + cache.wasted_memory
    memory = f"{figures.size(cache.used_memory)} of {figures.size(total)} used, {figures.size(cache.wasted_memory)} wasted"
    since = f"; cached since {clock.exact(cache.since)}" if cache.since else ""
    return paragraph(f"{cache.cached_scripts} scripts, {memory}{since}", width, "muted", "  ")


def _widths(width: int) -> tuple[int, ...]:
    wide = width >= 110
    fixed = (15, 15, 9, 10, 15) if wide else (9, 9, 8, 0, 0)
    return (max(16, width - sum(fixed) - 12), *fixed)


def _head(width: int) -> Line:
    names = ("  script", "on disk", "compiled", "hits", "memory", "last used")
    return columns([line(Span(name if room else "", "head")) for name, room in zip(names, _widths(width), strict=True)], _widths(width))


def _script(script: Script, verdict: Verdict, cache: Opcache, clock: Clock, width: int, roots: Sequence[str]) -> Line:
    widths = _widths(width)
    role = "text" if verdict is Verdict.FRESH else f"{verdict.value}-mark"
    wide = widths[4] > 0

    def when(at: float | None) -> str:
        return "–" if not at else clock.hms(at) if wide else clock.brief(at)

    compiled = when(script.timestamp) if script.timestamp else "unknown" if cache.enabled else "–"
    disk = "gone" if script.mtime is None else when(script.mtime)
    cells = [
        line("  ", sign(verdict), " ", Span(path_crop(report_parts.inside(script.path, roots), widths[0] - 4), role)),
        line(Span(disk, role)),
        line(Span(compiled, role)),
        line(Span(f"{script.hits:>7}")),
        line(Span(figures.size(script.memory) if wide else "", "muted")),
        line(Span(when(script.last_used) if wide else "", "muted")),
    ]
    return columns(cells, widths)
