"""When a key may answer a question: only after what it answers was painted, and never as part of a burst or a paste."""

from __future__ import annotations

import time
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.events import Event

SEEN = 0.4
"""Seconds that a question must have been on the terminal before anything answers it."""
SETTLED = 0.15
"""Seconds that a button must have been seen in focus, with no other key since, before a key presses it."""
BURST = 0.01
"""Nobody types three keys faster: keys that follow each other within so many seconds were sent by a machine."""
PASTE = 3
"""So many characters in one burst are a paste. Two may come together from a slow line."""


class KeyClock:
    """Monotonic seconds: now, and when a key arrived, which is before it is handled. Tests turn one by hand."""

    def now(self) -> float:
        return time.monotonic()

    def arrived(self, event: Event) -> float:
        return event.time


class On(Enum):
    """What has the focus when a key comes."""

    TEXT = "a box to type in"
    BUTTON = "a button"


class InputOutcome(Enum):
    """What becomes of a key."""

    TAKEN = "taken"
    SWALLOWED = "swallowed"
    PASTED = "swallowed, and so is what came with it: it was pasted"


class AnswerGuard:
    """For one question. *opened_by*: the key that opened it, which answers nothing until another one was pressed. Times in seconds."""

    def __init__(self, opened_by: str = "") -> None:
        self._opener = opened_by
        self._seen: float | None = None
        self._focus_seen: float | None = None
        self._last = float("-inf")
        self._together = 1

    # ----------------------------------------------------------------------------------------------------------- what is painted

    def redrawn(self) -> None:
        """Something else is asked, or what was painted may be gone: it counts as unseen until :meth:`painted`."""
        self._seen = self._focus_seen = None

    def moved(self) -> None:
        """Another button has the focus, not painted yet."""
        self._focus_seen = None

    def painted(self, at: float) -> None:
        """The terminal took the question and its focus as they are now."""
        self._seen = at if self._seen is None else self._seen
        self._focus_seen = at if self._focus_seen is None else self._focus_seen

    @property
    def is_painted(self) -> bool:
        return self._seen is not None and self._focus_seen is not None

    def is_open(self, at: float) -> bool:
        """Whether answers count."""
        return self._seen is not None and at - self._seen >= SEEN

    def is_settled(self, at: float) -> bool:
        """Whether a key may press the button that has the focus."""
        seen = self._focus_seen is not None and at - self._focus_seen >= SETTLED
        return self.is_open(at) and seen and at - self._last >= SETTLED

    # ---------------------------------------------------------------------------------------------------------------- what comes

    def key(self, key: str, at: float, on: On, *, types: bool = False, answers: bool = False) -> InputOutcome:
        """The ruling on *key*, which arrived *at*. *types*: it is a character; *answers*: it is one that answers."""
        settled, burst = self.is_settled(at), at - self._last < BURST
        self._last = at
        self._together = self._together + 1 if burst else 1
        again = key == self._opener
        self._opener = self._opener if again else ""
        if again or not self.is_open(at):
            return InputOutcome.SWALLOWED
        if on is On.TEXT and types:
            return InputOutcome.PASTED if self._together >= PASTE else InputOutcome.TAKEN
        if burst or (answers and on is not On.TEXT and not settled):
            return InputOutcome.SWALLOWED
        return InputOutcome.TAKEN

    def paste(self, at: float) -> InputOutcome:
        """The ruling on a paste that the terminal marked as one."""
        self._last = at
        return InputOutcome.PASTED
