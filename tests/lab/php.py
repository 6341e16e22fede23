"""Which PHP the hosts of the lab run, as one value: ``PHP=8.2`` in the environment, or nothing, is that of Debian 12."""

from __future__ import annotations

import os
from pathlib import Path

VERSION = os.environ.get("PHP") or "8.2"
FPM = f"php{VERSION}-fpm"
"""The package, the unit, and the name of its socket."""
ETC = f"/etc/php/{VERSION}"
ETC_FPM = f"{ETC}/fpm"
POOL = f"{ETC_FPM}/pool.d/www.conf"
SOCKET = f"/run/php/{FPM}.sock"
BINARY = f"/usr/sbin/php-fpm{VERSION}"
CLI = f"/usr/bin/php{VERSION}"


def filled(file: Path) -> str:
    """A file of the lab's, with the version in place of ``@PHP@``."""
    return file.read_text().replace("@PHP@", VERSION)
