"""How `make mutants` copies, and what it says at its end."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from tests import mutants


def test_the_copy_has_the_same_pytest_and_only_the_modules_that_were_asked_for() -> None:
    ours = tomllib.loads((mutants.ROOT / "pyproject.toml").read_text())["tool"]
    copied = tomllib.loads(mutants.configuration(("runbook/needs.py",), ("tests/unit/runbook",)))["tool"]
    assert copied["pytest"] == ours["pytest"]
    assert copied["mutmut"]["only_mutate"] == ["src/stalewatch/runbook/needs.py"]
    assert copied["mutmut"]["pytest_add_cli_args_test_selection"] == ["tests/unit/runbook"]


@pytest.mark.parametrize("name", [*mutants.NOT_MUTATED, *mutants.TESTS, *mutants.COPIED])
def test_what_is_named_is_there(name: str) -> None:
    base = mutants.ROOT / "tui" / "stalewatch" if name in mutants.NOT_MUTATED else mutants.ROOT
    assert (base / name).exists()


def test_a_mutant_counts_for_the_score_only_if_a_test_reached_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutants, "PLACE", tmp_path)
    folder = tmp_path / "mutants" / "src" / "stalewatch" / "runbook"
    folder.mkdir(parents=True)
    codes = {"a": 1, "b": 1, "c": 36, "d": 0, "e": 33, "f": None}
    (folder / "needs.py.meta").write_text(json.dumps({"exit_code_by_key": codes}))
    (folder / "empty.py.meta").write_text(json.dumps({"exit_code_by_key": {}}))
    assert list(mutants.found()) == ["runbook/needs.py"]
    rows = [row.split() for row in mutants.table(mutants.found())]
    assert rows[1] == ["runbook/needs.py", "3", "1", "1", "1", "75", "%"]
    assert rows[2] == ["all", "3", "1", "1", "1", "75", "%"]
