"""Which command, which options, which fleet; and what a wrong line is told."""

from __future__ import annotations

import io
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from stalewatch.cli.commands import dashboard
from stalewatch.cli.main import COMMANDS
from stalewatch.diagnosis.rules import RULES
from stalewatch.model.reasons import REASONS
from tests.builders import outputs as examples

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    from tests.unit.cli.conftest import Seams

    Stalewatch = Callable[..., Result]


@pytest.fixture
def looked(seams: Seams) -> Seams:
    seams.looks = [(examples.fresh(),)]
    return seams


def targets(seams: Seams) -> list[str]:
    return [server.target for server in seams.fleets[-1].servers]


def test_help_shows_what_exists_and_nothing_else(stalewatch: Stalewatch) -> None:
    result = stalewatch("--help")
    assert result.exit_code == 0
    assert [name for name in COMMANDS if f"  {name} " in result.stdout] == list(COMMANDS)
    for later in ("--notify",):
        assert later not in result.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_can_be_loaded_and_has_its_own_help(stalewatch: Stalewatch, command: str) -> None:
    result = stalewatch(command, "--help")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"Usage: stalewatch {command}")


def test_help_after_a_target_is_the_help_of_the_program(stalewatch: Stalewatch) -> None:
    assert stalewatch("web1", "--help").stdout == stalewatch("--help").stdout


def test_version(stalewatch: Stalewatch) -> None:
    assert stalewatch("--version").stdout.startswith("stalewatch 0.")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--reed-only",), "did you mean '--read-only'"),
        (("check", "--formt", "json"), "did you mean '--format'"),
        (("check", "--format", "yaml"), "'yaml'"),
        (("check", "--wait", "soon"), "'soon' is not a number of seconds"),
        (("check", "--timeout", "nan", "web1"), "nan is not between"),
        (("check", "--timeout", "-1", "web1"), "-1 is not between"),
        (("fix", "--yes"), "target... is missing"),
        (("fix", "--yes", "--only", "clear,restart", "web1"), "'restart' is none of clear, rebuild, reload"),
        (("fix", "--yes", "--batch", "0", "web1"), "0"),
        (("check", "--config", "nowhere.toml"), "'nowhere.toml' does not exist"),
        (("check", "-F", "nowhere", "web1"), "'nowhere' does not exist"),
        (("check", "--", "-oProxyCommand=x"), "as a target"),
        (("check", "deploy@web1:99999"), "port"),
        (("check", ""), "as a target"),
        (("check", "--app", "srv/app", "web1"), "absolute path"),
        (("check", "--fpm-socket", "php.sock", "web1"), "neither an absolute path nor host:port"),
        (("check", "no-such-*"), "no-such-*"),
    ],
)
def test_a_wrong_line_is_one_clear_line_and_exit_code_2(stalewatch: Stalewatch, args: tuple[str, ...], said: str) -> None:
    result = stalewatch(*args)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("stalewatch: ")
    assert said.lower() in result.stderr.lower()


def test_a_word_that_is_no_command_is_a_target_of_the_dashboard(stalewatch: Stalewatch, looked: Seams) -> None:
    result = stalewatch("web1", "check")
    assert result.exit_code == 0
    assert targets(looked) == ["web1", "check"]


def test_command_names_win_and_dashes_let_the_host_win(stalewatch: Stalewatch, looked: Seams) -> None:
    stalewatch("--", "check", "web1")
    assert targets(looked) == ["check", "web1"]
    stalewatch("check", "--", "check")
    assert targets(looked) == ["check"]


def test_common_options_stand_before_or_after_the_command_and_the_nearer_one_wins(stalewatch: Stalewatch, looked: Seams) -> None:
    stalewatch("--timeout", "3", "check", "web1")
    assert looked.fleets[-1].timeout == 3
    stalewatch("--timeout", "3", "check", "web1", "--timeout", "4", "--read-only")
    assert (looked.fleets[-1].timeout, looked.fleets[-1].read_only) == (4, True)
    stalewatch("--read-only", "--timeout", "3", "--", "web1")
    assert (looked.fleets[-1].timeout, looked.fleets[-1].read_only) == (3, True)


def test_without_target_and_file_it_is_this_machine(stalewatch: Stalewatch, looked: Seams) -> None:
    stalewatch("check")
    assert targets(looked) == ["local"]
    stalewatch()
    assert targets(looked) == ["local"]


def test_without_target_it_is_the_file_here(stalewatch: Stalewatch, looked: Seams, tmp_path: Path) -> None:
    (tmp_path / "stalewatch.toml").write_text('[[server]]\ntarget = "deploy@web7"\n')
    stalewatch("check")
    assert targets(looked) == ["deploy@web7"]


def test_where_no_dashboard_can_be_drawn_it_says_why_and_checks(stalewatch: Stalewatch, looked: Seams) -> None:
    looked.looks = [(examples.stale(),)]
    result = stalewatch("web1")
    assert result.exit_code == 1
    assert "STALE" in result.stdout
    assert result.stderr.count("\n") == 1
    assert "not a terminal" in result.stderr


@pytest.mark.parametrize(
    ("term", "terminal", "said"), [("xterm", True, ""), ("dumb", True, "TERM=dumb"), ("", True, "TERM=dumb"), ("xterm", False, "terminal")]
)
def test_a_dashboard_needs_a_terminal_that_can_draw(monkeypatch: pytest.MonkeyPatch, term: str, terminal: bool, said: str) -> None:
    monkeypatch.setenv("TERM", term)
    monkeypatch.setattr(dashboard, "is_terminal", lambda _: terminal)
    assert said in dashboard.no_screen()
    assert bool(said) == bool(dashboard.no_screen())


def test_where_it_would_be_drawn_into_a_file_it_is_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """``2> FILE`` takes what is drawn: the keys of a dashboard that nobody sees would act all the same."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(dashboard, "is_terminal", lambda stream: stream is not sys.stderr)
    assert dashboard.no_screen() == "stderr is not a terminal"


@pytest.mark.parametrize(("encoding", "said"), [("ascii", "encoding is ascii"), ("iso-8859-1", "encoding is iso-8859-1"), ("utf-8", "")])
def test_a_terminal_that_has_not_the_characters_is_not_drawn_on(monkeypatch: pytest.MonkeyPatch, encoding: str, said: str) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(dashboard, "is_terminal", lambda _: True)
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="backslashreplace"))
    assert said in dashboard.no_screen()
    assert bool(said) == bool(dashboard.no_screen())


def test_a_bug_is_one_line_with_the_place_of_its_traceback(stalewatch: Stalewatch, seams: Seams, tmp_path: Path) -> None:
    def broken() -> None:
        raise RuntimeError("\x1b[2Jboom\nline two")

    seams.opening = broken
    result = stalewatch("check", "web1")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "\x1b" not in result.stderr
    log = tmp_path / "state" / "stalewatch" / "log" / "stalewatch.log"
    assert str(log) in result.stderr
    assert "Traceback" in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600


def test_ctrl_c_is_quiet(stalewatch: Stalewatch, seams: Seams) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    seams.opening = interrupted
    result = stalewatch("check", "web1")
    assert result.exit_code == 130
    assert (result.stdout, result.stderr.strip()) == ("", "")


def test_ctrl_c_is_quiet_also_while_the_program_is_loaded() -> None:
    program = (
        "import builtins\n"
        "load = builtins.__import__\n"
        "def interrupted(name, *more):\n"
        "    if name == 'click':\n"
        "        raise KeyboardInterrupt\n"
        "    return load(name, *more)\n"
        "builtins.__import__ = interrupted\n"
        "from stalewatch.__main__ import run\n"
        "run()\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "")


def test_explain_prints_what_the_rule_says(stalewatch: Stalewatch) -> None:
    code = next(iter(RULES))
    result = stalewatch("explain", code)
    assert result.exit_code == 0
    assert result.stdout == RULES[code].text() + "\n"
    wrong = stalewatch("explain", code[:-1])
    assert wrong.exit_code == 2
    assert f"did you mean {code}?" in wrong.stderr


def test_explain_without_a_code_lists_all(stalewatch: Stalewatch) -> None:
    lines = stalewatch("explain").stdout.splitlines()
    assert [line.split()[0] for line in lines] == [*RULES, *REASONS]


def test_explain_knows_errors_too_and_lists_the_codes_of_one_beginning(stalewatch: Stalewatch) -> None:
    denied = stalewatch("explain", "fpm.socket-denied")
    assert (denied.exit_code, denied.stdout) == (0, REASONS["fpm.socket-denied"].text() + "\n")
    both = stalewatch("explain", "fpm.not-running").stdout
    assert RULES["fpm.not-running"].text() in both
    assert REASONS["fpm.not-running"].text() in both
    listed = [line.split()[0] for line in stalewatch("explain", "opcache").stdout.splitlines()]
    assert listed == [code for code in (*RULES, *REASONS) if code.startswith("opcache.")]
    assert {"opcache.stale-bytecode", "opcache.restricted"} <= set(listed)
    wrong = stalewatch("explain", "fpm.socket-denid")
    assert (wrong.exit_code, wrong.stdout) == (2, "")
    assert "did you mean fpm.socket-denied?" in wrong.stderr
    assert stalewatch("explain", "quux").exit_code == 2
