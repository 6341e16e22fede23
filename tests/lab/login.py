"""One real login on a host, as a person would do it: the proof that a host that is up can be watched."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path

from tests.lab.etc_files import USER
from tests.lab.machine import Machine

PATIENCE = 10
"""Seconds to connect; the whole login has twice as long."""
SSHD = ("sshd", "sshd-session")
"""What its log is tagged with; from OpenSSH 9.8 on a session has a program of its own."""
ENDINGS = ("Connection ", "Disconnected ", "Received disconnect ")
"""What sshd says of every connection's end: no reason."""


class LoginFailed(RuntimeError):
    """The login did not go through; the message is one line with the reason."""


def log_in(config: Path, host: Machine) -> None:
    """Log in by ssh and ask where and who we are. Raises `LoginFailed` with the last words of ssh, and of the host's sshd."""
    argv = ["ssh", "-F", str(config), "-T", "-o", "BatchMode=yes", "-o", f"ConnectTimeout={PATIENCE}", host.name, "hostname; id -un"]
    before = len(host.syslog(*SSHD))
    try:
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=2 * PATIENCE, check=False
        )
        said, code = last(done.stderr.splitlines()).rstrip("."), done.returncode
    except subprocess.TimeoutExpired:
        said, code = f"no answer for {2 * PATIENCE} s", -1
    if code != 0:
        why = last(line for line in host.syslog(*SSHD)[before:] if not line.startswith(ENDINGS))
        raise LoginFailed(
            f"{USER} cannot log in on {host.name}: {said or f'ssh ended with {code}'}" + (f"; its sshd says: {why}" if why else "")
        )
    if done.stdout.split() != [host.name, USER]:
        raise LoginFailed(f"ssh to {host.name} leads to {' '.join(done.stdout.split()) or 'nobody'} instead of {host.name} {USER}")


def last(lines: Iterable[str]) -> str:
    """The last line that says something; empty if none does."""
    return next((line.strip() for line in reversed(list(lines)) if line.strip()), "")
