"""The row in which a filter is typed, and what is said beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widgets import Input

from stalewatch.dashboard.actions import FILTER, key_of
from stalewatch.dashboard.render.filtering import completed, known_words, matches_line, words_line
from stalewatch.dashboard.render.lines import BLANK, Line
from stalewatch.dashboard.widgets.bindings import dialog_bindings
from stalewatch.dashboard.widgets.lines_view import LinesView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalewatch.engine.board import Pane

LEAST = 24
"""Cells that what is typed has at least."""


class SaysView(LinesView):
    """How many match, or which words there are."""

    def __init__(self) -> None:
        super().__init__(id="matches")
        self._said = BLANK

    def show(self, said: Line) -> None:
        if said != self._said:
            self._said = said
            self.styles.width = said.width + 1 if said.width else 0
            self.redraw()

    def build(self, width: int, height: int) -> Sequence[Line]:
        return [self._said]


class FilterInput(Input):
    """Tab completes in place of leaving."""

    BINDINGS: ClassVar[list[BindingType]] = dialog_bindings(FILTER)

    def action_complete(self) -> None:
        bar = self.parent
        if isinstance(bar, FilterBar):
            bar.complete()


class FilterBar(Horizontal):
    """Not there until it is opened; it stays while it holds something."""

    DEFAULT_CSS = """
    FilterBar { height: 1; display: none; background: $panel; }
    FilterBar.-open { display: block; }
    FilterBar #filter { height: 1; width: 1fr; border: none; padding: 0 1; background: $panel; }
    FilterBar #matches { height: 1; width: 0; background: $panel; }
    """

    def __init__(self) -> None:
        super().__init__(id="filter-bar")
        hint = f"name, group, verdict, layer, commit; !word excludes; {key_of('complete')} completes"
        self._input, self._says = FilterInput(id="filter", placeholder=hint, compact=True), SaysView()
        self._panes: Sequence[Pane] = ()
        self._words: tuple[str, tuple[str, ...]] = ("", ())

    @property
    def is_open(self) -> bool:
        return self.has_class("-open")

    @property
    def _room(self) -> int:
        return max(12, self.app.size.width - LEAST)

    def open(self) -> None:
        if not self.children:  # as in a prompt
            self.mount(self._input, self._says)
        self.add_class("-open")
        self.screen.set_focus(self._input)  # at once: what follows in the same burst is for the box already

    def close(self) -> None:
        """Leave it; empty, it goes."""
        self._words = ("", ())
        self.set_class(bool(self._input.value), "-open")
        self.screen.set_focus(None)

    def clear(self) -> None:
        self._input.value = ""
        self.close()

    def show(self, shown: Sequence[Pane], panes: Sequence[Pane]) -> None:
        """*shown*: what the filter leaves of *panes*."""
        self._panes = panes
        value, words = self._words
        if words and value == self._input.value:
            self._says.show(words_line(words, self._room))
        else:
            self._says.show(matches_line(shown, panes, self._room) if self._input.value.strip() else BLANK)

    def complete(self) -> None:
        """The word at the cursor, from what is known; where several fit, they are listed."""
        made = completed(self._input.value, self._input.cursor_position, known_words(self._panes))
        self._words = (made.value, made.words)
        if made.value == self._input.value:
            self._says.show(words_line(made.words, self._room) if made.words else BLANK)
            return
        self._input.value = made.value
        self._input.cursor_position = made.cursor
