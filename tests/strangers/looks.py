"""One look by the real program, and what it must say of an application."""

from __future__ import annotations

import json
from typing import Any

from tests.lab import Lab
from tests.lab.program import stalewatch


def look(lab: Lab) -> tuple[int, list[dict[str, Any]]]:
    """Exit code and entries of ``stalewatch check --format json web1``, with a memory of nothing."""
    ran = stalewatch(lab, "check", "--format", "json", "web1")
    assert ran.data is not None, ran.stdout + ran.stderr
    return ran.code, ran.data["servers"]


def of(entries: list[dict[str, Any]], path: str) -> dict[str, Any]:
    """The one entry of the application in PATH."""
    found = [entry for entry in entries if entry["app"] == path]
    assert len(found) == 1, [(entry["name"], entry["app"]) for entry in entries]
    return found[0]


def say(entry: dict[str, Any]) -> str:
    return json.dumps({key: entry[key] for key in ("name", "app", "verdict", "layers", "findings", "errors")}, indent=1)[:6000]


def assert_fresh(entry: dict[str, Any]) -> None:
    assert entry["verdict"] == "fresh", say(entry)
    assert entry["layers"]["opcache"] == "fresh", say(entry)


def assert_stale(entry: dict[str, Any]) -> None:
    """Old bytecode, and nothing else that is stale."""
    assert entry["verdict"] == "stale", say(entry)
    assert entry["layers"]["opcache"] == "stale", say(entry)
    codes = {finding["code"] for finding in entry["findings"] if finding["verdict"] == "stale"}
    assert codes == {"opcache.stale-bytecode"}, say(entry)
