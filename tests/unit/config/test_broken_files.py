"""Whatever is wrong with stalewatch.toml is one line that says what, where and what to do. Never a traceback, never a wait."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from stalewatch.cli.commands import check
from stalewatch.cli.main import main
from stalewatch.config.lines import LONGEST as LONGEST_TEXT
from stalewatch.config.schema import KEYS
from stalewatch.model.exit_codes import ExitCode
from tests.builders import odd_files
from tests.unit.config.broken import BEFORE, BROKEN, Broken

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONGEST = 400


@pytest.fixture(autouse=True)
def _nothing_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(check, "run", lambda *_, **__: ExitCode.OK)


@contextmanager
def nobody() -> Iterator[None]:
    """Root may read everything: what follows is done as somebody else."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(before)


def refused(*arguments: str) -> str:
    """The one line that is said of the file."""
    result = CliRunner().invoke(main, ["check", *arguments])
    assert (result.exit_code, result.stdout) == (2, ""), result.output[:500]
    assert result.stderr.startswith("stalewatch: ")
    assert result.stderr.endswith("\n")
    line = result.stderr[:-1]
    assert line.isprintable(), "one line, and no control character"
    assert "internal error" not in line
    assert len(line) < LONGEST, line
    return line


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.name)
def test_a_broken_file_is_one_line_that_says_where(tmp_path: Path, broken: Broken) -> None:
    (tmp_path / "stalewatch.toml").write_bytes(broken.content)
    line = refused()
    placed = re.search(r"stalewatch\.toml(:\d+)?: ", line)
    assert placed is not None
    assert placed[1] or not broken.says or broken.name == "one host twice" or len(broken.content) > LONGEST_TEXT, (
        "what TOML reads has a line"
    )
    assert [word for word in broken.says if word not in line] == [], line


def test_every_table_is_broken_and_there_are_many_rows() -> None:
    assert set(BEFORE) == set(KEYS)
    assert len(BROKEN) >= 200
    assert len({broken.name for broken in BROKEN}) == len(BROKEN)


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("kind", [*odd_files.KINDS, "device", "secret", "below a file"])
def test_what_is_no_file_is_never_waited_for(tmp_path: Path, kind: str, named: bool) -> None:
    path = tmp_path / "stalewatch.toml"
    match kind:
        case "device":
            path.symlink_to("/dev/zero")
        case "secret":
            path.write_text("")
            path.chmod(0)
            tmp_path.chmod(0o755)
            refused("--config", str(tmp_path / "nowhere.toml"))  # nobody may read our own modules either: now they are loaded
        case "below a file":
            (tmp_path / "file").write_text("")
            path = tmp_path / "file" / "stalewatch.toml"
            named = True
        case _:
            odd_files.make(path, kind)
    with nobody() if kind == "secret" else nullcontext():
        assert "stalewatch.toml" in refused(*(["--config", str(path)] if named else []))


def test_no_file_at_all_is_none_of_the_two(tmp_path: Path) -> None:
    assert "does not exist" in refused("--config", str(tmp_path / "nowhere.toml"))
    assert CliRunner().invoke(main, ["check", "--config", os.devnull]).exit_code == 0
