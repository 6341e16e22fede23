"""Whether keys come one by one, as from a hand, or together, as from a paste or a slow line."""

from __future__ import annotations

from stalewatch.dashboard.screens.answer_guard import BURST


class KeyPace:
    """*together*: the newest key came with the one before."""

    def __init__(self) -> None:
        self.together = False
        self._last = float("-inf")

    def came(self, at: float) -> None:
        """A key arrived *at* (monotonic seconds)."""
        self.together, self._last = at - self._last < BURST, at
