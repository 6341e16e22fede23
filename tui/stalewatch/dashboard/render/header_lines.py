"""The first line and the summary below it: what is watched, and its verdicts. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from stalewatch.dashboard.actions import key_of
from stalewatch.dashboard.render.lines import Line, Span, beside, crop, line, middle_crop
from stalewatch.dashboard.render.pane_lines import verdict_of
from stalewatch.dashboard.render.signs import ALARM, MARK, VERDICT_SIGN, alarm_badge, badge
from stalewatch.dashboard.render.times import Clock
from stalewatch.model import figures
from stalewatch.model.report import Layer, Verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from stalewatch.dashboard.engine_port import Playback
    from stalewatch.engine.board import Pane
    from stalewatch.model.alarm import Alarm
    from stalewatch.model.inventory import AppKey

SHOWN = (Verdict.STALE, Verdict.SUSPECT, Verdict.UNKNOWN, Verdict.PENDING, Verdict.FRESH)


class Replayed(NamedTuple):
    """A recording of *day* is shown, ``x10`` as fast, ``paused`` or at its ``end``."""

    day: str
    how: str

    @classmethod
    def of(cls, playback: Playback, clock: Clock) -> Replayed:
        """Where *playback* is."""
        how = "end" if playback.ended else f"x{playback.speed}" if playback.going else "paused"
        return cls(f"{clock.moment(playback.now()):%Y-%m-%d}", how)


class Heading(NamedTuple):
    """*title*, all *panes* (a filter changes nothing here), and what must be known before anything is read: badges. *marked*: how many,
    and how many of these are *hidden* by the filter."""

    title: str
    panes: Sequence[Pane]
    read_only: bool = False
    frozen_for: float | None = None
    alarms: Collection[AppKey] = ()
    marked: int = 0
    hidden: int = 0
    replay: Replayed | None = None


def header_line(heading: Heading, width: int) -> Line:
    """``stalewatch  api-gateway · prod · 3 servers     ✗ 1 stale  ✓ 2 fresh``."""
    servers = len({pane.server for pane in heading.panes})
    words = " · ".join(filter(None, [heading.title, figures.count(servers, "server")]))
    left = [Span(" stalewatch ", "title")]
    if heading.replay is not None:
        left += [Span(f" REPLAY {heading.replay.day} {heading.replay.how} ", "frozen"), Span("  ")]
    if heading.read_only:
        left += [Span(" READ-ONLY ", "shield"), Span("  ")]
    if heading.frozen_for is not None:
        left += [Span(f" FROZEN {figures.span(heading.frozen_for)} old · {key_of('freeze')} continues ", "frozen"), Span("  ")]
    if heading.marked:
        left += [Span(f" {MARK} {_marks(heading)} ", "notice"), Span("  ")]
    left.append(Span(words))
    return beside(Line(tuple(left), "band"), counts(heading.panes, heading.alarms), width, role="band")


def _marks(heading: Heading) -> str:
    """``2 marked``, ``2 marked, 1 hidden: left alone``."""
    hidden = f", {heading.hidden} hidden: left alone" if heading.hidden else ""
    return f"{heading.marked} marked{hidden}"


def counts(panes: Sequence[Pane], alarms: Collection[AppKey]) -> Line:
    """``▼ 1 urgent  ✗ 1 stale  ✓ 2 fresh``: the bad ones in reverse, none of them faint; each server once."""
    waiting = [pane for pane in panes if pane.report is None and pane.error is None]
    tally = Counter(verdict_of(pane) for pane in panes if pane not in waiting and pane.key not in alarms)
    spans: list[Span] = []
    if alarmed := sum(pane.key in alarms for pane in panes):
        spans += [Span(f" {ALARM} {alarmed} urgent ", "alarm"), Span(" ")]
    for verdict in SHOWN:
        if tally[verdict]:
            words = f" {VERDICT_SIGN[verdict]} {tally[verdict]} {verdict.value} "
            spans += [Span(words, verdict.value), Span(" ")]
    if waiting:
        spans.append(Span(f" {len(waiting)} connecting ", "pending-mark"))
    return Line(tuple(spans))


def summary_line(panes: Sequence[Pane], alarms: Mapping[AppKey, Alarm], clock: Clock, width: int) -> Line:
    """One sentence about the fleet: the alarm and what to type; else who is stale, in which layers, since when; and which commits are
    there."""
    if alarms:
        return _alarm_line(panes, alarms, clock, width)
    stale = [pane for pane in panes if pane.report is not None and pane.report.verdict is Verdict.STALE]
    commits = Counter(
        str(known.release.commit)[:7] for pane in panes if pane.report and (known := pane.report.host) and known.release.commit
    )
    spread = ", ".join(f"{count} on {commit}" for commit, count in commits.most_common(3)) if len(commits) > 1 else ""
    if not stale:
        return crop(line(Span(f" {spread}", "muted")), width)
    layers = Counter(layer for pane in stale if pane.report for layer in Layer if pane.report.layers.get(layer) is Verdict.STALE)
    since = min((pane.report.stale_since for pane in stale if pane.report and pane.report.stale_since), default=None)
    when = f" since {clock.hm(since)}" if since else ""
    what = ", ".join(layer.value for layer, _ in layers.most_common())
    said = f" {figures.agree(len(stale), 'runs', 'run')} old code{when}: {what}"
    names = _fitting([pane.server for pane in stale], width - len(said) - len(badge(Verdict.STALE).text) - 2)
    return crop(
        line(
            " ",
            badge(Verdict.STALE),
            Span(f" {names}{said}", "strong"),
            Span(f"   {spread}" if spread else "", "muted"),
        ),
        width,
    )


def _alarm_line(panes: Sequence[Pane], alarms: Mapping[AppKey, Alarm], clock: Clock, width: int) -> Line:
    """The alarm that most servers share, and what ends it: the rest of the fleet waits until somebody is served again."""
    word, _ = Counter(alarm.word for alarm in alarms.values()).most_common(1)[0]
    same = {key: alarm for key, alarm in alarms.items() if alarm.word == word}
    since = min((alarm.since for alarm in same.values() if alarm.since is not None), default=None)
    when = f" since {clock.hm(since)}" if since is not None else ""
    first = next(iter(same.values()))
    others = f", and {len(alarms) - len(same)} more urgent" if len(alarms) > len(same) else ""
    said, ending = f"{when}{others}: ", first.command or first.words
    names = _fitting([pane.server for pane in panes if pane.key in same], width - len(said) - len(ending) - len(alarm_badge(word).text) - 2)
    return crop(line(" ", alarm_badge(word), Span(f" {names}{said}", "strong"), Span(ending, "command")), width)


def _fitting(names: Sequence[str], room: int) -> str:
    """As many of *names* as there is *room* for, one at least: the sentence about them comes first."""
    tries = (figures.several(names, most) for most in range(min(4, len(names)), 0, -1))
    rest = len(figures.several(names, 1)) - len(names[0])
    return next(
        (words for words in tries if len(words) <= room), figures.several([middle_crop(names[0], max(8, room - rest)), *names[1:]], 1)
    )
