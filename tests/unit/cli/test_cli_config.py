"""``config``: what it shows is what is read, and it says by which file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stalewatch.config.load import load
from stalewatch.model.inventory import Fleet
from stalewatch.model.replace import replace
from tests.builders import odd_files

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

    Stalewatch = Callable[..., Result]

EXAMPLE = Path(__file__).parents[3] / "examples" / "stalewatch.toml"
USER = """
[[server]]
name = "shop1"
target = "ann@web1.example.com"
[[server.app]]
path = "/srv/shop"
smoke = { path = "/up?token=geheim123", status = 200 }
[thresholds]
hit_rate = 0.9
"""


def of_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    path = tmp_path / "config" / "stalewatch" / "stalewatch.toml"
    path.parent.mkdir(parents=True)
    path.write_text(USER)
    return path


def test_each_value_is_shown_with_the_file_that_says_it(stalewatch: Stalewatch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    user = of_user(monkeypatch, tmp_path)
    here = tmp_path / "stalewatch.toml"
    here.write_text(EXAMPLE.read_text().replace("hit_rate = 0.85\n", ""))
    lines = stalewatch("config", "show").stdout.splitlines()
    assert f'target = "deploy@web1.example.com" # {here}' in lines
    assert f"hit_rate = 0.9 # {user}" in lines
    assert f"status = 200 # {user}" in lines
    assert f"production = true # {here}" in lines


def told(fleet: Fleet) -> Fleet:
    """Without which file says it."""
    return replace(fleet, ui_files={})


def test_what_is_shown_can_be_read_and_means_the_same(stalewatch: Stalewatch, tmp_path: Path) -> None:
    (tmp_path / "stalewatch.toml").write_text(EXAMPLE.read_text())
    (tmp_path / "shown.toml").write_text(stalewatch("config", "show").stdout)
    shown = str(tmp_path / "shown.toml")
    assert told(load([], config=shown)) == told(load([], folder=tmp_path))
    (tmp_path / "stalewatch.toml").unlink()
    (tmp_path / "shown.toml").write_text(stalewatch("config", "show").stdout)
    assert told(load([], config=shown)) == told(load([], folder=tmp_path)), "the defaults are shown too"


def test_no_secret_is_shown(stalewatch: Stalewatch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of_user(monkeypatch, tmp_path)
    result = stalewatch("config", "show")
    assert "/up?token=***" in result.stdout
    assert "geheim" not in result.output


def test_the_files_are_told_in_the_order_in_which_they_win(stalewatch: Stalewatch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    user = of_user(monkeypatch, tmp_path)
    lines = stalewatch("config", "path").stdout.splitlines()
    assert [line.split("  (")[0].split()[-1] for line in lines] == ["/etc/stalewatch.toml", str(user), str(tmp_path / "stalewatch.toml")]
    assert lines[1].startswith("read  ")
    assert lines[2].startswith("not there  ")
    for words in (("config", "--config", str(user), "path"), ("--config", str(user), "config", "path")):
        assert stalewatch(*words).stdout == f"read        {user}  (--config)\n"


@pytest.mark.parametrize("kind", odd_files.KINDS)
def test_what_is_no_file_is_unreadable_and_is_not_waited_for(stalewatch: Stalewatch, tmp_path: Path, kind: str) -> None:
    odd_files.make(tmp_path / "stalewatch.toml", kind)
    assert stalewatch("config", "path").stdout.splitlines()[-1] == f"unreadable  {tmp_path / 'stalewatch.toml'}  (this directory)"


def test_nothing_is_a_file_that_is_read(stalewatch: Stalewatch) -> None:
    assert stalewatch("config", "path", "--config", os.devnull).stdout == "read        /dev/null  (--config)\n"


def test_a_mistake_is_one_line(stalewatch: Stalewatch, tmp_path: Path) -> None:
    (tmp_path / "stalewatch.toml").write_text("x = 1\n")
    result = stalewatch("config", "show")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    assert "stalewatch.toml:1: unknown key 'x'" in result.stderr
