"""Installs the Debian packages of the lab, without starting any of their services on the machine itself."""

from __future__ import annotations

import fcntl
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lab import php, roots
from tests.lab.unavailable import Unavailable

HOSTS = (
    "apache2",
    "busybox",
    "composer",
    "dbus",
    "git",
    "libfcgi-bin",
    "nginx-light",
    "netcat-openbsd",
    "openssh-client",
    "openssh-server",
    "php-laravel-framework",
    f"php{php.VERSION}-apcu",
    f"php{php.VERSION}-cli",
    php.FPM,
    f"php{php.VERSION}-opcache",
    "php-symfony-dotenv",
    "php-symfony-framework-bundle",
    "php-symfony-yaml",
    f"php{php.VERSION}-sqlite3",
    "procps",
    "python3-minimal",
    "rsync",
    "socat",
    "strace",
    "sudo",
    "systemd",
    "util-linux",
)
"""What a host runs."""
MACHINE = ("git", "libfcgi-bin", "mmdebstrap", "openssh-client", "procps", "util-linux")
"""What the machine needs where the hosts have a root of their own."""
SCRAPERS = ("prometheus", "prometheus-alertmanager")
"""What scrapes ``stalewatch metrics`` in a test."""
CHECKERS = ("man-db", "openssl")
"""What tests without hosts ask: a page of the manual, a sum."""
PACKAGES = (*(HOSTS if Path("/") == php.ROOT else MACHINE), *SCRAPERS, *CHECKERS)
POLICY = Path("/usr/sbin/policy-rc.d")
LOCK = Path("/run/lock/stalewatch-lab-install")


def missing() -> list[str]:
    """Packages of the lab that are not installed (about 10 ms)."""
    shown = subprocess.run(
        ["dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Package}\n", *PACKAGES], capture_output=True, text=True, check=False
    ).stdout
    installed = {line.split()[1] for line in shown.splitlines() if line.startswith("ii")}
    return [package for package in PACKAGES if package not in installed]


def install() -> list[str]:
    """Install what is missing and return its names; make the root of the hosts if they have one. Raises `Unavailable` with apt's last
    words when apt fails."""
    php.check()
    done = install_here()
    if Path("/") != php.ROOT:
        roots.make(php.ROOT, HOSTS)
    return done


def install_here() -> list[str]:
    """The same for the machine itself."""
    if not missing():
        return []
    LOCK.parent.mkdir(parents=True, exist_ok=True)
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = missing()  # another process may have brought them meanwhile
        if wanted:
            with nothing_starts():
                if not apt("install", *wanted, may_fail=True):
                    apt("update")
                    apt("install", *wanted)
    return wanted


@contextmanager
def nothing_starts() -> Iterator[None]:
    """Keep Debian's packages from starting their services, by a policy-rc.d, unless the machine has one of its own."""
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()


def apt(command: str, *packages: str, may_fail: bool = False) -> bool:
    done = subprocess.run(
        ["apt-get", "-y", "-q", "-o", "DPkg::Lock::Timeout=120", command, *(["--no-install-recommends"] if packages else []), *packages],
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0 and not may_fail:
        raise Unavailable(f"apt-get {command} failed: " + " ".join(done.stderr.split())[-400:])
    return done.returncode == 0
