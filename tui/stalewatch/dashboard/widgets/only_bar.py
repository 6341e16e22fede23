"""The pattern that limits a log to the lines that match, as ``&`` in less."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.dashboard.render.lines import Span, line
from stalewatch.dashboard.widgets.prompt import Prompt

if TYPE_CHECKING:
    from collections.abc import Callable


class OnlyBar(Prompt):
    """*limit* is called with what is typed, at once; with "" where all lines are to be shown again."""

    sign = "&"

    def __init__(self, limit: Callable[[str], None]) -> None:
        super().__init__("only-bar")
        self._limit = limit

    def open(self) -> None:
        super().open()
        self.say(line(Span("show only lines that match; nothing shows all", "muted")))

    def typed(self, value: str) -> None:
        self._limit(value)

    def kept(self, value: str) -> None:
        self.display = False  # the head says it

    def cleared(self) -> None:
        self._limit("")
