"""Waiting for a condition, with a deadline: nothing in the lab sleeps for luck."""

from __future__ import annotations

import time
from collections.abc import Callable


def until(condition: Callable[[], bool], what: str, patience: float = 30.0, pause: float = 0.01) -> None:
    """Return when the condition holds. Raises TimeoutError naming what was waited for."""
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {patience:g} s for {what}")
        time.sleep(pause)
