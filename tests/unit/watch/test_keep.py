"""Memory between runs: private, bounded, and harmless whatever became of the file."""

from __future__ import annotations

from pathlib import Path

import platformdirs
import pytest

from tui.diagnosis.memory import Memory
from tui.watch.keep import keep, recall

REMEMBERED = Memory(at=1000.0, since=900, root="/srv/app")


def files() -> list[Path]:
    return list((platformdirs.user_state_path("stalewatch") / "memory").iterdir())


def test_what_was_kept_is_recalled_for_that_server_and_app_only() -> None:
    keep("deploy@web1", {"/srv/app": REMEMBERED})
    assert recall("deploy@web1", "/srv/app") == REMEMBERED
    assert recall("deploy@web2", "/srv/app") == Memory()
    assert recall("deploy@web1", "/srv/other") == Memory()
    (file,) = files()
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("damage", [b"", b"\xc1", b"not a memory", b"\x80"], ids=["empty", "never used byte", "text", "another shape"])
def test_a_damaged_file_is_nothing_remembered(damage: bytes) -> None:
    keep("web1", {"/srv/app": REMEMBERED})
    (file,) = files()
    file.write_bytes(damage)
    assert recall("web1", "/srv/app") == Memory()
    keep("web1", {"/srv/app": REMEMBERED})
    assert recall("web1", "/srv/app") == REMEMBERED


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("XDG_STATE_HOME", str(blocked))
    keep("web1", {"/srv/app": REMEMBERED})
    assert recall("web1", "/srv/app") == Memory()


def test_nothing_is_kept_of_a_server_that_was_never_looked_at() -> None:
    keep("web1", {"": REMEMBERED, "/srv/app": Memory()})
    assert not (platformdirs.user_state_path("stalewatch") / "memory").exists()
