"""Why the lab cannot run here, said once, so that tests can skip with it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

RECIPE = ("unshare", "--pid", "--fork", "--mount", "--uts", "--ipc", "--cgroup", "--mount-proc", "--kill-child")


class Unavailable(Exception):
    """The lab cannot run on this machine; the message is the reason."""


def check() -> None:
    """Raise `Unavailable` unless this machine can make hosts. Packages are not looked at: `install` brings those."""
    if os.geteuid() != 0:
        raise Unavailable("the lab needs root: it makes namespaces, mounts and login users of its own")
    if not Path("/etc/debian_version").exists() or not shutil.which("apt-get"):
        raise Unavailable("the lab needs Debian: it runs Debian's php8.2-fpm, php-laravel-framework and systemd")
    if not shutil.which("unshare"):
        raise Unavailable("the lab needs unshare (package util-linux)")
    tried = subprocess.run([*RECIPE, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        raise Unavailable(f"namespaces are not permitted here: {tried.stderr.strip()}")
