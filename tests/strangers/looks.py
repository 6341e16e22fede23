"""One look by the real program, and whether it says what it must of an application."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.lab import Lab
from tests.lab.program import stalewatch
from tests.strangers.layout import Said

Entry = dict[str, Any]


def look(lab: Lab, memory: Path) -> tuple[int, list[Entry]]:
    """Exit code and entries of ``stalewatch check --format json web1``, which remembers in *memory*."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(memory))
        ran = stalewatch(lab, "check", "--format", "json", "web1")
    assert ran.data is not None, ran.stdout + ran.stderr
    return ran.code, ran.data["servers"]


def assert_said(said: Said | None, app: str, code: int, entries: list[Entry]) -> None:
    """That all of this was said of APP; None: that it is not fresh."""
    entry = of(entries, app)
    if said is None:
        assert entry["verdict"] != "fresh", say(entry)
        assert code != 0, say(entry)
        return
    assert entry["verdict"] == said.verdict, say(entry)
    findings = [finding["code"] for finding in entry["findings"] if finding["verdict"] != "fresh"]
    assert set(findings) == said.codes, say(entry)
    told = next((finding["summary"] for finding in entry["findings"] if finding["verdict"] != "fresh"), "")
    assert told.startswith(said.cause), say(entry)
    assert {error["code"] for error in entry["errors"]} == said.errors, say(entry)
    assert code == said.code, [(one["app"], one["verdict"], one["errors"]) for one in entries]


def of(entries: list[Entry], app: str) -> Entry:
    """The one entry of the application in APP."""
    found = [entry for entry in entries if entry["app"] == app]
    assert len(found) == 1, [(entry["name"], entry["app"], entry["errors"]) for entry in entries]
    return found[0]


def say(entry: Entry) -> str:
    return json.dumps({key: entry[key] for key in ("name", "app", "verdict", "layers", "findings", "errors", "chain")}, indent=1)[:8000]
