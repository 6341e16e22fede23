"""What stands in the place of a file of ours is never waited for."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from stalewatch.cli import debug_log
from stalewatch.config.own_files import open_own, read_own
from stalewatch.runbook import run_record
from stalewatch.runbook.audit_log import AuditEntry, AuditFailed, AuditLog
from stalewatch.runbook.cleared_layers import cleared_layers

ENTRY = AuditEntry(at=1.0, who="ann", server="web1", address="web1", app="/srv/app", event="send", step="reload")


def test_a_file_is_made_private_and_its_ends_are_read(tmp_path: Path) -> None:
    path = tmp_path / "own"
    with open(open_own(path, os.O_WRONLY | os.O_CREAT), "wb") as file:
        file.write(b"0123456789")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_own(path, 4) == b"0123"
    assert read_own(path, 4, end=True) == b"6789"
    assert read_own(path, 40, end=True) == b"0123456789"


@pytest.mark.parametrize("kind", ["pipe", "pipe with a reader", "device", "folder"])
def test_no_pipe_device_or_folder_is_taken_for_one(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "odd"
    reader = -1
    if kind == "folder":
        path.mkdir()
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        os.mkfifo(path)
        reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK) if "reader" in kind else -1
    monkeypatch.setattr(debug_log, "path", lambda: path)
    with pytest.raises(AuditFailed, match="cannot be written"):
        AuditLog(path).record(ENTRY)
    assert cleared_layers(path) == {}
    assert run_record.load(path) is None
    assert debug_log.record(ValueError("x")) == ""
    if reader >= 0:
        assert os.read(reader, 10) == b"", "nothing was written into it"
        os.close(reader)
