"""What a fix that stopped leaves behind for the next one."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from stalewatch.runbook import run_record
from stalewatch.runbook.plan import Choice, Phase, Request

REQUEST = Request(choice=Choice.FIX, everything=True, only=(Phase.RELOAD,), canary="web2")
RECORD = run_record.RunRecord(targets=("web*",), request=REQUEST, config="/etc/fleet.toml", batch=3)


def test_it_is_the_same_when_it_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "state" / "last-fix.json"
    further = RECORD.with_verified(("web1", "/srv/app")).with_verified(("web2", "/srv/app"))
    run_record.save(further, file)
    assert run_record.load(file) == further
    assert further.request.verified == (("web1", "/srv/app"), ("web2", "/srv/app"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]
    run_record.save(None, file)
    run_record.save(None, file)
    assert run_record.load(file) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"targets": 1}', "\xff"])
def test_a_file_that_says_nothing_is_none(tmp_path: Path, text: str) -> None:
    file = tmp_path / "last-fix.json"
    file.write_text(text, encoding="latin-1")
    assert run_record.load(file) is None


def test_a_disk_that_takes_nothing_stops_no_fix(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    run_record.save(RECORD, tmp_path / "file" / "last-fix.json")
