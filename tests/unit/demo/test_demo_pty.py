"""``stalewatch demo`` itself, in a pseudo-terminal, by keys and signals."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.terminal import STALEWATCH, Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.pty


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    env = {"XDG_STATE_HOME": str(tmp_path), "TMPDIR": "/tmp"}
    with Terminal([*STALEWATCH, "demo"], columns=160, rows=46, env=env) as running:
        yield running


def folder(terminal: Terminal) -> Path:
    return Path(f"/tmp/stalewatch-demo-{terminal.process.pid}")


def leftovers(terminal: Terminal) -> list[str]:
    found = [str(folder(terminal))] if folder(terminal).exists() else []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                if f"{folder(terminal)}/".encode() in (entry / "environ").read_bytes():
                    found.append(entry.name)
            except OSError:
                continue
    return found


def clean(terminal: Terminal, within: float = 8.0) -> bool:
    deadline = time.monotonic() + within
    while leftovers(terminal) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not leftovers(terminal)


def test_the_person_at_the_keyboard_ends_the_incident(terminal: Terminal) -> None:
    terminal.wait_for(lambda text: "STALE" in text and "2 fresh" in text, 40)
    assert folder(terminal).is_dir()
    terminal.type("f")
    terminal.wait_for(lambda text: "config:cache" in text and "Cancel" in text)
    terminal.confirm()
    terminal.wait_for(lambda text: "✓ verified" in text and "3 fresh" in text, 40)
    terminal.type("\x1b")
    terminal.wait_for(lambda text: "Function routing" in text and "✓ verified" not in text)
    terminal.type("q")
    assert terminal.wait_exit() == 0
    assert not terminal.insane()
    assert clean(terminal), leftovers(terminal)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_signal_leaves_nothing_behind(terminal: Terminal, number: signal.Signals) -> None:
    terminal.wait_for("STALE", 40)
    terminal.signal(number)
    code = terminal.wait_exit()
    assert code == 128 + number
    assert clean(terminal), leftovers(terminal)
