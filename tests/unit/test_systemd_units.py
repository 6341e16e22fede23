"""The units in examples/systemd: systemd takes them, and what they start exists and is what the pages say."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from stalewatch.cli.main import COMMANDS
from tests.builders.pages import ROOT

UNITS = sorted((ROOT / "examples/systemd").glob("*.service"))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd on this machine")
@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_systemd_takes_the_unit(unit: object) -> None:
    checked = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_each_starts_the_command_that_it_is_named_after() -> None:
    started = {unit.name: next(line for line in unit.read_text().splitlines() if line.startswith("ExecStart=")) for unit in UNITS}
    assert started == {
        f"stalewatch-{name}.service": f"ExecStart=/usr/bin/env stalewatch {name}" for name in ("metrics", "watch") if name in COMMANDS
    }


def test_a_wrong_configuration_is_not_tried_again_and_again() -> None:
    assert [unit.name for unit in UNITS if "RestartPreventExitStatus=2" not in unit.read_text()] == []
