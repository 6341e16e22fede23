"""A wrong command line, by the real program: exit code 2, one line on stderr, nothing on stdout, and nobody is connected to."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.terminal import STALEWATCH

if TYPE_CHECKING:
    from pathlib import Path

WRONG = [
    ["check", "--fromat", "json"],
    ["check", "--format", "yaml"],
    ["check", "--wait", "soon", "web1"],
    ["check", "--wait", "-3", "web1"],
    ["check", "--timeout", "inf", "web1"],
    ["check", "--app", "relative/path", "web1"],
    ["check", "--app", "/srv/\x1b[31mapp", "web1"],
    ["check", "--fpm-socket", "nonsense", "web1"],
    ["check", "--config", "missing.toml"],
    ["check", "--config", "broken.toml"],
    ["check", "--config", "binary.toml"],
    ["check", "--config", "unknown.toml"],
    ["check", "--config", "."],
    ["check", "-F", "missing", "web1"],
    ["check", "--", "-oProxyCommand=touch pwned"],
    ["check", "web1:0"],
    ["check", "web1:port"],
    ["check", "user@"],
    ["check", ""],
    ["check", "web 1"],
    ["check", "no-such-alias-*"],
    ["fix"],
    ["fix", "web1"],
    ["fix", "--yes"],
    ["fix", "--yes", "--only", "everything", "web1"],
    ["fix", "--yes", "--batch", "none", "web1"],
    ["fix", "--yes", "--read-only", "web1"],
    ["explain", "no.such-code"],
    ["demo", "web1"],
    ["--no-such-option"],
    ["--read-onyl", "web1"],
]


@pytest.mark.parametrize("arguments", WRONG, ids=lambda words: " ".join(words).encode("unicode_escape").decode())
def test_a_wrong_command_line(arguments: list[str], tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("[[server]\n")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00\x1b]0;pwned\x07")
    (tmp_path / "unknown.toml").write_text('[[server]]\ntarget = "web1"\n"\\u001b[31mcolour" = 1\n')
    done = subprocess.run([*STALEWATCH, *arguments], capture_output=True, stdin=subprocess.DEVNULL, timeout=30, cwd=tmp_path, check=False)
    said = done.stderr.decode()
    assert done.returncode == 2, (done.returncode, done.stdout, said)
    assert done.stdout == b""
    assert said.startswith("stalewatch: ")
    assert said.endswith("\n")
    assert said.count("\n") == 1, said
    assert said[:-1].isprintable(), said
    assert "Traceback" not in said
    assert not (tmp_path / "pwned").exists()
