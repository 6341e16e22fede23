"""``metrics`` scraped by Prometheus itself: its alerts come with the state of real servers, and go with the fix."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from tests.builders.grafana import expressions
from tests.lab.program import serving, stalewatch
from tests.lab.prometheus import RULES, alerting
from tests.lab.scraping import exporter, get
from tests.lab.truth.servers import downgrade, upgrade
from tests.lab.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.lab import Host, Lab

FIRST = {
    ("StalewatchRunsOldCode", "web1"),
    ("StalewatchFileNewerThanCache", "web1"),
    ("StalewatchWorkersOlderThanDeploy", "web1"),
    ("StalewatchNotProvenFresh", "web2"),
    ("StalewatchOldPhpRuns", "web3"),
    ("StalewatchLowHitRate", "web3"),
    ("StalewatchFleetMixed", ""),
}
"""What fires while every server can be looked at."""
AWAY = ("StalewatchCannotLook", "web2")
FEDERATED = re.findall(r"(?m)^ +- '(.+)'$", RULES.with_name("prometheus-federation.yml").read_text())
SLOW = 8.0
"""Seconds that a slow server takes for an answer."""
SCRAPE_TIME = 2.0
"""Prometheus waits 10 s."""
UNKNOWN_TARGETS = (
    ("/probe?target=web9", 404, "'web9' is none of the servers that are watched here.\n"),
    ("/probe?target=root@web1", 404, "'root@web1' is none of the servers that are watched here.\n"),
    ("/probe", 400, "Say which: /probe?target=NAME\n"),
    ("/probe?target=", 400, "Say which: /probe?target=NAME\n"),
)


@contextmanager
def watching(lab: Lab) -> Iterator[int]:
    """``stalewatch metrics`` of the whole lab, which looks each second; the port that it listens on."""
    with exporter(lab.ssh_config, lab.targets, "--interval", "1") as running:
        yield running.port


@contextmanager
def hung(host: Host) -> Iterator[None]:
    """A server whose kernel takes connections and bytes, and that answers nothing; it goes on where it stopped."""
    stopped = host.processes("ssh")
    _signal(stopped, signal.SIGSTOP)
    try:
        yield
    finally:
        _signal(stopped, signal.SIGCONT)


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):  # the probe's own short-lived children are among them
            os.kill(pid, number)


def break_all(web1: Host, web2: Host, web3: Host) -> None:
    """A deploy that reached one server and no cache of it; a pool that nobody may ask; a PHP that was upgraded."""
    web1.deploy_git("fix")
    web2.deny_socket()
    upgrade(web3)


def all_seen(*changed: Host) -> bool:
    """Served again, for OPcache's counters; and a source moves, so that what is read each 30 s only is read at the next look."""
    for host in changed:
        host.touch("routes/api.php", time.time())
    return all(map(serving, changed))


def repair_all(lab: Lab, web1: Host, web2: Host, web3: Host) -> None:
    """What the alerts say that somebody should do."""
    web2.allow_socket()
    downgrade(web3)
    web3.ini()
    for host in (web2, web3):
        host.deploy_git("fix")
        host.cache("config", "route")
        host.reload()
    assert stalewatch(lab, "fix", "web1", "--yes").code == 0
    assert serving(web1) == "home v2"


def test_each_alert_comes_with_the_state_of_a_server_and_goes_with_the_fix(lab: Lab, hosts: list[Host], tmp_path: Path) -> None:
    web1, web2, web3 = hosts
    web1.fpm(validate_timestamps=0)
    web3.ini(opcache__max_accelerated_files=200)
    with watching(lab) as port, alerting(tmp_path, port) as alerts, ExitStack() as stack:
        assert [serving(host) for host in hosts] == ["home v1"] * 3
        until(
            lambda: len(alerts.query('stalewatch_verdict{layer="opcache",verdict="fresh"} == 1')) == 3,
            "looks that saw nothing wrong",
            30,
            0.2,
        )
        assert alerts.firing() <= {("StalewatchLowHitRate", "web3")}
        break_all(*hosts)
        stack.callback(downgrade, web3)
        until(lambda: all_seen(web1, web3) and alerts.firing() >= FIRST, "all that fires while every server can be looked at", 40, 0.2)
        with hung(web2):
            until(lambda: AWAY in alerts.firing(), "the alert of a server that hangs", 30, 0.2)
            scraped = [get(port), get(port, "/probe?target=web2")]
            assert [answer.value('stalewatch_up{server="web2"}') for answer in scraped] == [0.0, 0.0]
            assert scraped[0].value('stalewatch_up{server="web1"}') == 1.0
            assert [expression for expression in expressions() if not alerts.query(expression)] == [], "a panel that shows nothing"
            assert len(FEDERATED) == 5
            assert [selector for selector in FEDERATED if not alerts.federated(selector)] == [], "nothing comes up to the next Prometheus"
        repair_all(lab, *hosts)
        until(lambda: serving(web3) == "home v2" and not alerts.firing(), "their end", 30, 0.2)
        assert {told.status for told in alerts.told} == {"firing", "resolved"}
        assert set(alerts.latest()) >= {*FIRST, AWAY}


def test_a_server_that_is_slow_holds_up_no_scrape(lab: Lab, hosts: list[Host]) -> None:
    web3 = hosts[2]
    seen = 'stalewatch_observed_timestamp_seconds{server="%s"}'

    def ages() -> list[float]:
        return [get(port).value(seen % name) or 0.0 for name in lab.targets]

    with ExitStack() as stack, watching(lab) as port:
        until(lambda: all(ages()), "a look at every server", 30, 0.1)
        assert get(port, "/probe?target=web3").value('stalewatch_up{server="web3"}') == 1.0
        assert "web1" not in get(port, "/probe?target=web3").text
        for path, status, said in UNKNOWN_TARGETS:
            assert get(port, path)[:2] == (status, said)
        with hung(web3):
            began = ages()
            slow = time.monotonic()
            until(lambda: slow + SLOW < time.monotonic(), "an answer that takes long", SLOW + 5)
            for path in ("/metrics", "/probe?target=web3", "/probe?target=web1"):
                assert get(port, path).took < SCRAPE_TIME
            web1, web2, same = ages()
            assert web1 > began[0] + 1
            assert web2 > began[1] + 1
            assert same == began[2], "it was not seen since"
        until(lambda: ages()[2] > same, "the slow answer", 30, 0.1)
        assert get(port).value('stalewatch_up{server="web3"}') == 1.0
        stack.enter_context(hung(web3))  # and it ends while one does not answer


def test_prometheus_own_linter_takes_the_rules_and_the_metrics(lab: Lab, hosts: list[Host]) -> None:
    for words in (["check", "rules", str(RULES)], ["test", "rules", str(RULES.with_name("stalewatch.test.yml"))]):
        checked = subprocess.run(["promtool", *words], capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stdout + checked.stderr
    printed = stalewatch(lab, "metrics", *lab.targets, "nobody@127.0.0.1:1", "--once").stdout
    linted = subprocess.run(["promtool", "check", "metrics"], input=printed, capture_output=True, text=True, check=False)
    assert (linted.returncode, linted.stdout, linted.stderr) == (0, "", "")
    assert re.findall(r'stalewatch_up{server="(.*)"} (.*)', printed) == [*((name, "1.0") for name in lab.targets), ("127.0.0.1", "0.0")]


@pytest.mark.parametrize("name", ["prometheus.yml", "prometheus-probe.yml", "prometheus-federation.yml"])
def test_prometheus_takes_the_configurations_that_are_handed_out(lab: Lab, name: str) -> None:
    checked = subprocess.run(["promtool", "check", "config", str(RULES.with_name(name))], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
