from __future__ import annotations

from pathlib import Path

import pytest

from stalewatch.model.errors import UsageError
from stalewatch.transport.ssh.aliases import aliases, expand
from tests.builders import odd_files

CONFIG = """
Host web1 web2 web* !web9   # a pattern is no alias
  HostName x
host=db1
Host "quoted name" unbalanced"
Include {folder}/conf.d/*
INCLUDE {folder}/config
Host web1 web10
"""


@pytest.fixture
def config(tmp_path: Path) -> str:
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d/b").write_text("Host web5\n")
    (tmp_path / "conf.d/a").write_text("Host web4\n  Port 3\n")
    (tmp_path / "config").write_text(CONFIG.format(folder=tmp_path))
    return str(tmp_path / "config")


def test_aliases_in_order_once_and_through_includes_also_circular_ones(config: str) -> None:
    assert aliases(config) == ["web1", "web2", "db1", "web4", "web5", "web10"]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("web*", ["web1", "web2", "web4", "web5", "web10"]),
        ("web?", ["web1", "web2", "web4", "web5"]),
        ("deploy@web1*:2222", ["deploy@web1:2222", "deploy@web10:2222"]),
        ("plain", ["plain"]),
        ("[::1]:22", ["[::1]:22"]),
    ],
)
def test_expand(config: str, target: str, expected: list[str]) -> None:
    assert expand(target, config) == expected


def test_nothing_matches(config: str) -> None:
    with pytest.raises(UsageError, match=r"nothing\*"):
        expand("nothing*", config)


def test_a_named_file_must_exist_and_the_users_need_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError):
        aliases(str(tmp_path / "missing"))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert "web1" not in aliases()
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/config").write_text("Include more\n")
    (tmp_path / ".ssh/more").write_text("Host web1\n")
    assert expand("w*b1") == ["web1"]


@pytest.mark.parametrize("kind", odd_files.KINDS)
def test_what_is_no_file_names_nobody_and_is_not_waited_for(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ssh").mkdir()
    odd_files.make(tmp_path / ".ssh/config", kind)
    assert "web1" not in aliases()


def test_an_include_of_a_user_who_is_not_there_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("Include ~nobody-of-this-name/config\nHost web1\n")
    assert aliases(str(tmp_path / "config")) == ["web1"]
