"""A reload where FPM does not wait for requests (process_control_timeout=0): none is lost that could be waited for."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from stalewatch.runbook.audit_log import default_path
from tests.lab.program import stalewatch
from tests.lab.waiting import until
from tests.terminal import STALEWATCH

if TYPE_CHECKING:
    from tests.lab import Host, Lab

GATE = "/srv/app/public/gate.php"
SLOW = "<?php while (!file_exists('/tmp/open-gate')) { usleep(20000); clearstatcache(); } echo 'whole';"
"""A request that ends when the test says so."""
RELOAD = ("fix", "--yes", "--all", "--only", "reload", "web1")


def slow(host: Host, pool: str) -> str:
    return host.request(script=GATE, pool=pool, timeout=60.0).body


def handles(host: Host, pool: str) -> bool:
    return any(each["script"] == GATE and each["state"] == "Running" for each in host.status(pool)["processes"])


def test_slow_requests_of_all_pools_of_the_master_are_waited_for_or_the_reload_is_refused(lab: Lab, web1: Host) -> None:
    web1.root(GATE).write_text(SLOW)
    gate = web1.root("/tmp/open-gate")
    web1.pool("side")
    with ThreadPoolExecutor(2) as threads:
        try:
            bodies = [threads.submit(slow, web1, pool) for pool in ("side", "www")]
            until(lambda: handles(web1, "side") and handles(web1, "www"), "two slow requests")
            master = web1.status()["start time"]
            ran = stalewatch(lab, *RELOAD, "--in-flight-wait", "0.5")
            assert ran.code == 1, ran.stdout
            said = next(line for line in ran.stdout.splitlines() if "in flight after" in line)
            assert "2 requests in flight after 0.5 s" in said, said
            assert re.search(r"pool side[^0-9]* 1\b", said), said
            assert re.search(r"pool www[^0-9]* 1\b", said), said
            assert web1.status()["start time"] == master, "nothing was reloaded"
            argv = [*STALEWATCH, *RELOAD, "--format", "json", "--ssh-config", str(lab.ssh_config), "--in-flight-wait", "60"]
            with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as stopped:
                assert stopped.stdout is not None
                assert any("waits for" in line for line in stopped.stdout)
                stopped.send_signal(signal.SIGTERM)
                last = json.loads(stopped.communicate(timeout=50)[0].splitlines()[-1])
            assert stopped.returncode == 143
            assert "stopped by SIGTERM before reload" in last["evidence"]["why"], last
            logged = [entry for entry in map(json.loads, default_path().read_text().splitlines()) if entry["step"] == "reload"]
            assert [(entry["event"], entry["evidence"]) for entry in logged[-1:]] == [("outcome", {"why": "stopped by SIGTERM"})], logged
            assert not any(body.done() for body in bodies)
            assert web1.status()["start time"] == master, "nothing was reloaded"
            with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as waiting:
                assert waiting.stdout is not None
                assert any("waits for" in line for line in waiting.stdout)
                assert not any(body.done() for body in bodies)
                gate.touch()
                waiting.communicate(timeout=60)
            assert waiting.returncode == 0
            assert [body.result() for body in bodies] == ["whole", "whole"]
            assert web1.status()["start time"] != master
        finally:
            gate.touch()
