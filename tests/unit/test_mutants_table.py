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


@pytest.mark.parametrize("name", [*mutants.NOT_MUTATED, *mutants.TESTS, *mutants.SLOW, *mutants.COPIED])
def test_what_is_named_is_there(name: str) -> None:
    base = mutants.ROOT / "tui" / "stalewatch" if name in mutants.NOT_MUTATED else mutants.ROOT
    path, _, test = name.partition("::")
    assert (base / path).exists()
    assert not test or f"def {test}(" in (base / path).read_text()


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


def test_a_sample_is_always_the_same_grows_without_changing_and_tries_again_what_lived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mutants, "PLACE", tmp_path)
    meta = tmp_path / "mutants" / "src" / "stalewatch" / "needs.py.meta"
    meta.parent.mkdir(parents=True)

    def drawn(size: int, answer: int | None = None) -> dict[str, int | None]:
        meta.write_text(json.dumps({"exit_code_by_key": {f"x__mutmut_{number}": answer for number in range(100)}}))
        mutants.draw(size)
        codes: dict[str, int | None] = json.loads(meta.read_text())["exit_code_by_key"]
        return codes

    few, more = (({name for name, code in drawn(size).items() if code is None}) for size in (10, 30))
    assert (len(few), len(more)) == (10, 30)
    assert few < more
    assert few == {name for name, code in drawn(10).items() if code is None}
    assert few != {f"x__mutmut_{number}" for number in range(10)}
    assert {code for name, code in drawn(10, 0).items() if name in few} == {None}, "what lived is tried again"
    assert {code for name, code in drawn(10, 33).items() if name in few} == {None}, "a new test may reach what none did"
    assert {code for name, code in drawn(10, 1).items() if name in few} == {1}, "what was killed stays killed"
    assert set(drawn(100).values()) == {None}
