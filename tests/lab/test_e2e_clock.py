"""A laptop whose clock is wrong: said, and no verdict moves, because times of a server are compared with times of that server only."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.lab.program import codes, explain
from tests.lab.waiting import until

if TYPE_CHECKING:
    from tests.lab import Host, Lab

PROGRAM = """
import sys, time
now, off = time.time, float(sys.argv.pop(1))
time.time = lambda: now() + off
from stalewatch.cli.main import main
main()
"""
"""stalewatch, where ``time.time`` is off by the first argument, in seconds."""


def check(lab: Lab, off: float) -> dict[str, Any]:
    """The entries of ``check``, by a client whose clock is *off* seconds ahead."""
    argv = [sys.executable, "-c", PROGRAM, str(off), "check", "--format", "json", "--ssh-config", str(lab.ssh_config), *lab.targets]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    return {entry["name"]: entry for entry in json.loads(done.stdout)["servers"]}


@pytest.mark.parametrize(("off", "said"), [(90.0, "behind the clock here"), (-7200.0, "ahead of the clock here")])
def test_a_wrong_clock_is_said_and_moves_no_verdict(lab: Lab, hosts: list[Host], off: float, said: str) -> None:
    web1, web2, web3 = hosts
    web1.fpm(validate_timestamps=0)
    assert web1.get() == web3.get() == "home v1"
    used = time.time()
    until(lambda: time.time() > used + 2, "an edit in a later second than the last use")
    web1.release("v2")
    web2.edit("config/services.php", replace=("agent-v1", "agent-v2"))
    entries = check(lab, off)
    assert {name: entry["verdict"] for name, entry in entries.items()} == {"web1": "stale", "web2": "stale", "web3": "fresh"}
    assert "opcache.stale-bytecode" in codes(entries["web1"]), explain(entries["web1"])
    assert "config.stale" in codes(entries["web2"]), explain(entries["web2"])
    for entry in entries.values():
        (skew,) = [finding for finding in entry["findings"] if finding["code"] == "health.clock-skew"]
        assert said in skew["summary"]
        assert skew["verdict"] == "fresh"
