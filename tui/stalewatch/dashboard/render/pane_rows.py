"""The rows of a pane, and which of them panes beside each other have in common. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stalewatch.dashboard.render import layer_rows, report_parts
from stalewatch.dashboard.render.lines import BLANK, MORE, Line, Span, crop, line, wrap
from stalewatch.dashboard.render.log_lines import log_line
from stalewatch.dashboard.render.signs import layer_sign
from stalewatch.dashboard.render.spark import sparkline
from stalewatch.model import figures
from stalewatch.model.layers import Layer
from stalewatch.model.report import Verdict
from stalewatch.timeline import EventKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stalewatch.dashboard.render.log_lines import LogSummary
    from stalewatch.dashboard.render.options import RenderOptions
    from stalewatch.dashboard.render.times import Clock
    from stalewatch.model.report import Report

LABEL = 9
RATE, LOG = "hit rate", "log"
_LABELS = [layer.spec.label for layer in layer_rows.IN_A_PANE]
_AFTER = _LABELS.index(Layer.OPCACHE.spec.label) + 1
NAMES = (*_LABELS[:_AFTER], RATE, *_LABELS[_AFTER:], LOG)
"""Every row, in the one order in which panes have them."""
_ALWAYS_TELLING = (Layer.RELEASE, Layer.OPCACHE, Layer.FPM)
"""Layers whose row is worth its place when all is well."""
LEAST = 3
"""Rows that stay, however much there is to explain."""
_CLOSING = 2
"""Rows that what closes a pane gets where there is not room for all of it."""


class PaneRow(NamedTuple):
    """*rank*: how telling it is, as a verdict's. *short* is *wide* where it has one form only. *whole*: the same in several rows, where it
    would be cut in one."""

    rank: int
    wide: Line
    short: Line
    whole: tuple[Line, ...] = ()

    def drawn(self, width: int, rows: int, *, wide: bool) -> list[Line]:
        """In exactly *rows* rows. *wide*: all panes have room for that form."""
        told = self.whole[:rows] if rows > 1 and self.whole else (crop(self.wide if wide else self.short, width),)
        return [*told, *[BLANK] * (rows - len(told))]


class Layout(NamedTuple):
    """*opening*: rows for what explains the verdict; *rows*: names of those that each pane has, and how many rows each of them takes;
    *wide*: those in their wide form."""

    opening: int
    rows: dict[str, int]
    wide: frozenset[str]


def pane_rows(report: Report, options: RenderOptions, width: int) -> dict[str, PaneRow]:
    """By name: layers (the hit rate counts as pending, as a warning where it is low), and what the log says."""
    rows = {row.layer.spec.label: _layer(row, width) for row in layer_rows.rows_of(report, options.clock)}
    rank, rate = rate_line(report, options, width)
    rows[RATE] = PaneRow(rank, rate, rate)
    if options.log is not None:
        logs = known.logs if (known := report.host) else ()
        here = report_parts.clock_of(report, options.clock)
        rank, told = log_line(options.log, here, LABEL, width, logs)
        rows[LOG] = PaneRow(rank, told, told, _log_whole(told, options.log, here, width) if told.text.endswith(MORE) else ())
    return rows


def _layer(row: layer_rows.LayerRow, width: int) -> PaneRow:
    """``config   ✗ cache 12 min older than source``. What proves nothing has no sign of proof."""
    verdict = row.verdict or Verdict.UNKNOWN
    rank = verdict.rank if row.verdict else 0
    lead = Span(f"{row.layer.spec.label:<{LABEL}}", "muted")
    mark = layer_sign(row.layer, verdict)
    role = "text" if verdict is Verdict.FRESH else "muted" if verdict is Verdict.ABSENT else f"{verdict.value}-mark"
    wide, short = (line(lead, mark, " ", Span(words, role)) for words in (row.wide, row.short or row.wide))
    whole = _over_several(line(lead, mark, " "), row.short or row.wide, role, width) if short.width > width else ()
    return PaneRow(max(rank, 2) if row.layer in _ALWAYS_TELLING else rank, wide, short, whole)


def _over_several(lead: Line, words: str, role: str, width: int) -> tuple[Line, ...]:
    """*words* behind *lead*, hanging below where they began."""
    pieces = wrap(words, width - lead.width)
    return tuple(line(*(lead.spans if at == 0 else (" " * lead.width,)), Span(piece, role)) for at, piece in enumerate(pieces))


def _log_whole(cut: Line, summary: LogSummary, clock: Clock, width: int) -> tuple[Line, ...]:
    """How often and when, and below it what the log says."""
    lead = line(*cut.spans[:2])
    role = lead.spans[-1].role  # of its sign, where there is room for one
    many = figures.count(summary.many, "alarm" if summary.kind is EventKind.ERROR else "good line")
    last = clock.hm(summary.last)
    words = next((each for each in (f"{many}, last {last}", f"{many}, {last}") if lead.width + len(each) <= width), many)
    said = wrap(summary.words, width - lead.width)
    return (line(*lead.spans, Span(words, role)), *(line(" " * lead.width, Span(piece, role)) for piece in said))


def missing(name: str) -> Line:
    """A row that a pane has not and one beside it has."""
    return line(Span(f"{name:<{LABEL}}–", "muted"))


def rows_in(panes: Sequence[Mapping[str, PaneRow]]) -> int:
    """How many rows *panes* have together, the same ones counted once."""
    return len({name for rows in panes for name in rows})


def fitted(panes: Sequence[Mapping[str, PaneRow]], opening: int, closing: int, width: int, height: int, least: int = LEAST) -> Layout:
    """What fits into *height*: where not all of it does, what explains the verdict comes first, and the least telling rows go.
    *opening*, *closing*: rows that these take in the pane that has most to tell. *least*: of the others."""
    ranks = {name: max(rows[name].rank for rows in panes if name in rows) for name in NAMES if any(name in rows for rows in panes)}
    opening = max(0, min(opening, height - min(len(ranks), least)))
    left = height - opening
    room = max(1, left - min(closing, _CLOSING) if left - len(ranks) < closing else left)
    kept = sorted(sorted(ranks, key=lambda name: -ranks[name])[:room], key=NAMES.index)
    wide = frozenset(name for name in kept if all(rows[name].wide.width <= width for rows in panes if name in rows))
    taken = dict.fromkeys(kept, 1)
    spare = left - len(kept) - closing
    for name in sorted(kept, key=lambda name: -ranks[name]):
        more = max((len(rows[name].whole) - 1 for rows in panes if name in rows), default=0)
        if 0 < more <= spare:
            taken[name] += more
            spare -= more
    return Layout(opening, taken, wide)


def rate_line(report: Report, options: RenderOptions, width: int) -> tuple[int, Line]:
    """``hit rate ! 71.3 % ▇▇▁▂▃  below 85 %``."""
    words, note = report_parts.hit_rate(report, options.threshold)
    mark = Span("!", "warning") if note else Span(" ")
    room = max(0, width - LABEL - 2 - len(words) - len(note) - 4)
    spark = sparkline(report.hit_rates, min(room, 24))
    row = line(
        Span(f"{RATE:<{LABEL}}", "muted"),
        mark,
        " ",
        Span(words, "text" if report.hit_rate is not None else "muted"),
        Span(f" {spark}" if spark else "", "spark"),
        Span(f"  {note}" if note else "", "warning"),
    )
    return (3 if note else 1), crop(row, width)
