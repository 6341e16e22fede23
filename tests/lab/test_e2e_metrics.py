"""``metrics`` scraped by Prometheus itself: its alerts come with the state of real servers, and go with the fix."""

from __future__ import annotations

import http.client
import re
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.lab.program import serving, stalewatch
from tests.lab.prometheus import RULES, alerting
from tests.lab.waiting import until
from tests.terminal import STALEWATCH

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.lab import Host, Lab

OLD_CODE, AWAY = "StalewatchRunsOldCode", "StalewatchCannotLook"


@contextmanager
def metrics(lab: Lab) -> Iterator[int]:
    """``stalewatch metrics`` of the whole lab; the port that it listens on. It ends by SIGTERM, with 0 and without a word."""
    argv = [*STALEWATCH, "metrics", *lab.targets, "-F", str(lab.ssh_config), "--listen", "127.0.0.1:0", "--interval", "1"]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = re.search(r":(\d+)/metrics", process.stderr.readline())
        assert said
        try:
            yield int(said[1])
        finally:
            process.terminate()
            assert process.wait(20) == 0
            assert process.stderr.read() == ""


def page(port: int) -> str:
    """What a scrape gets now."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/metrics")
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def test_alerts_come_with_the_state_of_a_server_and_go_with_the_fix(lab: Lab, hosts: list[Host], tmp_path: Path) -> None:
    web1, web2, _ = hosts
    web1.fpm(validate_timestamps=0)
    assert serving(web1) == "home v1"
    with metrics(lab) as port, alerting(tmp_path, port) as alerts:
        until(lambda: 'layer="opcache",server="web1",verdict="fresh"} 1.0' in page(port), "a look that saw nothing wrong", patience=30)
        web1.release("v2")
        web2.kill_sshd()
        until(lambda: serving(web1) == "home v1" and alerts.latest().get((OLD_CODE, "web1")) == "firing", "the alert of old code", 60, 0.5)
        until(lambda: alerts.latest().get((AWAY, "web2")) == "firing", "the alert of a server that is away", patience=60)
        assert stalewatch(lab, "fix", "web1", "--yes").code == 0
        assert serving(web1) == "home v2"
        until(lambda: alerts.latest()[OLD_CODE, "web1"] == "resolved", "its end", patience=60)
        assert alerts.latest()[AWAY, "web2"] == "firing"
        assert {server for alert, server in alerts.latest() if alert == OLD_CODE} == {"web1"}


def test_prometheus_own_linter_takes_the_rules_and_the_metrics(lab: Lab, hosts: list[Host]) -> None:
    checked = subprocess.run(["promtool", "check", "rules", str(RULES)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    printed = stalewatch(lab, "metrics", *lab.targets, "--once").stdout
    linted = subprocess.run(["promtool", "check", "metrics"], input=printed, capture_output=True, text=True, check=False)
    assert (linted.returncode, linted.stdout, linted.stderr) == (0, "", "")
    assert printed.count("stalewatch_up{") == 3
