"""The lab is what it says: real systemd, real FPM, real sudo, real ssh; it comes back, stands beside another, leaves nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stalewatch.runbook.commands import Access
from stalewatch.runbook.sudoers import sudoers
from tests.lab import Host, Lab, php
from tests.lab.application import CONTROLLER
from tests.lab.program import stalewatch
from tests.lab.waiting import until

pytestmark = pytest.mark.lab
ROOT = Path(__file__).parents[2]


def ssh(lab: Lab, host: str, command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["ssh", "-F", str(lab.ssh_config), host, command], capture_output=True, text=True, timeout=30, check=False)


def test_known_good_state_serves_every_layer(web1: Host) -> None:
    answers = {uri: web1.get(uri) for uri in ("/", "/config", "/api/ping", "/event", "/package")}
    assert answers == {"/": "home v1", "/config": "v1 agent-v1", "/api/ping": "pong v1", "/event": "listened v1", "/package": "greeter v1"}
    assert "view v1 on web1" in web1.get("/view")
    assert web1.request("/no-such-page").status == 404


def test_known_good_state_is_older_than_fpm(hosts: list[Host]) -> None:
    for host in hosts:
        started = host.opcache()["opcache_statistics"]["start_time"]
        files = [path for path in host.root("/srv/app").rglob("*") if path.is_file() and "storage" not in path.parts]
        assert len(files) > 40
        assert max(max(file.stat().st_mtime, file.stat().st_ctime) for file in files) < started


def test_every_host_sees_only_itself(hosts: list[Host]) -> None:
    for host in hosts:
        assert host.run(["hostname"]).stdout.strip() == host.name
        assert host.run(["ps", "-o", "comm=", "-p", "1"]).stdout.strip() == "systemd"
        assert host.run(["pgrep", "-c", "-f", "php-fpm: master"]).stdout.strip() == "1"
    hosts[0].edit("routes/new.php", "<?php\n")
    assert not hosts[1].exists("/srv/app/routes/new.php")
    assert not Path("/srv/app").exists()


def test_systemctl_reload_renews_the_workers_but_not_the_master(web1: Host) -> None:
    master, workers, begun = web1.fpm_master(), web1.fpm_workers(), web1.status()["start time"]
    assert len(workers) == 2
    until(lambda: time.time() >= begun + 1, "the next second")
    web1.reload()
    assert web1.fpm_master() == master
    assert not workers & web1.fpm_workers()
    assert web1.status()["start time"] > begun


def test_validate_timestamps_off_serves_old_code_until_reload(web1: Host) -> None:
    web1.fpm(validate_timestamps=0)
    assert web1.get() == "home v1"
    web1.release("v2")
    assert web1.get() == "home v1"
    web1.reload()
    assert web1.get() == "home v2"


def test_the_command_line_does_not_see_what_the_pool_sets(web1: Host) -> None:
    web1.fpm(validate_timestamps=0)
    assert web1.opcache()["ini"]["opcache.validate_timestamps"] == "0"
    assert web1.run(["php", "-r", "echo ini_get('opcache.validate_timestamps');"]).stdout == "1"


def test_git_deploy_is_stale_in_every_layer_that_was_cached(web1: Host) -> None:
    web1.fpm(validate_timestamps=0)
    web1.get("/"), web1.get("/config")
    before = web1.read("/srv/app/.git/logs/HEAD").count("\n")
    web1.deploy_git("fix")
    assert web1.read("/srv/app/.git/logs/HEAD").count("\n") == before + 1
    assert (web1.get("/"), web1.get("/config"), web1.request("/api/pong").status) == ("home v1", "v1 agent-v1", 404)
    web1.cache()
    web1.reload()
    assert (web1.get("/"), web1.get("/config"), web1.get("/api/pong")) == ("home v2", "v1 agent-v2", "pong v1")


def test_restore_undoes_everything(web1: Host) -> None:
    web1.fpm(validate_timestamps=0)
    web1.pool("second", pm="ondemand")
    web1.deploy_git("fix")
    web1.clear_caches()
    web1.change_host_key()
    web1.start_worker()
    web1.restore()
    assert web1.get() == "home v1"
    assert web1.opcache()["ini"]["opcache.validate_timestamps"] == "1"
    assert web1.exists("/srv/app/bootstrap/cache/config.php")
    assert not web1.exists("/run/php/second.sock")
    assert not web1.processes("laravel-worker")


def test_queue_worker_runs_jobs_as_www_data(web1: Host) -> None:
    web1.start_worker()
    assert web1.get("/job") == "queued"
    job = web1.root("/srv/app/storage/app/job.txt")
    until(job.exists, "the job")
    assert job.read_text() == "job v1\n"
    assert job.stat().st_uid == web1.socket().stat().st_uid


def test_deploy_logs_in_and_may_open_the_socket(lab: Lab, hosts: list[Host]) -> None:
    for host in hosts:
        answer = ssh(lab, host.name, f"hostname; id -un; test -w {php.SOCKET} && echo may")
        assert (answer.stdout.split(), answer.stderr) == ([host.name, "deploy", "may"], "")
    hosts[0].deny_socket()
    assert ssh(lab, "web1", f"test -w {php.SOCKET}").returncode == 1


def test_sudo_allows_the_exact_lines_and_nothing_else(lab: Lab, web1: Host) -> None:
    artisan = "sudo -n -u www-data /usr/bin/php /srv/app/artisan"
    allowed = [
        f"{artisan} config:cache --no-interaction --no-ansi",
        f"{artisan} view:clear --no-interaction --no-ansi",
        f"{artisan} queue:restart --no-interaction --no-ansi",
        f"sudo -n {php.BINARY} -t",
        f"sudo -n /usr/bin/systemctl reload {php.FPM}",
    ]
    refused = [
        f"{artisan} config:cache",
        f"{artisan} config:cache --no-ansi --no-interaction",
        f"{artisan} config:cache --no-interaction --no-ansi --env=x",
        f"{artisan} tinker --no-interaction --no-ansi",
        f"sudo -n /usr/bin/systemctl restart {php.FPM}",
        "sudo -n /usr/bin/php -v",
        "sudo -n true",
    ]
    script = "; ".join(f"{command} >/dev/null 2>&1; echo $?" for command in allowed + refused)
    codes = ssh(lab, "web1", script).stdout.split()
    assert codes == ["0"] * len(allowed) + ["1"] * len(refused)


def test_sudoers_of_the_lab_are_what_the_runbook_asks_for(web1: Host) -> None:
    access = Access(login="deploy", user="www-data", root="/srv/app", unit=f"{php.FPM}.service", fpm_binary=php.BINARY)
    granted = [line for line in web1.read("/etc/sudoers.d/deploy").splitlines() if not line.startswith("#")]
    symfony = [line for line in granted if "/srv/api/bin/console" in line]
    assert len(symfony) == 1
    assert sorted({*granted} - {*symfony}) == sorted(sudoers(access).splitlines())


def test_init_prints_what_the_lab_permits(lab: Lab, web1: Host) -> None:
    ran = stalewatch(lab, "init", "--sudoers", "web1", "--app", "/srv/app")
    assert ran.code == 0, ran.stdout + ran.stderr
    granted = {line for line in web1.read("/etc/sudoers.d/deploy").splitlines() if "/srv/api/bin/console" not in line}
    assert {line for line in ran.stdout.splitlines() if line and not line.startswith("#")} == {
        line for line in granted if line and line[0] != "#"
    }


def test_logger_reaches_the_hosts_own_syslog(lab: Lab, hosts: list[Host]) -> None:
    word = f"reload-{time.time_ns()}"
    assert ssh(lab, "web1", f"logger -t stalewatch {word}").stderr == ""
    until(lambda: word in hosts[0].syslog(), "the message")
    assert word not in hosts[1].syslog()


def test_sshd_dies_comes_back_and_changes_its_key(lab: Lab, web1: Host) -> None:
    web1.kill_sshd()
    assert "refused" in ssh(lab, "web1", "true").stderr
    web1.start_sshd()
    assert ssh(lab, "web1", "true").returncode == 0
    web1.change_host_key()
    assert "Host key verification failed" in ssh(lab, "web1", "true").stderr
    web1.restore()
    assert ssh(lab, "web1", "true").returncode == 0


def test_fpm_stops_and_starts(web1: Host) -> None:
    web1.stop_fpm()
    with pytest.raises(OSError, match=r"No such file|refused"):
        web1.get()
    web1.start_fpm()
    assert web1.get() == "home v1"


def test_cpu_is_counted_per_host(hosts: list[Host]) -> None:
    before = [host.cpu_usec() for host in hosts]
    for _ in range(20):
        hosts[0].get()
    spent = [host.cpu_usec() - was for host, was in zip(hosts, before, strict=True)]
    assert spent[0] > 20_000
    assert spent[0] > 5 * max(spent[1:])


def test_the_opcache_question_leaves_no_trace_in_the_cache(web1: Host) -> None:
    web1.get()
    first = web1.opcache()
    for _ in range(20):
        last = web1.opcache()
    assert last["scripts"].keys() == first["scripts"].keys()
    assert f"/srv/app/{CONTROLLER}" in first["scripts"]
    assert last["memory_usage"]["wasted_memory"] == 0


def test_another_lab_stands_beside_this_one_and_leaves_nothing(lab: Lab, web1: Host) -> None:
    with Lab(1) as other:
        host = other["web1"]
        directory, group = other.ssh_config.parent, host.cgroup
        web1.edit(CONTROLLER, replace=("home v1", "home mine"))
        assert host.get() == "home v1"
        assert ssh(other, "web1", "hostname").stdout == "web1\n"
        assert (host.address, host.port) != (web1.address, web1.port)
        pid = host.pid
    assert not directory.exists()
    assert not group.exists()
    assert not Path(f"/proc/{pid}").exists()
    assert str(directory) not in Path("/proc/self/mountinfo").read_text()
    assert ssh(lab, "web1", "true").returncode == 0


def up() -> tuple[subprocess.Popen[str], Path]:
    """`python -m tests.lab up` with one host, and its directory, once it printed how to watch it."""
    running = subprocess.Popen(
        [sys.executable, "-m", "tests.lab", "up", "--hosts", "1"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    for line in running.stdout:
        if line.strip().startswith("stalewatch -F"):
            return running, Path(line.split()[2]).parent
    pytest.fail(f"the lab did not come up: {running.communicate()[1]}")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_make_lab_ends_on_a_signal_and_leaves_nothing(lab: Lab, number: signal.Signals) -> None:
    running, directory = up()
    running.send_signal(number)
    _, errors = running.communicate(timeout=20)
    assert (running.returncode, errors) == (0, "")
    assert not directory.exists()


def test_a_crashed_lab_ends_and_is_swept_by_the_next(lab: Lab) -> None:
    running, directory = up()
    group = Path((directory / "cgroup").read_text())
    os.kill(running.pid, signal.SIGKILL)
    running.communicate(timeout=20)
    until(lambda: "populated 0" in (group / "cgroup.events").read_text(), "the end of the hosts of a dead lab")
    again, next_directory = up()
    try:
        assert not directory.exists()
        assert not group.exists()
        assert str(directory) not in Path("/proc/self/mountinfo").read_text()
        assert next_directory.exists()
    finally:
        again.terminate()
        again.communicate(timeout=20)
    assert not next_directory.exists()
