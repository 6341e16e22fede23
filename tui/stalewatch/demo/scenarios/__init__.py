"""The stories that ``stalewatch demo --scenario`` tells, a file for each. One is imported when it is told."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stalewatch.demo.story import Scenario

INCIDENT = "incident"
NAMES = (INCIDENT, "upgrade", "symlink", "container", "mixed")


def scenario(name: str) -> Scenario:
    """The story called *name*, one of NAMES."""
    told: Scenario = import_module(f"stalewatch.demo.scenarios.{name}").SCENARIO
    return told
