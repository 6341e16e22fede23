"""What a shell offers, asked by click's own protocol; and a real bash."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from stalewatch.cli.main import COMMANDS, main

CONFIG = '[[server]]\ntarget = "deploy@web7"\nname = "shop7"\n[[server]]\ntarget = "web8"\nname = "a b"\n'
SSH = "Host web1 web2\n  User ann\nHost *.internal !web3\n"


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    (tmp_path / "stalewatch.toml").write_text(CONFIG)
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "config").write_text(SSH)
    return tmp_path


def offered(line: str) -> list[str]:
    words = line.split(" ")
    env = {"_STALEWATCH_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    result = CliRunner().invoke(main, [], prog_name="stalewatch", env=env)
    assert (result.exit_code, result.stderr) == (0, "")
    return [row.partition(",")[2] for row in result.stdout.splitlines() if row]


def test_the_first_word_is_a_command_or_a_target() -> None:
    assert offered("stalewatch ")[: len(COMMANDS)] == list(COMMANDS)
    assert offered("stalewatch ch") == ["check"]
    assert {"watch", "web1", "web2", "web8"} == set(offered("stalewatch w"))
    assert "--read-only" in offered("stalewatch --read")


@pytest.mark.parametrize("command", ["check", "fix", "mark", "init", "metrics", "watch", "record out.ndjson", "--", "web1"])
def test_targets_are_names_of_the_configuration_and_aliases_of_ssh(command: str) -> None:
    assert {"shop7", "deploy@web7", "web1", "web2", "web8"} <= set(offered(f"stalewatch {command} "))
    assert offered(f"stalewatch {command} sh") == ["shop7"]
    assert "a b" not in offered(f"stalewatch {command} a")


def test_a_user_before_the_target_and_files_that_the_line_names(place: Path) -> None:
    assert offered("stalewatch check ann@web1") == ["ann@web1"]
    (place / "other").write_text("Host other1\n")
    assert offered("stalewatch check -F other o") == ["other1"]
    assert offered("stalewatch -F other check o") == ["other1"]
    (place / "other.toml").write_text('[[server]]\ntarget = "shop9"\n')
    assert offered("stalewatch check --config other.toml sh") == ["shop9"]


def test_codes_formats_and_the_other_words() -> None:
    assert "opcache" in offered("stalewatch explain opc")
    assert "opcache.stale-bytecode" in offered("stalewatch explain opcache.st")
    assert offered("stalewatch check --format j") == ["json", "junit"]
    assert offered("stalewatch fix --canary sh") == ["shop7"]
    assert offered("stalewatch config s") == ["show", "schema"]


@pytest.mark.parametrize("broken", [b"[[server]", b"\xff", b"x = 1", b"[" * 100_000])
def test_a_broken_file_offers_nothing_and_says_nothing(place: Path, broken: bytes) -> None:
    (place / "stalewatch.toml").write_bytes(broken)
    (place / ".ssh" / "config").write_bytes(b"Host \xff\xfe 'open\n\x1b[2J\n")
    assert offered("stalewatch check ") == []
    os.mkfifo(place / "pipe")
    assert offered("stalewatch check --config pipe ") == []


def test_nothing_heavy_is_loaded_for_it() -> None:
    code = """import sys
from stalewatch.cli.main import main
try:
    main([], prog_name="stalewatch")
finally:
    print(*sys.modules, file=sys.stderr)"""
    env = {**os.environ, "_STALEWATCH_COMPLETE": "bash_complete", "COMP_WORDS": "stalewatch check sh", "COMP_CWORD": "2"}
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True)
    assert asked.stdout == "plain,shop7\n"
    assert {"textual", "asyncssh", "rich"} & set(asked.stderr.split()) == set()


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash on this machine")
def test_a_real_bash_completes() -> None:
    script = """eval "$(_STALEWATCH_COMPLETE=bash_source stalewatch)"
COMP_WORDS=(stalewatch check sh) COMP_CWORD=2
_stalewatch_completion stalewatch check sh
printf '%s\\n' "${COMPREPLY[@]}"
complete -p stalewatch"""
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, env=env, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == "shop7"
    assert "-F _stalewatch_completion stalewatch" in done.stdout


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_other_shells_have_a_script(shell: str) -> None:
    result = CliRunner().invoke(main, [], prog_name="stalewatch", env={"_STALEWATCH_COMPLETE": f"{shell}_source"})
    assert result.exit_code == 0
    assert f"_STALEWATCH_COMPLETE={shell}_complete" in result.stdout
