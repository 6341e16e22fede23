"""A terminal that takes slowly, as at the end of a bad line: it gets fewer pictures, the newest, and no key waits behind old ones."""

from __future__ import annotations

import sys
import time

import pytest

from tests.terminal import Terminal

PLAY = [sys.executable, "-m", "tests.ui.play"]
KEYS = 60


@pytest.fixture
def terminal():
    with Terminal(PLAY, columns=160, rows=50) as terminal:
        terminal.wait_for("STALE")
        terminal.read_on(1.0)
        yield terminal


def _whole_picture(terminal: Terminal) -> int:
    """Bytes of one whole screen."""
    before = len(terminal.raw)
    terminal.type("\x0c")
    terminal.read_on(1.0)
    return len(terminal.raw) - before


@pytest.mark.pty
def test_what_nobody_saw_is_not_painted(terminal: Terminal) -> None:
    """Table and panes in turn, each a whole picture, while nothing is taken: afterwards two come at most, the last as it is then."""
    picture = _whole_picture(terminal)
    before = len(terminal.raw)
    for _ in range(KEYS):
        terminal.type("t")
        time.sleep(0.03)  # by hand: keys in one burst are painted once anyway
    terminal.type("?")
    terminal.wait_for("esc closes")
    terminal.read_on(1.0)
    assert len(terminal.raw) - before < 5 * picture
