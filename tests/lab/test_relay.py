"""Where sshd forwards to no socket: the pool is asked through a relay on the server, in whatever program that has."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator

import pytest

from stalewatch.dashboard.render.sections.pool import settings
from stalewatch.diagnosis.diagnose import diagnose
from stalewatch.diagnosis.memory import Memory
from stalewatch.model.inventory import AppEntry
from stalewatch.model.report import Verdict
from stalewatch.model.snapshot import RuntimeFacts, Snapshot, Unseen
from stalewatch.transport.relay.programs import candidates
from tests.lab import Host, Lab, php, sshd
from tests.lab.probing import look, opcache_of, probing, runtime_of
from tests.lab.program import check, ours
from tests.lab.test_probe_leaves_nothing import client, until

PROGRAMS = ("php", "python3", "perl", "socat", "nc")
SOCKET = php.SOCKET


@pytest.fixture
def host(web1: Host) -> Iterator[Host]:
    """A host whose sshd forwards nothing, warm."""
    web1.get("/")
    sshd.configure(web1, sshd.NO_FORWARDING)
    yield web1
    sshd.undo(web1)


def relays(host: Host) -> list[str]:
    """The programs of the relays that run, without their children."""
    found = (line.split(None, 3) for line in host.run(["ps", "-eo", "pid=,pgid=,comm=,args="]).stdout.splitlines())
    return [comm for pid, group, comm, line in found if line.endswith("stalewatch-relay") and pid == group]


def unseen(snapshot: Snapshot) -> Unseen:
    assert isinstance(snapshot.runtime, Unseen), snapshot.runtime
    return snapshot.runtime


@pytest.mark.parametrize("number", range(len(PROGRAMS)), ids=PROGRAMS)
async def test_each_program_is_used_where_no_quicker_one_is_there(lab: Lab, host: Host, number: int) -> None:
    sshd.hide(host, *PROGRAMS[:number])
    async with probing(lab, host) as (probe, _):
        for _ in range(3):
            snapshot = await look(probe, full=True)
            runtime = runtime_of(snapshot)
            assert (runtime.via, runtime.relay) == ("relay", PROGRAMS[number])
            assert len(opcache_of(snapshot).scripts) > 100, "a long answer comes whole"
            assert len(relays(host)) == 1, "one relay for all looks"
    until(lambda: ours(host) == [])


@pytest.mark.parametrize(
    "line",
    [
        "DisableForwarding yes",
        "AllowStreamLocalForwarding no",
        "AllowStreamLocalForwarding remote",
        "Match User deploy\nAllowTcpForwarding no",
    ],
)
async def test_whatever_of_sshd_refuses_it(lab: Lab, host: Host, line: str) -> None:
    sshd.configure(host, line)
    async with probing(lab, host) as (probe, _):
        assert runtime_of(await look(probe, full=True)).relay == "php"


async def test_a_key_that_may_not_forward(lab: Lab, host: Host) -> None:
    sshd.configure(host)
    keys = host.root("/home/deploy/.ssh/authorized_keys")
    before = keys.read_text()
    keys.write_text(f"restrict {before}")
    try:
        async with probing(lab, host) as (probe, _):
            assert runtime_of(await look(probe, full=True)).relay == "php"
    finally:
        keys.write_text(before)


@pytest.mark.parametrize("line", ["AllowTcpForwarding no", "PermitOpen none", "PermitOpen 127.0.0.1:80"])
async def test_a_pool_on_a_tcp_port(lab: Lab, host: Host, line: str) -> None:
    sshd.configure(host, line)
    host.pool("tcp", listen="127.0.0.1:9123")
    async with probing(lab, host, AppEntry(path="/srv/app", socket="127.0.0.1:9123")) as (probe, _):
        assert runtime_of(await look(probe, full=True)).relay == "php"


async def test_a_tcp_port_that_nobody_listens_on_is_not_blamed_on_sshd(lab: Lab, host: Host) -> None:
    async with probing(lab, host, AppEntry(path="/srv/app", socket="127.0.0.1:9124")) as (probe, _):
        found = unseen(await look(probe, full=True))
    assert (found.code, found.grant) == ("fpm.port-refused", "start FPM")
    assert "127.0.0.1:9124" in found.message


async def test_without_any_program_it_says_so_and_what_to_do(lab: Lab, host: Host) -> None:
    sshd.hide(host, *PROGRAMS)
    async with probing(lab, host) as (probe, _):
        found = unseen(await look(probe, full=True))
    assert found.code == "ssh.forwarding-off"
    assert SOCKET in found.message
    assert "no program for a relay" in found.message
    assert "AllowTcpForwarding local" in found.grant
    assert "socat" in found.grant


async def test_programs_that_do_not_work_are_passed_over(lab: Lab, host: Host) -> None:
    broken = (
        "printf '#!/bin/sh\\necho \"PHP is not for you\"; exit 1\\n' >/run/lab-php; chmod 755 /run/lab-php; f=$(readlink -f /usr/bin/php)"
    )
    host.run(["sh", "-ec", f'{broken}; mount --bind /run/lab-php "$f"; echo "$f" >>/run/lab-hidden'])
    async with probing(lab, host) as (probe, _):
        assert runtime_of(await look(probe, full=True)).relay == "python3"


async def test_an_old_login_shell_that_talks(lab: Lab, host: Host) -> None:
    profile = host.root("/home/deploy/.bashrc")
    profile.write_text("printf 'failed units: 2\\n0 ready\\n\\033]0;title\\007busy day'\n(sleep 0.5; echo 1 +AAAA; echo 1 .) &\n")
    try:
        host.run(["usermod", "-s", "/bin/bash", "deploy"], check=False)
        async with probing(lab, host) as (probe, _):
            for _ in range(3):
                assert runtime_of(await look(probe, full=True)).relay == "php"
    finally:
        profile.unlink()


async def test_one_session_only_is_the_reason_that_is_given(lab: Lab, host: Host) -> None:
    sshd.configure(host, sshd.NO_FORWARDING, "MaxSessions 1")
    async with probing(lab, host) as (probe, _):
        found = unseen(await look(probe, full=True))
    assert (found.code, found.grant) == ("ssh.max-sessions", "MaxSessions 10 in sshd_config")


async def test_two_sessions_are_enough_to_look(lab: Lab, host: Host) -> None:
    sshd.configure(host, sshd.NO_FORWARDING, "MaxSessions 2")
    async with probing(lab, host) as (probe, _):
        assert runtime_of(await look(probe, full=True)).relay == "php"


async def test_a_relay_that_is_killed_is_started_again(lab: Lab, host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stalewatch.probe.runtime.socket_access.RETRY", 0.0)
    async with probing(lab, host) as (probe, _):
        await look(probe, full=True)
        host.run(["pkill", "-9", "-f", "stalewatch-relay"])
        until(lambda: relays(host) == [])
        answers = [(await look(probe, full=True)).runtime for _ in range(3)]
        assert isinstance(answers[-1], RuntimeFacts), answers
        assert len(relays(host)) == 1


async def test_sudo_is_used_where_only_another_user_may_open_the_socket(lab: Lab, host: Host) -> None:
    """One exact line of sudoers is enough, and it is used once per link."""
    sshd.configure(host)
    host.run(["chmod", "0600", SOCKET])
    (php,) = candidates(("php",))
    sshd.permit(host, sudoers_line("/usr/bin/php", php.argv[1:]))
    before = len(host.syslog("sudo"))
    try:
        async with probing(lab, host) as (probe, _):
            for _ in range(3):
                runtime = runtime_of(await look(probe, full=True))
                assert (runtime.via, runtime.relay) == ("sudo", "php as www-data")
        until(lambda: len(host.syslog("sudo")) > before)
        runs = [line for line in host.syslog("sudo")[before:] if "COMMAND=/usr/bin/php -n -r" in line and "USER=www-data" in line]
        assert len([line for line in runs if "COMMAND=list" not in line]) == 1, runs
        until(lambda: ours(host) == [])
    finally:
        host.allow_socket()


@pytest.mark.parametrize("number", range(len(PROGRAMS)), ids=PROGRAMS)
async def test_as_another_user_in_each_program(lab: Lab, host: Host, number: int) -> None:
    """A login that may do everything by sudo, and a socket of root's."""
    sshd.hide(host, *PROGRAMS[:number])
    host.deny_socket()
    sshd.permit(host, "deploy ALL=(ALL) NOPASSWD: ALL")
    try:
        async with probing(lab, host) as (probe, _):
            assert runtime_of(await look(probe, full=True)).relay == f"{PROGRAMS[number]} as root"
        until(lambda: ours(host) == [])
    finally:
        host.allow_socket()


def sudoers_line(path: str, arguments: tuple[str, ...]) -> str:
    words = " ".join(arguments)
    for char in "\\,:=":
        words = words.replace(char, f"\\{char}")
    return f"deploy ALL=(www-data) NOPASSWD: {path} {words}"


def test_the_line_for_sudoers_in_the_docs_is_the_command() -> None:
    (php,) = candidates(("php",))
    with open("docs/security.md", encoding="utf-8") as docs:
        assert sudoers_line("/usr/bin/php", php.argv[1:]).replace("deploy", "LOGIN", 1) in docs.read()


@pytest.mark.parametrize("program", ["php", "socat"])
def test_a_client_that_is_killed_leaves_no_relay(lab: Lab, host: Host, program: str) -> None:
    sshd.hide(host, *PROGRAMS[: PROGRAMS.index(program)])
    running = client(lab, host)
    assert len(relays(host)) == 1
    running.send_signal(signal.SIGKILL)
    running.wait(30)
    until(lambda: ours(host) == [])


def test_a_laptop_that_sleeps_leaves_no_relay(lab: Lab, host: Host) -> None:
    """One for each program, asleep at the same time: every lease is half a minute."""
    running: list[subprocess.Popen[str]] = []
    try:
        for number, program in enumerate(PROGRAMS):
            running.append(client(lab, host))
            assert len(relays(host)) == number + 1
            sshd.hide(host, program)
        for one in running:
            one.send_signal(signal.SIGSTOP)
        assert len(relays(host)) == len(PROGRAMS)
        until(lambda: ours(host) == [], seconds=45)
    finally:
        for one in running:
            one.send_signal(signal.SIGCONT)
            one.kill()
            one.wait(30)


async def test_which_way_is_in_use_is_on_the_page_and_in_the_json(lab: Lab, host: Host) -> None:
    code, entries = check(lab, host.name)
    (entry,) = entries.values()
    assert (code, entry["verdict"]) == (0, "fresh"), entry
    (pool,) = [link for link in entry["chain"] if link["link"] == "pool"]
    assert pool["evidence"]["asked through"] == "relay (php)"
    async with probing(lab, host) as (probe, _):
        _, report = diagnose(Memory(), await look(probe, full=True))
    assert report.verdict is Verdict.FRESH
    assert "a relay in php" in next(each.value for each in settings(report) if each.name == "PHP")
