"""Text that is pasted, marked as such by the terminal or not, wherever one is: it runs nothing and opens no shell."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.terminal import Terminal
from tests.ui.test_answers_pty import TEXT

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.pty

PLAY = [sys.executable, "-m", "tests.ui.play"]
WAYS = {
    "timeline": (("\t",), "c clear"),
    "page": (("\r",), "esc back"),
    "log": (("L",), "esc back"),
    "help": (("?",), "esc closes"),
    "explanation": (("\r", "x"), "what it means"),
    "palette": ((":",), "type an action"),
    "filter": (("/",), "▸"),
    "search": (("\r", "/"), "words, or a pattern"),
}
"""What is pressed to get there, and what is shown then."""
PASTES = ("f\t\r", ":fix\r\t\r", TEXT, f"\x1b[200~{TEXT}\x1b[201~")


@pytest.mark.parametrize("where", WAYS)
def test_a_paste_runs_nothing_wherever_one_is(where: str, tmp_path: Path) -> None:
    ssh = tmp_path / "ssh"
    ssh.write_text("#!/bin/sh\ntouch $0.ran\n")
    ssh.chmod(0o755)
    keys, shown = WAYS[where]
    for number, text in enumerate(PASTES):
        env = {"PATH": f"{tmp_path}:/usr/bin:/bin", "XDG_STATE_HOME": str(tmp_path / str(number))}
        with Terminal(PLAY, columns=100, rows=30, env=env) as terminal:
            terminal.wait_for("✗ STALE")
            for key in keys:
                terminal.type(key)
                terminal.read_on(0.2)
            terminal.wait_for(shown)
            terminal.type(text)
            terminal.read_on(0.7)
            assert "▸ running" not in terminal.text, text
            assert "▸ fix" not in terminal.text, text
            assert not (tmp_path / "ssh.ran").exists(), text
            assert terminal.process.poll() is None, text
