"""A misspelt field is an error of the type checker, not of a night on call."""

from __future__ import annotations

from pathlib import Path

from mypy import api

import stalewatch
from stalewatch.model.inventory import Server
from stalewatch.model.replace import replace

PACKAGE = Path(stalewatch.__file__).parent
CHECKED = ("config", "dashboard", "engine", "model", "probe", "timeline", "transport")
SAMPLE = """
from stalewatch.model.inventory import Server
from stalewatch.model.replace import replace

server = Server(target="local", name="a")
replace(server, nmae="b")
replace(server, name=1)
replace(server, name="b")
"""


def test_a_copy_has_the_new_field_and_keeps_the_others() -> None:
    before = Server(target="local", name="a", group="api")
    assert replace(before, name="b") == Server(target="local", name="b", group="api")


def test_mypy_sees_a_field_that_is_misspelt_or_has_another_type(tmp_path: Path) -> None:
    sample = tmp_path / "sample.py"
    sample.write_text(SAMPLE, encoding="utf-8")
    options = ["--strict", "--config-file", "", "--cache-dir", str(tmp_path / "cache"), "--follow-imports=silent"]
    said, _, _ = api.run([str(sample), *options])
    errors = [(line.split(":")[1], line.rpartition("[")[2]) for line in said.splitlines() if ": error:" in line]
    assert errors == [("6", "call-arg]"), ("7", "arg-type]")], said


def test_these_rooms_copy_values_by_it_alone() -> None:
    files = [path for room in CHECKED for path in (PACKAGE / room).rglob("*.py") if path.name != "replace.py"]
    assert [str(path) for path in files if "structs.replace" in path.read_text(encoding="utf-8")] == []
