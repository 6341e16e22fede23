"""Where the cursor goes: among servers, or among events while the timeline has the keys. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.dashboard.view import KINDS, View
from stalewatch.model.replace import replace

if TYPE_CHECKING:
    from stalewatch.dashboard.model import Model


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


def target(at: int, count: int, move: str, columns: int, page: int) -> int:
    """The row after *move* from row *at* of *count*; it never leaves the list."""
    steps = {"up": -columns, "down": columns, "left": -1, "right": 1, "page_up": -page, "page_down": page}
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
