"""``stalewatch demo`` itself, in a pseudo-terminal, by keys and signals."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stalewatch.cli.commands.demo import hint
from stalewatch.demo.scenarios import NAMES, scenario
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


def clean(terminal: Terminal, within: float = 30.0) -> bool:
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


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_signal_while_it_is_built_leaves_nothing_behind(terminal: Terminal, number: signal.Signals) -> None:
    terminal.wait_for("3 servers")
    terminal.wait_until(lambda: (folder(terminal) / "web2").exists())
    terminal.signal(number)
    assert terminal.wait_exit() == 128 + number
    assert clean(terminal), leftovers(terminal)


LEAVES_THE_SCREEN = b"\x1b[?1049l"
ESCAPES = re.compile(r"\x1b\[[0-9;?<>=]*[a-zA-Z]")
SLOW = """
import asyncio
from stalewatch.cli.main import main
from stalewatch.demo.host import Host
async def build(self):
    await asyncio.sleep(3600)
Host.build = build
main(["demo"])
"""
BROKEN = """
from stalewatch.cli.main import main
from stalewatch.demo import tree
def build(*_):
    raise OSError(28, "No space left on device")
tree.build = build
main(["demo"])
"""


def test_the_first_frame_shows_the_servers_before_they_are_there(tmp_path: Path) -> None:
    env = {"XDG_STATE_HOME": str(tmp_path), "TMPDIR": "/tmp"}
    with Terminal([sys.executable, "-c", SLOW], columns=80, rows=24, env=env) as terminal:
        text = terminal.wait_for("▸web1(.|\n)*nothing here is real: press f to fix · \\? for all keys, q to leave")
        assert all(re.search(rf"{name} .*CONNECTING", text) for name in ("web1", "web2", "web3")), text
        terminal.wait_until(lambda: (folder(terminal) / "library").exists())
        terminal.type("q")
        assert terminal.wait_exit() == 0
        assert not terminal.insane()
        left = ESCAPES.sub("", terminal.raw.rpartition(LEAVES_THE_SCREEN)[2].decode())
        assert "stalewatch init SERVER begins with your own servers" in left, "and what comes next is said"
        assert "demo --scenario upgrade|symlink|container|mixed" in left
        assert clean(terminal), leftovers(terminal)


def test_servers_that_cannot_be_built_are_one_clear_line(tmp_path: Path) -> None:
    env = {"XDG_STATE_HOME": str(tmp_path), "TMPDIR": "/tmp"}
    with Terminal([sys.executable, "-c", BROKEN], columns=100, rows=30, env=env) as terminal:
        assert terminal.wait_exit() == 1
        told = ESCAPES.sub("", terminal.raw.rpartition(LEAVES_THE_SCREEN)[2].decode()).split("\n")
        assert [line.strip() for line in told if line.strip()] == ["stalewatch: the demo's servers did not start: No space left on device"]
        assert not terminal.insane()
        assert clean(terminal), leftovers(terminal)


def test_another_story_is_told_and_says_what_ends_it(tmp_path: Path) -> None:
    env = {"XDG_STATE_HOME": str(tmp_path), "TMPDIR": "/tmp"}
    with Terminal([*STALEWATCH, "demo", "--scenario", "container"], columns=80, rows=24, env=env) as terminal:
        text = terminal.wait_for(lambda text: "1 stale" in text and "1 unknown" in text and "1 fresh" in text, 40)
        assert "demo, nothing is real: s, then what the pane says · ? for keys, q to leave" in text
        assert "sudo systemctl restart php8.3-fpm" in text
        terminal.type("q")
        assert terminal.wait_exit() == 0
        assert clean(terminal), leftovers(terminal)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [50, 80])
def test_the_first_line_says_what_to_press_and_how_to_leave(name: str, width: int) -> None:
    words = hint(scenario(name).ends, width - 2)
    assert len(words) <= width - 2
    assert words.endswith("q to leave")
    assert scenario(name).ends.format(fix="f", shell="s") in words
    if width == 80:
        assert words.startswith("demo, nothing ")
        assert "? for " in words


def test_the_help_says_why_the_screen_shows_other_times() -> None:
    told = subprocess.run([*STALEWATCH, "demo", "--help"], capture_output=True, text=True, check=True).stdout
    assert "deployed to three servers at 12:38" in " ".join(told.split())
    assert "It is 12:50 of that day when it begins; on the screen every time is moved to now." in " ".join(told.split())


def test_a_story_that_does_not_exist_is_a_wrong_argument() -> None:
    done = subprocess.run([*STALEWATCH, "demo", "--scenario", "novel"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "'novel' is not one of 'incident', 'upgrade', 'symlink', 'container', 'mixed'" in done.stderr
