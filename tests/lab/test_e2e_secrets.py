"""What is secret on a server stays there: on no screen, in no output, log or memory of ours, in nothing that our processes read."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.lab.host import parent
from tests.lab.program import dashboard, stalewatch
from tests.terminal import STALEWATCH, Terminal

if TYPE_CHECKING:
    from tests.lab import Host, Lab

CANARIES = (b"canary-7f3a9c", b"canary-in-config", b"bGFiIGxhYiBsYWIg")
"""In .env; in a file of config/ and so in the cached configuration; the APP_KEY."""


def hide(host: Host) -> None:
    assert "canary-7f3a9c" in host.read("/srv/app/.env")
    host.edit("config/services.php", replace=("'agent' =>", "'secret' => 'canary-in-config', 'agent' =>"))
    host.artisan("config:cache")
    assert "canary-in-config" in host.read("/srv/app/bootstrap/cache/config.php")
    host.fpm(validate_timestamps=0)
    assert host.get("/") == "home v1"
    host.release("v2")
    host.edit(".env", host.read("/srv/app/.env") + "OTHER=1\n")  # config is stale by .env


def kept() -> dict[str, bytes]:
    """Every file that our runs wrote on this machine: memory, audit, logs (the test's own XDG folders)."""
    found: dict[str, bytes] = {}
    for variable in ("XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        for path in Path(os.environ[variable]).rglob("*"):
            if path.is_file():
                found[str(path)] = path.read_bytes()
    return found


def assert_no_canary(*texts: bytes) -> None:
    for canary in CANARIES:
        assert not [text for text in texts if canary in text], canary


def test_no_output_and_no_file_of_ours_holds_a_secret(lab: Lab, web1: Host) -> None:
    hide(web1)
    with dashboard(lab, "web1") as terminal:
        terminal.wait_for(r"config +✗", timeout=30)
        terminal.type("\r")
        terminal.wait_for("Verdict, and why")
        for number in "23456":
            terminal.type(number)
        terminal.type("f")
        terminal.wait_for(r"Cancel +Run")
        terminal.signal(15)
        assert terminal.wait_exit() == 143
        raw = terminal.raw
    outputs = [
        stalewatch(lab, *arguments)
        for arguments in (
            ("check", "web1"),
            ("check", "--format", "json", "web1"),
            ("fix", "--dry-run", "web1"),
            ("fix", "--yes", "--format", "json", "web1"),
        )
    ]
    assert outputs[-1].code == 0, outputs[-1].stdout + outputs[-1].stderr
    assert web1.get("/") == "home v2"
    files = kept()
    assert any("audit" in name for name in files), sorted(files)
    assert_no_canary(raw, *(part.encode() for ran in outputs for part in (ran.stdout, ran.stderr)), *files.values())
    assert_no_canary("\n".join(web1.syslog()).encode())


def test_what_artisan_and_the_log_say_is_told_without_its_passwords(lab: Lab, web1: Host) -> None:
    thrown = "no route to mysql://app:canary-url@db/shop (Authorization: Bearer canary-bearer, DB_PASSWORD=canary-env)"
    web1.fpm(validate_timestamps=0)
    assert web1.get("/config") == "v1 agent-v1"
    throw = f"if (PHP_SAPI === 'cli') {{ fwrite(STDERR, '{thrown}'); exit(1); }}\n"
    web1.edit("config/session.php", replace=("return [", throw + "return ["))
    stamp = web1.run(["date", "+%Y-%m-%d %H:%M:%S"]).stdout.strip()
    with web1.file("storage/logs/laravel.log").open("a") as log:
        log.write(f"[{stamp}] production.ERROR: {thrown}\n")
    with dashboard(lab, "web1") as terminal:
        terminal.wait_for(r"config +✗", timeout=30)
        terminal.type("\r")
        terminal.wait_for("Verdict, and why")
        terminal.type("6")
        terminal.wait_for(r"no route to mysql://app:\*\*\*@db", timeout=30)
        terminal.type("q")
        assert terminal.wait_exit() == 0
        raw = terminal.raw
    ran = stalewatch(lab, "fix", "--yes", "--format", "json", "web1")
    assert ran.code == 1, ran.stdout + ran.stderr
    assert "no route to mysql://app:***@db" in ran.stdout, "the rest of it is what a person needs"
    audit = next(text for name, text in kept().items() if "audit" in name)
    assert b"no route to mysql://app:***@db" in audit
    for text in (raw, ran.stdout.encode(), ran.stderr.encode(), *kept().values()):
        assert re.findall(rb"canary-(?:url|bearer|env)", text) == []


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed: what the server's processes send can't be read")
def test_the_servers_side_sends_no_secret(lab: Lab, web1: Host, tmp_path: Path) -> None:
    """What every process of the login user writes (before sshd encrypts it) holds no secret, during a look with everything."""
    hide(web1)
    trace = tmp_path / "trace"
    outside = next(pid for pid in web1.processes("ssh") if parent(pid) == web1.pid)
    argv = ["strace", "-f", "-qq", "-s", "200000", "-e", "trace=write,writev,sendto,sendmsg", "-o", str(trace), "-p", str(outside)]
    tracing = subprocess.Popen(argv, stderr=subprocess.DEVNULL)
    try:
        with Terminal([*STALEWATCH, "web1", "--ssh-config", str(lab.ssh_config)], columns=120, rows=40) as terminal:
            terminal.wait_for(r"config +✗", timeout=60)
            terminal.type("q")
            assert terminal.wait_exit(30) == 0
    finally:
        tracing.terminate()
        tracing.wait(10)
    written = trace.read_bytes()
    assert b"HomeController" in written, "the look itself was seen"
    assert_no_canary(written)
