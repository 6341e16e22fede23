"""A real php-fpm of our own: one master, pools on sockets below a temporary directory, ended by its process id."""

from __future__ import annotations

import getpass
import glob
import os
import re
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from stalewatch.model.snapshot import Pool
from stalewatch.probe.host.host_probe import HostProbe
from stalewatch.probe.runtime.pool_connection import PoolConnection
from stalewatch.probe.runtime.pool_probe import PoolProbe
from stalewatch.probe.runtime.socket_access import SocketAccess
from stalewatch.probe.runtime.uploaded_file import RuntimeFile
from stalewatch.transport.local import LocalLink
from tests.lab import fastcgi


class Fpm:
    """``start(ini…)`` it, ``get(script)`` through it. PHP files are made old, so that OPcache caches them at once."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.socket = base / "fpm.sock"
        self.root = base / "app"
        self.root.mkdir()
        self._process: subprocess.Popen[bytes] | None = None

    @staticmethod
    def binary() -> str | None:
        found = sorted(glob.glob("/usr/sbin/php-fpm*"))
        return found[-1] if found else None

    def start(self, *directives: str, ini: tuple[str, ...] = (), program: str | None = None) -> Fpm:
        """*directives*: lines of the pool; *ini*: ``name=value`` for the whole master; *program*: another binary than the machine's.
        What exists is older than its start."""
        newest = max((path.stat().st_ctime for path in self.root.rglob("*")), default=0.0)
        while int(time.time()) <= int(newest):
            time.sleep(0.01)
        user = getpass.getuser()
        lines = ["[global]", f"error_log={self.base}/error.log", "[www]", f"listen={self.socket}", f"user={user}", f"group={user}"]
        lines += ["pm=static", "pm.max_children=2", "pm.status_path=/status", *directives]
        config = self.base / "php-fpm.conf"
        config.write_text("\n".join(lines) + "\n")
        binary = program or self.binary()
        assert binary is not None
        options = [each for setting in ini for each in ("-d", setting)]
        argv = [binary, "-R", "-F", "-y", str(config), *options]
        self._process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while not self._answers():
            assert self._process.poll() is None, self.log
            assert time.monotonic() < deadline
            time.sleep(0.01)
        return self

    def _answers(self) -> bool:
        """The file of a socket is there before anyone listens on it: only a connection says that FPM is up."""
        with socket.socket(socket.AF_UNIX) as link:
            return link.connect_ex(str(self.socket)) == 0

    @property
    def log(self) -> str:
        """What FPM told of itself and its workers."""
        path = self.base / "error.log"
        return path.read_text() if path.exists() else ""

    @property
    def killed(self) -> list[str]:
        """The lines about workers that ended by a signal that they should not have got."""
        return re.findall(r".*exited on signal (?:4|6|7|8|11) .*", self.log)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def script(self, name: str, code: str, age: float = 3600.0) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"<?php {code}\n")
        then = time.time() - age
        os.utime(path, (then, then))
        return path

    def get(self, script: Path) -> str:
        return fastcgi.ask(self.socket, str(script), "/").body

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)


def probe(link: LocalLink, host: HostProbe, fpm: Fpm) -> PoolProbe:
    """The one pool of *fpm*, of whose configuration nothing is known."""
    return pool_probe(link, host, str(fpm.socket), None)


def pool_probe(link: LocalLink, host: HostProbe, address: str, pool: Pool | None, storage: Sequence[str] = ()) -> PoolProbe:
    """The pool at *address*."""
    connection = PoolConnection(RuntimeFile(host), SocketAccess(link, host), address, pool, patience=10.0, storage=storage)
    return PoolProbe(link, connection, address)
