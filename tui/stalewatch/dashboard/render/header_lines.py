"""The first line and the summary below it: what is watched, and its verdicts. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from stalewatch.dashboard.actions import key_of
from stalewatch.dashboard.render.lines import Line, Span, beside, crop, line
from stalewatch.dashboard.render.pane_lines import verdict_of
from stalewatch.dashboard.render.signs import VERDICT_SIGN, badge
from stalewatch.dashboard.render.times import Clock
from stalewatch.model import figures
from stalewatch.model.report import Layer, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalewatch.engine.board import Pane

SHOWN = (Verdict.STALE, Verdict.SUSPECT, Verdict.UNKNOWN, Verdict.PENDING, Verdict.FRESH)


class Heading(NamedTuple):
    """*title*, all *panes* (a filter changes nothing here), and what must be known before anything is read: badges."""

    title: str
    panes: Sequence[Pane]
    read_only: bool = False
    frozen_for: float | None = None


def header_line(heading: Heading, width: int) -> Line:
    """``stalewatch  api-gateway · prod · 3 servers     ✗ 1 stale  ✓ 2 fresh``."""
    servers = len({pane.server for pane in heading.panes})
    words = " · ".join(filter(None, [heading.title, figures.count(servers, "server")]))
    left = [Span(" stalewatch ", "title")]
    if heading.read_only:
        left += [Span(" READ-ONLY ", "shield"), Span("  ")]
    if heading.frozen_for is not None:
        left += [Span(f" FROZEN {figures.span(heading.frozen_for)} old · {key_of('freeze')} continues ", "frozen"), Span("  ")]
    left.append(Span(words))
    return beside(Line(tuple(left), "band"), counts(heading.panes), width, role="band")


def counts(panes: Sequence[Pane]) -> Line:
    """``✗ 1 stale  ✓ 2 fresh``: the stale ones in reverse, none of them faint."""
    waiting = [pane for pane in panes if pane.report is None and pane.error is None]
    tally = Counter(verdict_of(pane) for pane in panes if pane not in waiting)
    spans: list[Span] = []
    for verdict in SHOWN:
        if tally[verdict]:
            words = f" {VERDICT_SIGN[verdict]} {tally[verdict]} {verdict.value} "
            spans += [Span(words, verdict.value), Span(" ")]
    if waiting:
        spans.append(Span(f" {len(waiting)} connecting ", "pending-mark"))
    return Line(tuple(spans))


def summary_line(panes: Sequence[Pane], clock: Clock, width: int) -> Line:
    """One sentence about the fleet: who is stale, in which layers, since when; and which commits are there."""
    stale = [pane for pane in panes if pane.report is not None and pane.report.verdict is Verdict.STALE]
    commits = Counter(
        str(known.release.commit)[:7] for pane in panes if pane.report and (known := pane.report.host) and known.release.commit
    )
    spread = ", ".join(f"{count} on {commit}" for commit, count in commits.most_common(3)) if len(commits) > 1 else ""
    if not stale:
        return crop(line(Span(f" {spread}", "muted")), width)
    layers = Counter(layer for pane in stale if pane.report for layer in Layer if pane.report.layers.get(layer) is Verdict.STALE)
    names = figures.several([pane.server for pane in stale], 4)
    since = min((pane.report.stale_since for pane in stale if pane.report and pane.report.stale_since), default=None)
    when = f" since {clock.hm(since)}" if since else ""
    what = ", ".join(layer.value for layer, _ in layers.most_common())
    return crop(
        line(
            " ",
            badge(Verdict.STALE),
            Span(f" {names} {figures.agree(len(stale), 'runs', 'run')} old code{when}: {what}", "strong"),
            Span(f"   {spread}" if spread else "", "muted"),
        ),
        width,
    )
