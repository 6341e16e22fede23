"""Which PHP the hosts of the lab run, as one value: ``PHP`` in the environment.

8.2 is that of Debian 12, which the machine runs itself. 8.4 is that of Debian 13: the hosts have a root of their own then
(:mod:`tests.lab.roots`), with that Debian's systemd, sshd, Laravel and Symfony.
"""

from __future__ import annotations

import os
from pathlib import Path

from tests.lab import roots
from tests.lab.unavailable import Unavailable

VERSION = os.environ.get("PHP") or "8.2"
RELEASES = {"8.2": "", "8.4": "trixie"}
"""The Debian that has it, by its name; "" the machine's own."""
EXTENSIONS = {"8.2": "/usr/lib/php/20220829", "8.4": "/usr/lib/php/20240924"}.get(VERSION, "")
ROOT = roots.BASE / RELEASES[VERSION] if RELEASES.get(VERSION) else Path("/")
"""Whose /usr and /etc the hosts have."""
FPM = f"php{VERSION}-fpm"
"""The package, the unit, and the name of its socket."""
ETC = f"/etc/php/{VERSION}"
ETC_FPM = f"{ETC}/fpm"
POOL = f"{ETC_FPM}/pool.d/www.conf"
SOCKET = f"/run/php/{FPM}.sock"
BINARY = f"/usr/sbin/php-fpm{VERSION}"
CLI = f"/usr/bin/php{VERSION}"


def check() -> None:
    """Raise `Unavailable` unless the lab has that version."""
    if VERSION not in RELEASES:
        raise Unavailable(f"PHP={VERSION}: the lab has {' and '.join(RELEASES)}")


def filled(file: Path) -> str:
    """A file of the lab's, with the version in place of ``@PHP@``."""
    return file.read_text().replace("@PHP@", VERSION)
