"""The sentence about the fleet: what is urgent, else who runs old code, since when, what instead of what, why, and what to press. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from stalewatch.dashboard.actions import key_of
from stalewatch.dashboard.render.lines import MORE, Line, Span, crop, line, middle_crop, wrap
from stalewatch.dashboard.render.names import Shared
from stalewatch.dashboard.render.report_parts import clock_of
from stalewatch.dashboard.render.signs import alarm_badge, badge
from stalewatch.model import figures
from stalewatch.model.report import Layer, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stalewatch.dashboard.render.times import Clock
    from stalewatch.engine.board import Pane
    from stalewatch.model.alarm import Alarm
    from stalewatch.model.cause import Cause
    from stalewatch.model.inventory import AppKey

_TOLD = (Verdict.STALE, Verdict.SUSPECT, Verdict.UNKNOWN)
_SAID = {
    Verdict.STALE: ("runs old code", "run old code"),
    Verdict.SUSPECT: ("may run old code", "may run old code"),
    Verdict.UNKNOWN: ("is not known to be fresh", "are not known to be fresh"),
}
_SHORT = 20
"""Cells of a name that is cut so that the sentence stays."""
_HANG = "   "


def banner_lines(
    panes: Sequence[Pane],
    alarms: Mapping[AppKey, Alarm],
    clock: Clock,
    width: int,
    rows: int = 1,
    cause: tuple[Pane, Cause] | None = None,
    shared: Shared = Shared(),  # noqa: B008  a constant value
) -> list[Line]:
    """The sentence in at most *rows*. *cause*: what explains the worst pane. *shared*: what all names have in common. Names are cut
    before the sentence is."""
    if alarms:
        return _alarm_lines(panes, alarms, clock, width, rows, shared)
    if cause is None:
        return [_layers_line(panes, clock, width, shared)]
    pane, why = cause
    verdict = why.verdict if pane.report is None else pane.report.verdict
    same = [each for each in panes if each.report is not None and each.report.verdict is verdict]
    names = [pane.server, *dict.fromkeys(each.server for each in same if each.server != pane.server)]
    since = min((each.report.stale_since for each in same if each.report and each.report.stale_since), default=None)
    here = clock_of(pane.report, clock)
    when = f" {here.begun(since)}" if since else ""
    ending = f" · {key_of('fix')} fix" if why.keyed else ""
    mark = badge(verdict)
    for name, told in _shorter(names, shared, why, here):
        text = f"{name} {_SAID[verdict][len(names) > 1]}{when}: {told}{ending}"
        broken = wrap(f" {mark.text} {text}", width, _HANG)
        if len(broken) <= rows:
            return _drawn(broken, mark, ending)
    return _drawn([*broken[: rows - 1], crop(line("".join(broken[rows - 1 :])), width).text], mark, "")


def _shorter(names: Sequence[str], shared: Shared, cause: Cause, clock: Clock) -> Iterator[tuple[str, str]]:
    """Who, and what is said of it: whole, then with names cut, then without what stands in brackets, at last without the reason; where
    there is one narrow row only, what runs old code."""
    runs, disk, why, what = (clock.told(part, cause.moments) for part in (cause.runs, cause.on_disk, cause.why, cause.what))
    fact = ", ".join(filter(None, (runs, disk)))
    several = figures.several(names, min(len(names), 4))
    if cause.press and not cause.keyed:
        cut = " ".join(middle_crop(word, _SHORT) for word in fact.split(" "))
        for said, because in ((fact, why), (fact, why.partition(" (")[0]), (fact, ""), (cut, "")):
            yield several, "; ".join(filter(None, (said, because, f"→ {cause.press}")))
    yield several, "; ".join(filter(None, (fact, why)))
    one = figures.several([shared.cut(names[0], _SHORT), *names[1:]], 1)
    for who in (figures.several(names, 1), one):
        yield who, "; ".join(filter(None, (fact, why)))
    cut = middle_crop(what, _SHORT)
    short = fact.replace(what, cut) if what else fact
    plain = why.partition(" (")[0]
    yield one, "; ".join(filter(None, (fact, plain)))
    yield one, "; ".join(filter(None, (short, plain)))
    yield one, fact or plain
    yield one, short or plain
    yield one, clock.told(cause.version, cause.moments) or plain
    yield several, what or plain
    yield one, what or plain
    yield one, cut or plain


def _drawn(texts: Sequence[str], mark: Span, ending: str) -> list[Line]:
    """*texts* as lines: the badge before them and the key at their end in colours of their own."""
    lines = []
    for at, text in enumerate(texts):
        first, last = at == 0, at == len(texts) - 1
        told = text.removeprefix(f" {mark.text}") if first else text
        key = ending[3:] if last and ending and told.endswith(ending[3:]) else ""
        told = told.removesuffix(key)
        lines.append(line(*((" ", mark) if first else ()), Span(told, "strong"), Span(key, "key", "fix")))
    return lines


def _layers_line(panes: Sequence[Pane], clock: Clock, width: int, shared: Shared) -> Line:
    """Where nothing explains it: who is stale, in which layers, since when; and which commits are there."""
    stale = [pane for pane in panes if pane.report is not None and pane.report.verdict is Verdict.STALE]
    commits = Counter(
        str(known.release.commit)[:7] for pane in panes if pane.report and (known := pane.report.host) and known.release.commit
    )
    spread = ", ".join(f"{count} on {commit}" for commit, count in commits.most_common(3)) if len(commits) > 1 else ""
    if not stale:
        return crop(line(Span(f" {spread}", "muted")), width)
    layers = Counter(layer for pane in stale if pane.report for layer in Layer if pane.report.layers.get(layer) is Verdict.STALE)
    since = min((pane.report.stale_since for pane in stale if pane.report and pane.report.stale_since), default=None)
    when = f" {clock.begun(since)}" if since else ""
    what = ", ".join(layer.value for layer, _ in layers.most_common())
    said = f" {figures.agree(len(stale), 'runs', 'run')} old code{when}: {what}"
    names = _fitting([pane.server for pane in stale], width - len(said) - len(badge(Verdict.STALE).text) - 2, shared)
    return crop(
        line(
            " ",
            badge(Verdict.STALE),
            Span(f" {names}{said}", "strong"),
            Span(f"   {spread}" if spread else "", "muted"),
        ),
        width,
    )


def _alarm_lines(panes: Sequence[Pane], alarms: Mapping[AppKey, Alarm], clock: Clock, width: int, rows: int, shared: Shared) -> list[Line]:
    """The alarm that most servers share, and what ends it: the rest of the fleet waits until somebody is served again."""
    word, _ = Counter(alarm.word for alarm in alarms.values()).most_common(1)[0]
    same = {key: alarm for key, alarm in alarms.items() if alarm.word == word}
    since, began = min(((alarm.since, alarm.began) for alarm in same.values() if alarm.since is not None), default=(None, False))
    when = f"{'' if began else ', seen'} {clock.begun(since)}" if since is not None else ""
    first = next(iter(same.values()))
    ending, mark = first.command or first.words, alarm_badge(word)
    names = [pane.server for pane in panes if pane.key in same]
    if besides := list(dict.fromkeys(pane.server for pane in panes if pane.key in alarms and pane.server not in names)):
        too = f" ({figures.several(besides, 2)} {figures.agree(len(besides), 'is', 'are')} urgent, too)"
        who = f" {figures.several(names, min(4, len(names)))}{when}{too}: "
        begun, below = _behind(f" {mark.text}{who}", ending, width)
        if len(mark.text) + 1 + len(who.rstrip()) <= width and len(below) < rows:
            return _alarm_drawn(mark, who, begun, below, width)
    more = len(alarms) - len(same)
    tries = (f"{when}, and {more} more urgent: ", f"{when}, +{more} urgent: ") if more else (f"{when}: ",)
    for said in tries:
        room = width * rows - len(said) - len(ending) - len(mark.text) - 2
        who = f" {_fitting(names, room, shared)}{said}"
        if len(mark.text) + 1 + len(who.rstrip()) <= width:
            break
    for told in _whole_clauses(ending):
        begun, below = _behind(f" {mark.text}{who}", told, width)
        if len(below) < rows:
            break
    else:
        begun, below = _behind(f" {mark.text}{who}", ending, width)
        below = [*below[: rows - 2], " ".join(below[rows - 2 :])] if rows > 1 else []
    return _alarm_drawn(mark, who, begun, below, width)


def _alarm_drawn(mark: Span, who: str, begun: str, below: Sequence[str], width: int) -> list[Line]:
    head = line(" ", mark, Span(who if begun else who.rstrip(), "strong"), Span(begun, "command"))
    return [crop(head, width), *(crop(line(_HANG, Span(each, "command")), width) for each in below)]


def _whole_clauses(told: str) -> Iterator[str]:
    """*told*, then with less and less of what follows a semicolon: a command that is cut in its middle cannot be typed."""
    yield told
    while "; " in told:
        told = told.rpartition("; ")[0]
        yield f"{told}; {MORE}"


def _behind(before: str, told: str, width: int) -> tuple[str, list[str]]:
    """What of *told* stands in the row of *before*, and the rows below: all of it below where one row is enough."""
    if len(before) + len(told) <= width:
        return told, []
    below = wrap(told, width - len(_HANG))
    begun, *more = wrap(f"{before}{told}", width, _HANG)
    if len(below) > 1 and begun.startswith(before):
        return begun.removeprefix(before), [each.removeprefix(_HANG) for each in more]
    return "", below


def _fitting(names: Sequence[str], room: int, shared: Shared) -> str:
    """As many of *names* as there is *room* for, one at least: the sentence about them comes first."""
    tries = (figures.several(names, most) for most in range(min(4, len(names)), 0, -1))
    rest = len(figures.several(names, 1)) - len(names[0])
    return next(
        (words for words in tries if len(words) <= room), figures.several([shared.cut(names[0], max(8, room - rest)), *names[1:]], 1)
    )
