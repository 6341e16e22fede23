"""The program with a stdout that takes nothing, or without some of its three streams: one line at most, and nothing is taken for them."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.unit.cli.test_fix_ends_orderly import FIX

if TYPE_CHECKING:
    from pathlib import Path

COMMANDS = (
    ("--help",),
    ("check", "--help"),
    ("--version",),
    ("explain",),
    ("config", "show"),
    ("config", "schema"),
    ("config", "keys"),
    ("init", "--health-file"),
    ("check", "no-such-host.invalid"),
    ("mark", "no-such-host.invalid", "--format", "json"),
    ("metrics", "--once", "no-such-host.invalid"),
    ("report", "no-such-host.invalid"),
)


def run(tmp_path: Path, redirected: str, *words: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr, as far as the shell's *redirected* leaves them to this test."""
    ended = subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {redirected}', "sh", sys.executable, *words],
        env=os.environ | {"XDG_STATE_HOME": str(tmp_path), "HOME": str(tmp_path)},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=tmp_path, timeout=60, check=False,
    )  # fmt: skip
    return ended.returncode, ended.stdout, ended.stderr


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_full_disk_is_one_line(tmp_path: Path, words: tuple[str, ...]) -> None:
    code, _, said = run(tmp_path, ">/dev/full", "-m", "stalewatch", *words)
    assert said == "stalewatch: stdout can't be written (No space left on device); make room there, or send it elsewhere\n"
    assert code == 1


@pytest.mark.parametrize("words", [("explain",), ("check", "no-such-host.invalid")], ids=" ".join)
def test_a_closed_stdout_is_one_line(tmp_path: Path, words: tuple[str, ...]) -> None:
    code, _, said = run(tmp_path, ">&-", "-m", "stalewatch", *words)
    assert said == "stalewatch: stdout can't be written (Bad file descriptor); make room there, or send it elsewhere\n"
    assert code == 1


@pytest.mark.parametrize(("closed", "code"), [("<&-", 0), ("2>&-", 0), ("<&- 2>&-", 0), (">&-", 1), ("<&- >&- 2>&-", 1)])
def test_a_fix_does_not_break_off_without_streams(tmp_path: Path, closed: str, code: int) -> None:
    """Every outcome reaches the audit log's file, and nothing that was meant for a stream does."""
    ended, out, said = run(tmp_path, closed, "-c", FIX)
    assert ended == code
    assert "internal error" not in said
    if ">&-" not in closed.split():
        assert "web1 /srv/app  result" in out
        assert "1 of 1 verified or fine" in out
    if "2>&-" not in closed:
        assert "the step has ended: nobody stops it" in said


def test_what_is_opened_does_not_get_the_number_of_a_closed_stream(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from stalewatch.cli.streams import reopen_closed\n"
        "reopen_closed()\n"
        f"with open({str(tmp_path / 'file')!r}, 'w') as file:\n"
        "    file.write(str(file.fileno()))\n"
        "sys.stderr.write('lost')\n"
    )
    assert run(tmp_path, "<&- >&- 2>&-", "-c", program)[0] == 0
    assert (tmp_path / "file").read_text() == "3"


def test_of_a_mistake_without_stderr_nothing_is_said_on_stdout(tmp_path: Path) -> None:
    assert run(tmp_path, "2>&-", "-m", "stalewatch", "explain", "nonsense") == (2, "", "")
