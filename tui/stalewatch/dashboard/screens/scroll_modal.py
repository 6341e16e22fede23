"""What every dialog has in common: one box over a dimmed screen, and the keys that scroll what is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypeVar, cast

from textual.screen import ModalScreen

from stalewatch.dashboard.screens.paced import PacedScreen
from stalewatch.dashboard.widgets.search_bar import SearchBar

if TYPE_CHECKING:
    from stalewatch.dashboard.screens.app_port import AppPort
    from stalewatch.dashboard.widgets.lines_view import LinesView

WHOLE = 10**6
"""Rows that no dialog has."""

Answer = TypeVar("Answer")


class ScrollModal(ModalScreen[Answer], PacedScreen[Answer]):
    """*page*: rows that a page key scrolls, fewer where fewer are seen. A dialog
    whose content may be higher than the screen overrides :attr:`scrolled`.
    """

    page: ClassVar[int] = 8
    DEFAULT_CSS = """
    ScrollModal { align: center middle; background: $background 60%; layers: box search; }
    ScrollModal > SearchBar { layer: search; dock: bottom; }
    ScrollModal:ansi { background: ansi_default; }
    ScrollModal > Vertical { border: round $primary; padding: 0 1; background: $background; }
    ScrollModal Button { margin: 0 0 0 1; background: $panel; color: $foreground; }
    ScrollModal Button:focus { text-style: bold reverse; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.search_bar = SearchBar(lambda: self.scrolled)

    def on_mount(self) -> None:
        self.mount(self.search_bar)

    @property
    def scrolled(self) -> LinesView | None:
        """What the keys scroll."""
        return None

    def scroll_rows(self, rows: int) -> None:
        """Scroll down by *rows*, up where they are negative."""
        view = self.scrolled
        if view is not None:
            view.scroll_to(y=view.scroll_offset.y + rows, animate=False)

    def action_scroll_up(self) -> None:
        self.scroll_rows(-1)

    def action_scroll_down(self) -> None:
        self.scroll_rows(1)

    def action_scroll_page_up(self) -> None:
        self.scroll_rows(-self._seen)

    def action_scroll_page_down(self) -> None:
        self.scroll_rows(self._seen)

    @property
    def _seen(self) -> int:
        """No row is passed over."""
        view = self.scrolled
        return min(self.page, view.size.height) if view is not None else self.page

    def takes_key(self, key: str) -> bool:
        """Whether *key* was for a search, and nobody else gets it. Asked as soon as it comes, while no text is typed."""
        return self.search_bar.takes(key)

    def action_search(self) -> None:
        self.search_bar.open()

    def action_next_match(self) -> None:
        self.search_bar.step(1)

    def action_previous_match(self) -> None:
        self.search_bar.step(-1)

    def action_scroll_half_up(self) -> None:
        self.scroll_rows(-self.page // 2)

    def action_scroll_half_down(self) -> None:
        self.scroll_rows(self.page // 2)

    def action_scroll_first(self) -> None:
        self.scroll_rows(-WHOLE)

    def action_scroll_last(self) -> None:
        self.scroll_rows(WHOLE)

    def action_redraw(self) -> None:
        cast("AppPort", self.app).paint_all()

    def action_next_button(self) -> None:
        self.app.action_focus_next()
