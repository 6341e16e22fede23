"""What goes wrong in the middle of a fix: cut links, two people at once, a configuration that would kill FPM. Nothing is ever half."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.lab import gate, php
from tests.lab.program import Ran, check, dashboard, explain, ours, serving, stalewatch
from tests.lab.waiting import until
from tests.terminal import STALEWATCH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.lab import Host, Lab

CACHED = "/srv/app/bootstrap/cache/config.php"


def stale_and_slow(host: Host) -> int:
    """A stale config cache whose rebuilding waits for its gate, with vt=0. How often it was rebuilt so far."""
    host.fpm(validate_timestamps=0)
    gate.shut(host)
    assert (host.get("/"), host.get("/config")) == ("home v1", "v1 agent-v1")
    host.edit("config/services.php", replace=("agent-v1", "agent-v2"))
    return begun(host)


IMPATIENT = """
import sys
from stalewatch.cli.main import main
from stalewatch.runbook import driver, server_executor
driver.Timings = lambda: server_executor.Timings(resolve=6.0)
main(sys.argv[1:])
"""
"""stalewatch that looks for a lost link for 6 seconds, not 45."""


def begin_fix(lab: Lab, *arguments: str, program: Sequence[str] = STALEWATCH) -> subprocess.Popen[str]:
    argv = [*program, "fix", "--yes", "--format", "json", *arguments, "--ssh-config", str(lab.ssh_config)]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)


def ended(running: subprocess.Popen[str]) -> Ran:
    stdout, stderr = running.communicate(timeout=90)
    assert "Traceback" not in stderr, stderr
    return Ran(running.returncode, stdout, stderr, [json.loads(line) for line in stdout.splitlines()])


def begun(host: Host) -> int:
    """How often config:cache was begun on the host so far (its syslog outlives a restore)."""
    return sum("config:cache on" in line and "begins" in line for line in host.syslog())


def sessions(host: Host) -> list[str]:
    """Pids of sshd's connections, as the host numbers them."""
    master = host.unit("ssh", "MainPID")
    return [pid for pid in host.run(["sh", "-c", "pgrep -x 'sshd|sshd-session' || true"]).stdout.split() if pid != master]


def cut(host: Host) -> None:
    """End the login user's sessions as a network does that is gone: sshd itself lives on."""
    for pid in sessions(host):
        host.run(["kill", "-9", pid], check=False)


def test_a_link_cut_while_artisan_runs_is_resolved_by_looking_again(lab: Lab, hosts: list[Host]) -> None:
    web1 = hosts[0]
    before = stale_and_slow(web1)
    running = begin_fix(lab, "web1")
    until(lambda: begun(web1) > before, "artisan", 30)
    cut(web1)
    until(lambda: sessions(web1) != [], "another connection", 30)
    gate.open_up(web1)
    ran = ended(running)
    assert ran.code in (0, 1, 3), ran.stdout + ran.stderr
    step = [line for line in ran.data if line["step"] == "config:cache"][-1]
    assert step["status"] == "done", ran.stdout
    assert "not known while it ran" in step["evidence"]["link"], step
    result = ran.data[-1]
    assert result["step"] == "result"
    assert (ran.code == 0) == (result["status"] == "done"), ran.stdout
    assert "agent-v2" in web1.read(CACHED), "it ran to its end on the server"
    assert any("config:cache" in line and "ended with code 0" in line for line in web1.syslog()), web1.syslog()
    again = stalewatch(lab, "fix", "--yes", "web1")
    assert again.code == 0, again.stdout + again.stderr
    assert web1.get("/config") == "v1 agent-v2"
    assert check(lab, "web1")[0] == 0
    until(lambda: ours(web1) == [], "nothing left", 10)


def test_a_link_that_stays_cut_is_an_unknown_outcome(lab: Lab, hosts: list[Host]) -> None:
    web1 = hosts[0]
    before = stale_and_slow(web1)
    running = begin_fix(lab, "web1", "--timeout", "5", program=[sys.executable, "-c", IMPATIENT])
    until(lambda: begun(web1) > before, "artisan", 30)
    web1.run(["systemctl", "stop", "ssh"])
    cut(web1)
    gate.open_up(web1)
    try:
        ran = ended(running)
        assert ran.code == 3, ran.stdout + ran.stderr
        assert ran.data[-1]["status"] == "unknown", ran.stdout
        until(lambda: "agent-v2" in web1.read(CACHED), "the end of the step on the server")
    finally:
        web1.start_sshd()
    again = stalewatch(lab, "fix", "--yes", "web1")
    assert again.code == 0, again.stdout + again.stderr
    assert web1.get("/config") == "v1 agent-v2"


def test_a_cut_in_the_dashboard_is_said_resolved_and_fixed_by_the_next_run(lab: Lab, hosts: list[Host]) -> None:
    web1 = hosts[0]
    before = stale_and_slow(web1)
    with dashboard(lab) as terminal:
        terminal.wait_for(r"config +✗", timeout=30)
        for attempt in range(2):
            terminal.type("1f")
            terminal.confirm()
            if attempt == 0:
                terminal.wait_until(lambda: begun(web1) > before, timeout=30)
                cut(web1)
                terminal.wait_until(lambda: sessions(web1) != [], timeout=30)
                gate.open_up(web1)
                terminal.wait_for(r"not known while it ran", timeout=60)
            terminal.wait_for(r"finished · esc", timeout=60)
            verified = "✓ web1 verified" in terminal.text
            terminal.type("\x1b")
            terminal.wait_for(lambda text: "finished · esc" not in text)
            if verified:
                break
            terminal.wait_for(r"web1 .*(?<!was )(STALE|SUSPECT|PENDING)", timeout=30)
        terminal.wait_until(lambda: serving(web1, "/config") == "v1 agent-v2", timeout=30)
        terminal.wait_for(lambda text: "✓ 3 fresh" in text, timeout=40)
        terminal.type("q")
        assert terminal.wait_exit() == 0


def test_a_second_fix_is_refused_and_says_who_and_since_when(lab: Lab, hosts: list[Host]) -> None:
    web1 = hosts[0]
    before = stale_and_slow(web1)
    web1.release("v2")
    first = begin_fix(lab, "web1")
    until(lambda: begun(web1) > before, "artisan", 30)
    second = stalewatch(lab, "fix", "--yes", "web1")
    assert second.code == 1, second.stdout + second.stderr
    said = " ".join((second.stdout + second.stderr).split())
    assert re.search(r"\S+@\S+ runs a runbook .*since 2\d\d\d-\d\d-\d\d \d\d:\d\d:\d\d", said), said
    assert begun(web1) == before + 1, "only one of them ran it"
    gate.open_up(web1)
    ran = ended(first)
    assert ran.code == 0, ran.stdout + ran.stderr
    assert web1.get("/config") == "v1 agent-v2"


def test_the_other_persons_dashboard_shows_the_fix_with_its_steps_while_it_runs(lab: Lab, hosts: list[Host]) -> None:
    web1 = hosts[0]
    before = stale_and_slow(web1)
    with dashboard(lab) as terminal:
        terminal.wait_for(r"config +✗", timeout=30)
        first = begin_fix(lab, "web1")
        until(lambda: begun(web1) > before, "artisan", 30)
        terminal.wait_for(r"★ \S+@\S+ runs fix here since", timeout=30)
        terminal.wait_for(r"▸ \d+\. rebuild +config:cache")
        terminal.type("1f")
        terminal.wait_for(r"fix: \S+@\S+ runs fix since \d\d:\d\d:\d\d, step \d+ of \d+")
        terminal.read_on(0.6)  # what is typed at once after a refused key was meant as a word
        terminal.type("o")
        terminal.wait_for(r"run by \S+@\S+ since \d\d:\d\d:\d\d \(pid \d+\)")
        terminal.wait_for(r"▸ .*config:cache")
        gate.open_up(web1)
        terminal.wait_for(r"fix is over: web1 is [A-Z]+", timeout=60)
        terminal.type("\x1b")
        terminal.wait_for(lambda text: "is over" not in text and "✓ 3 fresh" in text, timeout=40)
        terminal.type("q")
        assert terminal.wait_exit() == 0
    ran = ended(first)
    assert ran.code == 0, ran.stdout + ran.stderr


def test_a_broken_fpm_configuration_is_refused_before_the_reload(lab: Lab, hosts: list[Host]) -> None:
    web1 = hosts[0]
    web1.fpm(validate_timestamps=0)
    web1.get("/")
    master, workers = web1.fpm_master(), web1.fpm_workers()
    web1.release("v2")
    pool = web1.root(php.POOL)
    good = pool.read_text()
    pool.write_text(good + "\npm.max_childrn = 5\n")
    ran = stalewatch(lab, "fix", "--yes", "--all", "--format", "json", "web1")
    assert ran.code == 1, ran.stdout + ran.stderr
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    failed = [line for line in lines if line["status"] == "failed"]
    assert any("max_childrn" in json.dumps(line) for line in failed), ran.stdout
    assert (web1.fpm_master(), web1.fpm_workers()) == (master, workers)
    assert web1.get("/") == "home v1", "FPM lives"
    pool.write_text(good)
    ran = stalewatch(lab, "fix", "--yes", "web1")
    assert ran.code == 0, ran.stdout + ran.stderr
    assert web1.get("/") == "home v2"
    code, entries = check(lab, "web1")
    assert code == 0, explain(entries["web1"])


def test_a_fix_that_was_asked_for_a_part_only_says_partly(lab: Lab, hosts: list[Host]) -> None:
    web1 = hosts[0]
    web1.fpm(validate_timestamps=0)
    assert (web1.get("/"), web1.get("/config")) == ("home v1", "v1 agent-v1")
    web1.edit("config/services.php", replace=("agent-v1", "agent-v2"))
    web1.edit("app/Http/Controllers/HomeController.php", replace=("home v1", "home v2"))
    ran = stalewatch(lab, "fix", "--yes", "--only", "rebuild", "--format", "json", "web1")
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    assert (ran.code, lines[-1]["step"], lines[-1]["status"]) == (1, "result", "partly"), ran.stdout
    assert "opcache" in lines[-1]["evidence"]["why"]
    assert "agent-v2" in web1.read(CACHED)
    assert web1.get("/") == "home v1"


def test_interrupted_by_ctrl_c_it_says_so_and_lets_go_of_the_lock(lab: Lab, hosts: list[Host]) -> None:
    web1 = hosts[0]
    before = stale_and_slow(web1)
    running = begin_fix(lab, "web1")
    until(lambda: begun(web1) > before, "artisan", 30)
    os.kill(running.pid, signal.SIGINT)
    assert running.stderr is not None
    said = running.stderr.readline()
    assert "runs to its end on the server" in said
    gate.open_up(web1)
    ran = ended(running)
    assert ran.code == 130, ran.stderr
    until(lambda: ours(web1) == [], "nothing left", 20)
    assert "agent-v2" in web1.read(CACHED)
    again = stalewatch(lab, "fix", "--yes", "web1")
    assert again.code == 0, again.stdout + again.stderr
    assert web1.get("/config") == "v1 agent-v2"
