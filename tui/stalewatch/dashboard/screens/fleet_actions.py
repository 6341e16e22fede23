"""What keys do on the fleet's screen: each changes the View, and the screen draws it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol

from stalewatch.dashboard.cursor import moved, next_kinds, wrong
from stalewatch.dashboard.render.sorting import WORST, By, Sorting
from stalewatch.dashboard.render.time_window import zoomed
from stalewatch.model.replace import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stalewatch.dashboard.model import Model
    from stalewatch.dashboard.screens.sizes import Sizes
    from stalewatch.dashboard.view import View

MOVES = (
    "up",
    "down",
    "left",
    "right",
    "page_up",
    "page_down",
    "half_page_up",
    "half_page_down",
    "first",
    "last",
    *(f"go_{n}" for n in range(1, 10)),
)


class ActedOn(Protocol):
    """What the actions ask of the fleet's screen."""

    model: Model

    @property
    def sizes(self) -> Sizes | None: ...
    def see(self, view: View) -> None: ...
    def redraw(self) -> None: ...
    def say(self, words: str) -> None: ...
    def open_filter(self) -> None: ...
    def close_filter(self) -> bool: ...
    def scroll_line(self, step: int) -> bool: ...


class FleetActions:
    """By the ids of the table of actions."""

    def __init__(self, screen: ActedOn) -> None:
        self._screen = screen
        self._model = screen.model

    def methods(self) -> Mapping[str, Callable[[], None]]:
        return {
            **{move: partial(self._move, move) for move in MOVES},
            "next_part": self._next_part,
            "previous_part": self._next_part,
            "back": self._back,
            "filter": self._screen.open_filter,
            "mark": self._mark,
            "unmark": self._unmark,
            "table": self._toggle_table,
            "sort_by": lambda: self.sort(self._model.view.sorting.following),
            "reverse": lambda: self.sort(self._model.view.sorting.turned()),
            **{f"sort_{by.name.lower()}": partial(self._sort_by, by) for by in By if by is not By.WORST},
            "sort_worst": self._worst_first,
            "line_up": partial(self._scroll, -1),
            "line_down": partial(self._scroll, 1),
            "group": self._group,
            "zoom_in": partial(self._zoom, -1),
            "zoom_out": partial(self._zoom, 1),
            "earlier": partial(self._pan, 1),
            "later": partial(self._pan, -1),
            "now": self._now,
            "kinds": self._kinds,
            **({"open": partial(self._fold, runbook)} if (runbook := self._model.timeline.runbook()) else {}),
            "next_finding": partial(self._next, 1),
            "previous_finding": partial(self._next, -1),
        }

    # ---------------------------------------------------------------------------------------------------------------- cursor

    def _move(self, move: str) -> None:
        sizes = self._screen.sizes
        across = sizes.columns if sizes and sizes.grid else 1
        page = max(1, (sizes.table if sizes and sizes.table else 6) - 2)
        self._screen.see(moved(self._model, move, across, page))

    def move_server(self, move: str) -> None:
        """Move the cursor among the servers, also where it is on the timeline."""
        self._model.view = replace(self._model.view, on_timeline=False)
        self._move(move)

    def _next(self, step: int) -> None:
        """The next server that is not fresh; on the timeline the next error, which is the one below."""
        if (view := wrong(self._model, step)) is None:
            self._screen.say("no errors" if self._model.view.on_timeline else "every server is fresh")
            return
        chosen, cursor = self._model.selected(), self._model.timeline.cursor()
        self._screen.see(view)
        if view.on_timeline and cursor is not None and view.cursor == cursor.key:
            self._screen.say("no other error in this list")
        elif not view.on_timeline and chosen is not None and view.selected == chosen.key:
            self._screen.say("every other server is fresh")

    def _scroll(self, step: int) -> None:
        if self._screen.scroll_line(step):
            self._move("down" if step > 0 else "up")

    def _next_part(self) -> None:
        view = self._model.view
        self._screen.see(replace(view, on_timeline=not view.on_timeline))

    def _back(self) -> None:
        view = self._model.view
        if self._screen.close_filter() or view.filter:
            self._screen.see(replace(view, filter=""))
        elif view.marked:
            self._unmark()
        elif view.on_timeline:
            self._next_part()

    def _mark(self) -> None:
        chosen, view = self._model.selected(), self._model.view
        if chosen is None:
            return
        self._model.view = replace(view, marked=view.marked ^ {chosen.key})
        if len(self._model.panes()) > 1:
            self._move("right")
        else:
            self._screen.redraw()

    def _unmark(self) -> None:
        self._screen.see(replace(self._model.view, marked=frozenset()))

    # ---------------------------------------------------------------------------------------------------------------- servers

    def _toggle_table(self) -> None:
        sizes = self._screen.sizes
        self._screen.see(replace(self._model.view, dense=not (sizes and sizes.table)))

    def sort(self, sorting: Sorting) -> None:
        """By another column, or the other way round; the cursor stays with its server."""
        chosen = self._model.selected()
        self._model.view = replace(self._model.view, sorting=sorting, selected=chosen.key if chosen else None)
        self._model.reorder(force=True)
        self._screen.redraw()
        self._screen.say(sorting.words)

    def _sort_by(self, by: By) -> None:
        now = self._model.view.sorting
        self.sort(now.turned() if now.by is by else Sorting(by))

    def _worst_first(self) -> None:
        """And the cursor to the worst. Where it is so already, the other way round."""
        view, before = self._model.view, (self._model.fleet.order, self._model.selected())
        self._model.view = replace(view, sorting=WORST, selected=None)
        self._model.reorder(force=True)
        if view.sorting == WORST and (self._model.fleet.order, self._model.selected()) == before:
            self.sort(WORST.turned())
        else:
            self._screen.redraw()

    def _group(self) -> None:
        grouped, view = not self._model.grouped, self._model.view
        self._screen.see(replace(view, grouped=grouped, dense=True if grouped else view.dense))
        self._screen.say("grouped: the group with the worst server first" if grouped else "not grouped: worst first")

    # ---------------------------------------------------------------------------------------------------------------- timeline

    def _zoom(self, steps: int) -> None:
        self._screen.see(replace(self._model.view, span=zoomed(self._model.timeline.span(), steps)))

    def _pan(self, steps: int) -> None:
        view = self._model.view
        self._screen.see(replace(view, pan=max(0.0, view.pan + steps * self._model.timeline.span() / 4)))

    def _now(self) -> None:
        self._model.timeline.fit_again()
        self._screen.see(replace(self._model.view, span=None, pan=0.0, cursor=""))

    def _fold(self, runbook: str) -> None:
        """List what the runbook under the cursor did, or no longer; the cursor stays with it."""
        view = self._model.view
        self._screen.see(replace(view, unfolded=view.unfolded ^ {runbook}, cursor=runbook))

    def _kinds(self) -> None:
        view = self._model.view
        self._screen.see(replace(view, kinds=next_kinds(view.kinds), cursor=""))
        self._screen.say(f"listed: {self._model.view.kinds}")
