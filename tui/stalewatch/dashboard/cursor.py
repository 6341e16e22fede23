"""Where the cursor goes: among servers, or among events while the timeline has the keys. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.dashboard.render.pane_lines import verdict_of
from stalewatch.dashboard.view import KINDS, View
from stalewatch.model.replace import replace
from stalewatch.model.report import Verdict
from stalewatch.timeline import EventKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalewatch.dashboard.model import Model

FINE = (Verdict.FRESH, Verdict.ABSENT)


def moved(model: Model, move: str, columns: int, page: int) -> View:
    """The view after *move*; *columns* panes stand side by side, *page* rows are a page."""
    return _event(model, move, page) if model.view.on_timeline and not move.startswith("go_") else _server(model, move, columns, page)


def _server(model: Model, move: str, columns: int, page: int) -> View:
    panes, chosen = model.panes(), model.selected()
    if chosen is None:
        return model.view
    at = target(panes.index(chosen), len(panes), move, columns, page)
    return replace(model.view, selected=panes[at].key, on_timeline=False)


def _event(model: Model, move: str, page: int) -> View:
    listed, cursor = model.timeline.events(), model.timeline.cursor()
    if cursor is None:
        return model.view
    turned = {"left": "down", "right": "up"}.get(move, move)  # newest is above: to the left is below
    at = target(listed.index(cursor), len(listed), turned, 1, page)
    event = listed[at]
    owner = next((pane.key for pane in model.panes() if pane.server == event.server), model.view.selected)
    now, span = model.clock().now, model.timeline.span()
    pan = model.view.pan
    if event is listed[-1] and model.timeline.older():
        pan = max(0.0, now - event.at - 1)  # the next part of the list begins here
    elif event.at < now - pan - span:
        pan = max(0.0, now - event.at - span / 2)
    elif event.at > now - pan:
        pan = 0.0
    return replace(model.view, cursor=event.key, selected=owner, pan=pan)


def wrong(model: Model, step: int) -> View | None:
    """The view with the cursor on the next server that is not fresh, or on the next error while the timeline has the keys; *step* -1:
    on the one before. Around the end. None where there is none."""
    if model.view.on_timeline:
        listed, cursor = model.timeline.events(), model.timeline.cursor()
        errors = [event.kind in (EventKind.ERROR, EventKind.DOWN) for event in listed]
        at = _following(errors, listed.index(cursor) if cursor is not None else 0, step)
        return None if at is None else replace(model.view, cursor=listed[at].key)
    panes, chosen = model.panes(), model.selected()
    bad = [pane.error is not None or pane.key in model.fleet.alarms or verdict_of(pane) not in FINE for pane in panes]
    at = _following(bad, panes.index(chosen) if chosen is not None else 0, step)
    return None if at is None else replace(model.view, selected=panes[at].key)


def _following(wanted: Sequence[bool], at: int, step: int) -> int | None:
    order = ((at + step * number) % len(wanted) for number in range(1, len(wanted) + 1))
    return next((place for place in order if wanted[place]), None)


def target(at: int, count: int, move: str, columns: int, page: int) -> int:
    """The row after *move* from row *at* of *count*; it never leaves the list."""
    half = max(1, page // 2)
    steps = {
        "up": -columns,
        "down": columns,
        "left": -1,
        "right": 1,
        "page_up": -page,
        "page_down": page,
        "half_page_up": -half,
        "half_page_down": half,
    }
    if move.startswith("go_"):
        return min(count - 1, int(move[3:]) - 1)
    if move in ("first", "last"):
        return 0 if move == "first" else count - 1
    to = at + steps[move]
    if move in ("up", "down") and columns > 1 and not 0 <= to < count:
        return at
    return min(count - 1, max(0, to))


def next_kinds(kinds: str) -> str:
    """The next selection of events."""
    names = list(KINDS)
    return names[(names.index(kinds) + 1) % len(names)]
