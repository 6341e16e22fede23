"""What every dialog has in common: one box over a dimmed screen, and the keys that scroll what is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual.screen import ModalScreen

if TYPE_CHECKING:
    from stalewatch.dashboard.widgets.lines_view import LinesView

Answer = TypeVar("Answer")


class ScrollModal(ModalScreen[Answer]):
    """*page*: rows that a page key scrolls. A dialog whose content may be higher than the screen overrides :attr:`scrolled`."""

    page: ClassVar[int] = 8
    DEFAULT_CSS = """
    ScrollModal { align: center middle; background: $background 60%; }
    ScrollModal:ansi { background: ansi_default; }
    ScrollModal > Vertical { border: round $primary; padding: 0 1; background: $background; }
    ScrollModal Button { margin: 0 0 0 1; background: $panel; color: $foreground; }
    ScrollModal Button:focus { text-style: bold reverse; }
    """

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
        self.scroll_rows(-self.page)

    def action_scroll_page_down(self) -> None:
        self.scroll_rows(self.page)

    def action_next_button(self) -> None:
        self.app.action_focus_next()
