"""A host of the lab: a machine with an application and the servers that run it, and the way back to the known good state."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

from tests.lab import etc_files
from tests.lab.application import Application
from tests.lab.namespaces import comm, enter
from tests.lab.php import ETC_FPM, FPM, SOCKET
from tests.lab.trees import Trees
from tests.lab.waiting import until

WORKER = "laravel-worker"
HOUR = 3600

REMOUNT = """
[ "$2" = 0 ] || systemctl stop laravel-worker
umount -l /srv /etc/php
mount --bind "$1/srv" /srv
mount --bind "$1/php" /etc/php
"""


class Host(Application):
    """See the package's docstring for what it can do."""

    def __init__(self, name: str, address: str, port: int, pid: int, state: Path, group: Path, trees: Trees, tree: Path) -> None:
        super().__init__(name, address, port, pid, state, group)
        self._trees = trees
        self._tree = tree
        self._worker = False
        self._host_key = (state / etc_files.HOST_KEY).read_bytes()

    # FPM's configuration

    def fpm(self, **opcache: object) -> None:
        """Set php_admin_value[opcache.*] of pool `www` (the CLI does not see these) and restart."""
        self._set_pool("www", {f"php_admin_value[opcache.{key}]": value for key, value in opcache.items()})
        self.restart()

    def pool(self, name: str = "www", **directives: object) -> None:
        """Set directives of a pool (`__` for `.`) and restart; an unknown name becomes a second pool on /run/php/NAME.sock."""
        self._set_pool(name, {key.replace("__", "."): value for key, value in directives.items()})
        self.restart()

    def ini(self, **settings: object) -> None:
        """Write FPM's conf.d/99-lab.ini (`__` for `.`) and restart."""
        lines = [f"{key.replace('__', '.')}={value}\n" for key, value in settings.items()]
        self._write_old(f"{ETC_FPM}/conf.d/99-lab.ini", "".join(lines))
        self.restart()

    def _set_pool(self, name: str, values: dict[str, object]) -> None:
        path = f"{ETC_FPM}/pool.d/{name}.conf"
        if self.exists(path):
            lines = self.read(path).splitlines()
        else:
            lines = self.read(f"{ETC_FPM}/pool.d/www.conf").replace("[www]", f"[{name}]").splitlines()
            values = {"listen": f"/run/php/{name}.sock", **values}
        kept = [line for line in lines if line.partition("=")[0].strip() not in values]
        self._write_old(path, "\n".join([*kept, *(f"{key} = {value}" for key, value in values.items()), ""]))

    def _write_old(self, path: str, text: str) -> None:
        """Configuration that is part of a test's setting, not of its story: dated an hour back."""
        file = self.root(path)
        file.write_text(text)
        os.utime(file, (time.time() - HOUR,) * 2)

    # FPM itself

    def fpm_workers(self) -> set[int]:
        """Pids of the pools' workers, in the machine's numbering."""
        master = self.fpm_master()
        return {pid for pid in self.processes(FPM) if pid != master}

    def fpm_master(self) -> int | None:
        return next((pid for pid in self.processes(FPM) if parent(pid) == self.pid), None)

    def restart(self) -> None:
        self.systemctl("restart", FPM)
        self.wait_for_fpm()

    def reload(self) -> None:
        """systemctl reload, and wait until every old worker is gone and a new one answers."""
        old = self.fpm_workers()
        self.systemctl("reload", FPM)
        self.wait_for_fpm(old)

    def stop_fpm(self) -> None:
        self.systemctl("stop", FPM)

    def start_fpm(self) -> None:
        self.systemctl("start", FPM)
        self.wait_for_fpm()

    def wait_for_fpm(self, old: Iterable[int] = ()) -> None:
        """Wait until none of the old processes is left and the pool answers."""
        until(lambda: not set(old) & set(self.processes(FPM)) and self._fpm_answers(), f"FPM on {self.name}")

    def _fpm_answers(self) -> bool:
        try:
            return bool(self.status()["pool"])
        except (OSError, ValueError):
            return False

    def deny_socket(self) -> None:
        """Take the pool's socket away from `deploy`, and from everyone but root."""
        self.run(["chown", "root:root", SOCKET])
        self.run(["chmod", "0600", SOCKET])

    def allow_socket(self) -> None:
        self.run(["chown", "www-data:www-data", SOCKET])
        self.run(["chmod", "0660", SOCKET])

    # queue workers, host key

    def start_worker(self) -> None:
        """Start `artisan queue:work` as www-data, and wait until it is PHP that runs."""
        self._worker = True
        self.systemctl("start", WORKER)
        until(lambda: any(comm(pid) == "php" for pid in self.processes(WORKER)), f"the queue worker of {self.name}")

    def stop_worker(self) -> None:
        self.systemctl("stop", WORKER)
        self._worker = False

    def change_host_key(self) -> None:
        """A new host key that known_hosts does not hold; new connections see it, open ones live on."""
        etc_files.new_host_key(self.state)
        self.start_sshd()

    def _restore_sshd(self) -> None:
        key = self.state / etc_files.HOST_KEY
        if key.read_bytes() != self._host_key:
            key.write_bytes(self._host_key)
            self.start_sshd()
        elif not self._sshd_listens():
            self.start_sshd()

    # the known good state

    def restore(self) -> None:
        """Back to the known good state: a fresh tree, FPM's configuration, sshd and its key, a restarted FPM."""
        finish(self.begin_restore())

    def begin_restore(self) -> Restoring:
        """The first half of `restore`: everything but FPM's new start, which waits for a second of its own."""
        tree, not_before = self._trees.take()
        self.run(["sh", "-ec", REMOUNT, "sh", str(tree), str(int(self._worker))])
        self._worker = False
        self._restore_sshd()
        old, self._tree = self._tree, tree
        return Restoring(self, old, not_before)

    def end_restore(self, old: Path) -> None:
        self.wait_for_fpm()
        self._trees.replace(old)


class Restoring:
    """A host between the halves of its restore."""

    def __init__(self, host: Host, old: Path, not_before: float) -> None:
        self.host = host
        self.old = old
        self.not_before = not_before


def finish(*restoring: Restoring) -> None:
    """Start FPM again on every host, at once, not before their trees are old enough, and wait until all answer."""
    until(lambda: all(time.time() >= one.not_before for one in restoring), "trees older than FPM")
    command = ["sh", "-c", f"systemctl reset-failed {FPM}; systemctl restart {FPM}"]
    restarts = [subprocess.Popen(enter(one.host.pid, command), stderr=subprocess.DEVNULL) for one in restoring]
    for one, restart in zip(restoring, restarts, strict=True):
        if restart.wait() != 0:
            raise RuntimeError(f"FPM of {one.host.name} does not start")
        one.host.end_restore(one.old)


def parent(pid: int) -> int | None:
    """Parent of a process in the machine's numbering; None if it is gone."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return None
