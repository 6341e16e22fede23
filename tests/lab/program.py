"""stalewatch itself, run against the lab as a person would."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.terminal import STALEWATCH, Terminal

if TYPE_CHECKING:
    from tests.lab import Lab


class Ran(NamedTuple):
    """A run that ended. *data* is the JSON on stdout (None when it is not JSON)."""

    code: int
    stdout: str
    stderr: str
    data: Any


def stalewatch(lab: Lab, *arguments: str, timeout: float = 60) -> Ran:
    """Run ``stalewatch ARGUMENTS -F lab`` without a terminal."""
    argv = [*STALEWATCH, *arguments, "--ssh-config", str(lab.ssh_config)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    try:
        data = json.loads(done.stdout)
    except ValueError:
        data = None
    return Ran(done.returncode, done.stdout, done.stderr, data)


def check(lab: Lab, *arguments: str) -> tuple[int, dict[str, Any]]:
    """``check --format json``: exit code, and the entries by server name."""
    ran = stalewatch(lab, "check", "--format", "json", *(arguments or lab.targets))
    assert ran.data is not None, ran.stdout + ran.stderr
    assert ran.data["schema"] == 1
    return ran.code, {entry["name"]: entry for entry in ran.data["servers"]}


def dashboard(lab: Lab, *arguments: str, columns: int = 120, rows: int = 40) -> Terminal:
    """The dashboard on all hosts of the lab, in a pseudo-terminal."""
    argv = [*STALEWATCH, *(arguments or lab.targets), "--ssh-config", str(lab.ssh_config)]
    return Terminal(argv, columns=columns, rows=rows)


def codes(entry: dict[str, Any]) -> set[str]:
    """The finding codes of an entry that are about its verdict (health notes aside)."""
    return {finding["code"] for finding in entry["findings"] if finding["verdict"] != "fresh"}


def explain(entry: dict[str, Any]) -> str:
    """An entry, for an assertion's message."""
    return json.dumps({key: entry[key] for key in ("name", "verdict", "layers", "findings", "errors")}, indent=1)
