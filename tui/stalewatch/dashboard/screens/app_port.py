"""What screens and their helpers may ask of the app that shows them."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from textual.app import App

from stalewatch.dashboard.screens.answer_guard import KeyClock

if TYPE_CHECKING:
    from stalewatch.dashboard.model import Model


class AppPort(App[int]):
    """The app as its screens know it. The return value is the exit code."""

    model: Model
    key_clock: KeyClock = KeyClock()
    last_key: str = ""
    """The newest key, as Textual names it."""

    @abstractmethod
    def write_escape(self, sequence: str) -> None:
        """Send an escape sequence that this program made to the terminal."""

    @abstractmethod
    def open_palette(self) -> None:
        """Show every action by name."""

    @abstractmethod
    def unsee(self) -> None:
        """What is asked counts as unseen until it was painted again."""

    @abstractmethod
    def paint_all(self) -> None:
        """Send the whole screen again."""
