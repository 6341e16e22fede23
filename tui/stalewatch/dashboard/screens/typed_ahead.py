"""Keys that come between the one that opens the palette and the palette: they were typed for it, not for the screen below."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.events import Key


class TypedAhead:
    """Holds keys from :meth:`begin` until :meth:`taken`."""

    def __init__(self) -> None:
        self._opener: Key | None = None
        self._held: list[Key] = []

    def begin(self, opener: Key) -> None:
        """*opener*, the key that opens the palette, was pressed."""
        self._opener, self._held = opener, []

    def is_for(self, event: Key) -> bool:
        """Whether *event* is the key that opens it."""
        return event is self._opener

    def holds(self, event: Key) -> bool:
        """Whether *event* is kept for the palette."""
        if self._opener is None:
            return False
        self._held.append(event)
        return True

    def taken(self) -> list[Key]:
        """What was held, in order; from now on nothing is."""
        held, self._held, self._opener = self._held, [], None
        return held
