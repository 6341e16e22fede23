"""What the full screens have in common: header, footer, and how a key reaches a method."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType

from stalewatch.dashboard.screens.paced import PacedScreen
from stalewatch.dashboard.widgets.bindings import screen_bindings
from stalewatch.dashboard.widgets.footer import FooterView
from stalewatch.dashboard.widgets.header import HeaderView
from stalewatch.dashboard.widgets.search_bar import SearchBar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stalewatch.dashboard.model import Model
    from stalewatch.dashboard.widgets.lines_view import LinesView
    from stalewatch.model.inventory import AppKey


class LiveScreen(PacedScreen[None]):
    """Redraws from the Model when told to; *kind* is its name in the table of actions."""

    kind: ClassVar[str] = ""
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = screen_bindings()

    DEFAULT_CSS = """
    LiveScreen { background: $background; color: $foreground; layout: vertical; }
    LiveScreen > #header { height: 1; }
    LiveScreen #footer { height: 1; dock: bottom; }
    """

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.model = model
        # Held, not looked up: a tick may come while the tree is taken down.
        self.header, self.footer = HeaderView(), FooterView()
        self.search_bar = SearchBar(lambda: self.searched, self.redraw)

    def methods(self) -> Mapping[str, Callable[[], None]]:
        """What this screen does for which action."""
        return {}

    @property
    def key(self) -> AppKey | None:
        """The pane that actions are limited to."""
        return None

    @property
    def searched(self) -> LinesView | None:
        """What is searched in."""
        return None

    def takes_key(self, key: str) -> bool:
        """Whether *key* was for a search, and nobody else gets it. Asked as soon as it comes, while no text is typed."""
        taken = self.search_bar.takes(key)
        if taken:
            self.say("")
        return taken

    def redraw(self) -> None:
        """Draw from the model; what did not change costs nothing."""
        self.header.show(self.model.heading())
        self.footer.show(self.model.context(self.kind, self.key))
        self.search_bar.tell()
        self.tick()

    def tick(self) -> None:
        """Once a second: the clock, and what counts seconds."""
        model = self.model
        if model.view.frozen or model.playback is not None or model.fleet.runs:  # a runbook ends without a word to the board
            self.header.show(model.heading())
        self.header.tick(
            model.clock(), 0.0 if model.view.frozen else model.engine.interval, model.engine.board.looked_at, model.monotonic()
        )

    def say(self, words: str) -> None:
        """A notice in the footer, until the next key."""
        self.footer.notice(words)

    def on_resize(self) -> None:
        self.call_after_refresh(self.redraw)

    def on_screen_resume(self) -> None:
        self.call_after_refresh(self.redraw)
