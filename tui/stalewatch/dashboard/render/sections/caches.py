"""File against cache: every cache file with every input it is made from, newer ones marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.dashboard.render import report_parts
from stalewatch.dashboard.render.lines import BLANK, Line, Span, fill, line, path_crop
from stalewatch.dashboard.render.signs import sign
from stalewatch.model import figures
from stalewatch.model.layers import FILE_CACHED
from stalewatch.model.report import Verdict

if TYPE_CHECKING:
    from stalewatch.dashboard.render.times import Clock
    from stalewatch.model.report import Report
    from stalewatch.model.snapshot import CacheFile, FileStat, HostFacts

MOST = 40
"""Inputs shown per cache and kind; they come newest first."""


def lines(report: Report, clock: Clock, width: int) -> list[Line]:
    """One block per cached layer."""
    seen = report.host
    if seen is None:
        return [line(Span("  not seen", "muted"))]
    rows: list[Line] = []
    for layer in FILE_CACHED:
        rows += _layer(layer.value, report.layers.get(layer), seen, clock, width)
    rows += _views(seen, clock, width)
    rows += _packages(seen, clock, width)
    return rows[:-1]


def _row(path: str, words: str, note: str, role: str, width: int, lead: str = "    ") -> Line:
    room = max(12, min(70, width - 46) - len(lead))
    left = fill(line(lead, Span(path_crop(path, room), role)), room + len(lead) + 2)
    return Line((*left.spans, Span(f"{words:<22}", "muted"), Span(note, role)))


def _layer(name: str, verdict: Verdict | None, seen: HostFacts, clock: Clock, width: int) -> list[Line]:
    found, inputs = report_parts.cache_file(seen, name), seen.inputs.get(name)
    direct = inputs.direct if inputs else ()
    rows = [_cache(name, verdict, found, clock, width)]
    cached = found.stat.mtime if found and found.stat else None
    rows += [_input(file, cached, clock, width) for file in direct[:MOST]]
    indirect = inputs.indirect if inputs else ()
    rows += _rest(len(direct) - MOST, "sources")
    rows += [_input(file, cached, clock, width, "provider") for file in indirect[:MOST]]
    rows += _rest(len(indirect) - MOST, "providers")
    if inputs and inputs.truncated:
        rows.append(line(Span("      … and more, which are not read", "muted")))
    return [*rows, BLANK]


def _rest(many: int, what: str) -> list[Line]:
    return [line(Span(f"      … and {many} more {what}", "muted"))] if many > 0 else []


def _cache(name: str, verdict: Verdict | None, found: CacheFile | None, clock: Clock, width: int) -> Line:
    mark = sign(verdict or Verdict.UNKNOWN)
    if found is None or found.stat is None:
        return line("  ", mark, Span(f" {name}", "strong"), Span("  not cached: the sources are read", "muted"))
    note = f"owner {found.stat.owner}" if found.stat.owner else ""
    if found.unusable:
        note = f"{note}, closed to PHP" if found.closed else "truncated, or not PHP"
    row = _row(found.path, clock.hms(found.stat.mtime), note, "strong", width, f"  {mark.text} {name}: ")
    return Line((Span("  "), mark, Span(row.spans[0].text[3:], "strong"), *row.spans[1:]))


def _input(file: FileStat, cached: float | None, clock: Clock, width: int, kind: str = "") -> Line:
    newer = cached is not None and file.mtime > cached
    note = f"newer by {figures.span(file.mtime - cached)}" if newer and cached is not None else kind
    return _row(
        file.path, clock.hms(file.mtime), note, "stale-mark" if newer and not kind else "suspect-mark" if newer else "text", width, "      "
    )


def _views(seen: HostFacts, clock: Clock, width: int) -> list[Line]:
    views = seen.views.views
    old = [view for view in views if report_parts.view_is_old(view)]
    rows = [line("  ", Span("  views", "strong"), Span(f"  {len(views)} compiled, {len(old)} older than their source", "muted"))]
    rest = _rest(len(old) - MOST, "views")
    for view in old[:MOST]:
        if view.source is not None:
            rows.append(
                _row(
                    view.source.path,
                    clock.hms(view.source.mtime),
                    f"compiled {clock.hms(view.compiled.mtime)}",
                    "pending-mark",
                    width,
                    "      ",
                )
            )
    return [*rows, *rest, BLANK]


def _packages(seen: HostFacts, clock: Clock, width: int) -> list[Line]:
    cached, installed = seen.packages.cached, seen.packages.installed
    words = "not cached" if cached is None else f"{len(cached)} cached, {len(installed) if installed is not None else '?'} installed"
    rows = [line("  ", Span("  packages", "strong"), Span(f"  {words}", "muted"))]
    if cached is not None and installed is not None:
        rows += [line(Span(f"      missing in the cache: {name}", "stale-mark")) for name in sorted(set(installed) - set(cached))]
        rows += [line(Span(f"      no longer installed: {name}", "stale-mark")) for name in sorted(set(cached) - set(installed))]
    return [*rows, BLANK]
