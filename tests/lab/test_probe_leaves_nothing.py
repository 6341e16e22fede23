"""However a watch ends, the server has nothing of ours afterwards."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from tests.lab import Host, Lab
from tests.lab.probing import host_of, look, probing

CLIENT = """
import asyncio, sys
from tests.lab.probing import look
from stalewatch.model.inventory import Fleet, Server
from stalewatch.probe.server_probe import ServerProbe
from stalewatch.transport.connect import connect

async def main(name, config):
    server = Server(target=name, name=name)
    fleet = Fleet(servers=(server,), ssh_config=config)
    probe = ServerProbe(await connect(server, fleet, lambda step: None), server, fleet)
    await probe.start()
    await look(probe, full=True)
    print("watching", flush=True)
    await asyncio.sleep(600)

asyncio.run(main(*sys.argv[1:]))
"""


def ours(host: Host) -> list[str]:
    """Private directories and shells of ours on the host."""
    script = (
        "ls -d /tmp/stalewatch-* /var/tmp/stalewatch-* /dev/shm/stalewatch-* 2>/dev/null; "
        'for p in /proc/[0-9]*; do tr "\\0" " " <$p/cmdline 2>/dev/null | grep -oE "stalewatch-(watch .*|relay)"; done; true'
    )
    found = host.run(["sh", "-c", script]).stdout.splitlines()
    return sorted({line for line in found if "grep -o" not in line and '" *"' not in line and ".*" not in line})


def until(condition: Callable[[], bool], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def client(lab: Lab, host: Host) -> subprocess.Popen[str]:
    running = subprocess.Popen([sys.executable, "-c", CLIENT, host.name, str(lab.ssh_config)], stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    assert running.stdout.readline() == "watching\n"
    return running


async def test_a_watch_that_ends_properly(lab: Lab, web1: Host) -> None:
    async with probing(lab, web1) as (probe, _):
        await look(probe, full=True)
        assert len(ours(web1)) == 2, "a directory and a shell"
    until(lambda: ours(web1) == [])


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_client_that_is_killed(lab: Lab, web1: Host, number: signal.Signals) -> None:
    running = client(lab, web1)
    assert ours(web1)
    running.send_signal(number)
    running.wait(30)
    until(lambda: ours(web1) == [])


def test_the_shell_over_there_is_killed_and_nobody_comes_back(lab: Lab, web1: Host) -> None:
    """kill -9 runs no trap: the watchdog that it leaves behind tidies up."""
    running = client(lab, web1)
    try:
        pids = "$(ls /proc | grep '^[0-9]' | sort -n)"  # the shell is older than its watchdog
        oldest = f"for p in {pids}; do grep -qs stalewatch-watch /proc/$p/cmdline && kill -9 $p && break; done; true"
        web1.run(["sh", "-c", oldest])
        until(lambda: not [line for line in ours(web1) if line.startswith("/")], seconds=25)
    finally:
        running.kill()
        running.wait(30)


def test_a_laptop_that_sleeps_loses_its_lease(lab: Lab, web1: Host) -> None:
    """The connection stays, nobody speaks: after 30 s at most, everything is gone."""
    running = client(lab, web1)
    try:
        os.kill(running.pid, signal.SIGSTOP)
        time.sleep(5)
        assert ours(web1), "the lease must not end early"
        until(lambda: ours(web1) == [], seconds=35)
    finally:
        os.kill(running.pid, signal.SIGCONT)
        running.kill()
        running.wait(30)


async def test_two_watchers_see_each_other(lab: Lab, web1: Host) -> None:
    running = client(lab, web1)
    await asyncio.sleep(1.1)  # who and since (whole seconds) tell them apart
    try:
        async with probing(lab, web1) as (probe, _):
            watchers = host_of(await look(probe, full=True)).watchers
            assert len(watchers) == 1
            assert "@" in watchers[0].who
            assert abs(watchers[0].since - time.time()) < 120
    finally:
        running.kill()
        running.wait(30)
