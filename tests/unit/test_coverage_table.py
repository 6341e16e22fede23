"""What `make test` says of coverage at its end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import coverage


def summary(lines: int, missing: int, branches: int = 0, away: int = 0) -> dict[str, object]:
    told = {"covered_lines": lines, "missing_lines": missing, "covered_branches": branches, "missing_branches": away}
    return {"summary": told}


FOUND = {
    "files": {
        "tui/stalewatch/__init__.py": summary(2, 0),
        "tui/stalewatch/probe/host/a.py": summary(30, 10, 5, 5),
        "tui/stalewatch/probe/b.py": summary(10, 0),
        "tui/stalewatch/engine/c.py": summary(0, 40, 0, 10),
        "tui/stalewatch/model/empty.py": summary(0, 0),
    }
}


def test_files_are_added_up_by_room_and_the_least_covered_is_first() -> None:
    rooms = coverage.by_room(FOUND)
    assert list(rooms) == ["engine", "probe", "__init__", "model", "all"]
    assert rooms["probe"] == coverage.Covered(lines=40, all_lines=50, branches=5, all_branches=10)
    assert rooms["probe"].share == 75.0
    assert rooms["engine"].share == 0.0
    assert rooms["all"] == coverage.Covered(lines=42, all_lines=92, branches=5, all_branches=20)
    assert rooms["model"].share == 100.0


def test_the_table_has_a_row_for_each_room(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "coverage.json"
    file.write_text(json.dumps(FOUND))
    assert coverage.main(str(file)) == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows[0] == "coverage"
    assert rows[1].split() == ["lines", "of", "branches", "of"]
    assert rows[-1].split() == ["all", "42", "92", "5", "20", "42.0", "%"]
