"""Why the lab cannot run here, said once, so that tests can skip with it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

RECIPE = ("unshare", "--pid", "--fork", "--mount", "--uts", "--ipc", "--cgroup", "--mount-proc", "--kill-child")


class Unavailable(Exception):
    """The lab cannot run on this machine; the message is the reason."""


INOTIFY = Path("/proc/sys/fs/inotify/max_user_instances")
INOTIFY_PER_HOST = 3


def check(hosts: int) -> None:
    """Raise `Unavailable` unless this machine can make so many hosts. Packages are not looked at: `install` brings those."""
    if os.geteuid() != 0:
        raise Unavailable("the lab needs root: it makes namespaces, mounts and login users of its own")
    if not Path("/etc/debian_version").exists() or not shutil.which("apt-get"):
        raise Unavailable("the lab needs Debian: it runs Debian's PHP-FPM, php-laravel-framework and systemd")
    if not shutil.which("unshare"):
        raise Unavailable("the lab needs unshare (package util-linux)")
    tried = subprocess.run([*RECIPE, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        raise Unavailable(f"namespaces are not permitted here: {tried.stderr.strip()}")
    most = int(INOTIFY.read_text()) // INOTIFY_PER_HOST
    if hosts > most:
        raise Unavailable(f"{hosts} hosts are too many: fs.inotify.max_user_instances allows {most} (a systemd takes {INOTIFY_PER_HOST})")
