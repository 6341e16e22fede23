"""What the person chose to see: a value, changed by keys, never by data."""

from __future__ import annotations

import msgspec

from stalewatch.dashboard.render.sorting import WORST, Sorting
from stalewatch.dashboard.render.times import Clock, Zone
from stalewatch.engine.board import State
from stalewatch.model.inventory import AppKey
from stalewatch.timeline import EventKind

KINDS: dict[str, frozenset[EventKind]] = {
    "all events": frozenset(EventKind),
    "changes": frozenset({EventKind.DEPLOY, EventKind.CACHE, EventKind.RELOAD, EventKind.RESTART, EventKind.WORKERS}),
    "errors": frozenset({EventKind.DOWN, EventKind.ERROR, EventKind.REASSURE, EventKind.LINK}),
    "actions": frozenset({EventKind.ACTION, EventKind.VERDICT}),
}


class Frozen(msgspec.Struct, frozen=True):
    """What was on the board when ``p`` was pressed, and when that was (*now* epoch, *monotonic*); *stale_spans*: known then."""

    state: State
    now: float
    monotonic: float
    stale_spans: dict[str, tuple[tuple[float, float], ...]] = {}


class View(msgspec.Struct, frozen=True, kw_only=True):
    """*selected* is a pane's key, never a row. *dense* None: table or panes by itself.
    *grouped*: group by group, not only the worst first; None: the table by itself, where there are groups.
    *sorting*: by which column. *span* None: the one that fits.

    *cursor*: key of the event that is read out ("" the newest); *unfolded*: of the runbooks whose parts are listed.
    """

    selected: AppKey | None = None
    marked: frozenset[AppKey] = frozenset()
    filter: str = ""
    dense: bool | None = None
    grouped: bool | None = None
    sorting: Sorting = WORST
    on_timeline: bool = False
    span: int | None = None
    pan: float = 0.0
    kinds: str = "all events"
    cursor: str = ""
    unfolded: frozenset[str] = frozenset()
    zone: Zone = Zone.LOCAL
    relative: bool = False
    frozen: Frozen | None = None

    def clock(self, now: float) -> Clock:
        """The clock to draw with; it stops while the screen is frozen."""
        return Clock(self.frozen.now if self.frozen else now, self.zone, self.relative)
