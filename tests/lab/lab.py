"""N hosts beside each other, from nothing to serving, and back to nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.lab import etc_files, place, unavailable
from tests.lab.host import Host, finish
from tests.lab.install import install
from tests.lab.namespaces import enter, first_process, spawn
from tests.lab.php import FPM
from tests.lab.place import Place
from tests.lab.ssh_files import SshFiles
from tests.lab.trees import Trees, build_template
from tests.lab.waiting import until


class Lab:
    """Context manager of a running lab. Entering raises `Unavailable` where hosts cannot be made. Main thread only.

    `machine` is the directory whose passwd and group the hosts' own are made of.
    """

    def __init__(self, hosts: int = 3, machine: Path = etc_files.MACHINE) -> None:
        self._count = hosts
        self._machine = machine
        self._place: Place | None = None
        self._trees: list[Trees] = []
        self._made: list[subprocess.Popen[bytes]] = []
        self.hosts: list[Host] = []

    def __enter__(self) -> Self:
        unavailable.check(self._count)
        install()
        os.umask(0o022)  # for good: the users of the hosts read what this process writes, then and later
        self._place = place.claim(self._count)
        self.ssh = SshFiles(self._place.directory)
        try:
            self._start(self._place)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __iter__(self) -> Iterator[Host]:
        return iter(self.hosts)

    def __getitem__(self, name: str) -> Host:
        return next(host for host in self.hosts if host.name == name)

    @property
    def ssh_config(self) -> Path:
        return self.ssh.config

    @property
    def known_hosts(self) -> Path:
        return self.ssh.known_hosts

    @property
    def key(self) -> Path:
        return self.ssh.key

    @property
    def targets(self) -> list[str]:
        return [host.name for host in self.hosts]

    def restore(self) -> None:
        """Every host back to the known good state."""
        finish(*[host.begin_restore() for host in self.hosts])

    def close(self) -> None:
        """End everything. May be called twice, and after a start that failed."""
        for made, host in zip_longest(self._made, self.hosts):
            if made.poll() is None:
                # The host's pid 1 first: its unshare then collects it, and ends.
                os.kill(host.pid if host else made.pid, signal.SIGKILL)
        for made in self._made:
            made.wait()
        for trees in self._trees:
            trees.close()
        self.hosts, self._made, self._trees = [], [], []
        if self._place is not None:
            self._place.release()
            self._place = None

    def _start(self, where: Place) -> None:
        uid = etc_files.deploy_uid(self._machine)
        template = where.directory / "template"
        build_template(template, uid)
        names = {f"web{number}": address for number, address in enumerate(where.addresses, 1)}
        for name in names:
            (where.directory / name).mkdir()
            self._trees.append(Trees(template, where.directory / name / "trees", uid))
        self._write_files(where, names, uid)
        taken = [trees.take() for trees in self._trees]
        for name, (tree, _) in zip(names, taken, strict=True):
            self._made.append(spawn(where.directory / name, name, tree, where.cgroup / name))
        for trees in self._trees:
            trees.fill()
        for number, (name, address) in enumerate(names.items()):
            state = where.directory / name
            pid = first_process(self._made[number], state)
            trees, tree = self._trees[number], taken[number][0]
            self.hosts.append(Host(name, address, where.port, pid, state, where.cgroup / name, trees, tree))
        for host in self.hosts:
            host.wait_for_sshd()
        self._start_fpm(max(not_before for _, not_before in taken))

    def _write_files(self, where: Place, names: dict[str, str], uid: int) -> None:
        public_key = etc_files.new_key(self.key, "lab")
        for name in names:
            etc_files.write(where.directory / name, name, names, where.port, uid, public_key, self._machine)
        host_keys = {name: where.directory / name / etc_files.HOST_KEY for name in names}
        self.ssh.write(names, where.port, host_keys)

    def _start_fpm(self, not_before: float) -> None:
        until(lambda: time.time() >= not_before, "trees older than FPM")
        starts = [subprocess.Popen(enter(host.pid, ["systemctl", "start", FPM])) for host in self.hosts]
        for host, start in zip(self.hosts, starts, strict=True):
            if start.wait() != 0:
                raise RuntimeError(f"FPM of {host.name} does not start")
            host.wait_for_fpm()
