"""An engine that watches, from outside: what it shows, and waiting for it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from stalewatch.engine.engine import Engine
    from stalewatch.model.report import Report


def eventually(condition: Callable[[], bool], within: float = 45.0) -> bool:
    """Whether *condition* became true *within* so many seconds."""
    deadline = time.monotonic() + within
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def reports(engine: Engine) -> dict[str, Report]:
    """What is shown of every server, by its name."""
    return {pane.server: pane.report for pane in engine.board.snapshot().panes if pane.report is not None}
