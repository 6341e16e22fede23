"""The search at the foot. While it is typed, and while its matches are lit, it says how many there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.dashboard.actions import BY_ID, key_of
from stalewatch.dashboard.render.lines import Span, line
from stalewatch.dashboard.render.searching import pattern_of
from stalewatch.dashboard.widgets.prompt import Prompt

if TYPE_CHECKING:
    from collections.abc import Callable

    from stalewatch.dashboard.widgets.lines_view import LinesView

AROUND = ("past the end: from the top", "past the top: from the end")


class SearchBar(Prompt):
    """Searches the text of the view that *target* gives. *changed*: called when its row comes or goes."""

    sign = "/"

    def __init__(self, target: Callable[[], LinesView | None], changed: Callable[[], None] = lambda: None) -> None:
        super().__init__("search-bar")
        self._target, self._changed = target, changed
        self._view: LinesView | None = None
        self._top = 0
        self._around = ""

    @property
    def is_open(self) -> bool:
        """Whether its row is shown: something is typed, or matches are lit."""
        return self._view is not None

    def takes(self, key: str) -> bool:
        """Do what *key* does for a search; whether it does anything. Asked before anything else gets the key, while no text is typed."""
        if key in BY_ID["search"].keys:
            self.open()
        elif self._view is None or self.is_typing:
            return False
        elif key in BY_ID["next_match"].keys:
            self.step(1)
        elif key in BY_ID["previous_match"].keys:
            self.step(-1)
        elif key in BY_ID["clear_search"].keys:
            self.clear()
        else:
            return False
        return True

    def open(self) -> None:
        view = self._target()
        if view is None:
            return
        self._drop()
        self._view, self._top, self._around = view, view.scroll_offset.y, ""
        super().open()
        self._changed()
        self.tell()

    def step(self, step: int) -> None:
        """The next match, or the one before."""
        if self._view is not None:
            self._around = AROUND[step < 0] if self._view.next_match(step) else ""
            self.tell()

    def typed(self, value: str) -> None:
        if self._view is not None:
            self._view.search(pattern_of(value), self._top)
            self.tell()

    def kept(self, value: str) -> None:
        self.box.display = False
        self.tell()

    def clear(self) -> None:
        """No search: the text is as it was, and where it was if nothing was kept."""
        if self._view is not None and self.is_typing:
            self._view.drop_search(self._top)
        super().clear()

    def cleared(self) -> None:
        self._drop()
        self._changed()

    def _drop(self) -> None:
        if self._view is not None:
            self._view.search(None)
        self._view = None

    def tell(self) -> None:
        """Say how many match now."""
        if self._view is None:
            return
        typed, tally = self.box.value, self._view.tally
        words = line(Span(tally.words, "strong" if tally.many else "warning")) if typed else line(Span("words, or a pattern", "muted"))
        if self.is_typing:
            self.say(words)
            return
        keys = f" {key_of('next_match')} next, {key_of('previous_match')} previous, {key_of('clear_search')} clears "
        around = f"  {self._around}" if self._around else ""
        self.say(line(Span(typed, "accent"), "  ", *words.spans, Span(around, "warning")), line(Span(keys, "muted")))
