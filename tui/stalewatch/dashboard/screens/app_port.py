"""What screens and their helpers may ask of the app that shows them."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from textual.app import App

from stalewatch.dashboard.screens.answer_guard import KeyClock
from stalewatch.dashboard.screens.key_pace import KeyPace

if TYPE_CHECKING:
    from stalewatch.dashboard.model import Model


class AppPort(App[int]):
    """The app as its screens know it. The return value is the exit code."""

    model: Model
    key_clock: KeyClock = KeyClock()
    last_key: str = ""
    """The newest key, as Textual names it."""
    key_pace: KeyPace
    """Of the keys for screens."""

    @abstractmethod
    def write_escape(self, sequence: str) -> None:
        """Send an escape sequence that this program made to the terminal."""

    @abstractmethod
    def open_palette(self) -> None:
        """Show every action by name."""

    @abstractmethod
    def refuse(self, why: str) -> None:
        """Say *why* nothing is done, and take what is typed with the key for a word."""

    @abstractmethod
    def unsee(self) -> None:
        """What is asked counts as unseen until it was painted again."""

    @abstractmethod
    def wear(self, theme: str) -> None:
        """Put on *theme*: one of ``THEMES``, which is read when it is first wanted."""

    @abstractmethod
    def paint_all(self) -> None:
        """Send the whole screen again."""
