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
from tests.lab.host import FPM, Host, finish
from tests.lab.install import install
from tests.lab.namespaces import enter, first_process, spawn
from tests.lab.ssh_files import SshFiles
from tests.lab.trees import Trees, build_template
from tests.lab.waiting import until


class Lab:
    """Context manager of a running lab. Entering raises `Unavailable` where hosts cannot be made. Main thread only."""

    def __init__(self, hosts: int = 3) -> None:
        self._count = hosts
        self._made: list[subprocess.Popen[bytes]] = []
        self.hosts: list[Host] = []

    def __enter__(self) -> Self:
        unavailable.check()
        install()
        self._place = place.claim(self._count)
        try:
            self._start()
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
    def ssh(self) -> SshFiles:
        return SshFiles(self._place.directory)

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
        for host in self.hosts:
            host.close()
        self.hosts, self._made = [], []
        self._place.release()

    def _start(self) -> None:
        directory = self._place.directory
        uid = etc_files.deploy_uid()
        names = {f"web{number}": address for number, address in enumerate(self._place.addresses, 1)}
        build_template(directory / "template", uid)
        trees = {}
        for name in names:
            (directory / name).mkdir()
            trees[name] = Trees(directory / "template", directory / name / "trees", uid)
        public_key = etc_files.new_key(self.key, "lab")
        for name in names:
            etc_files.write(directory / name, name, names, self._place.port, uid, public_key)
        host_keys = {name: directory / name / "etc/ssh/ssh_host_ed25519_key" for name in names}
        self.ssh.write(names, self._place.port, host_keys)
        taken = {name: trees[name].take() for name in names}
        self._made = [spawn(directory / name, name, taken[name][0], self._place.cgroup / name) for name in names]
        for (name, address), made in zip(names.items(), self._made, strict=True):
            state, tree = directory / name, taken[name][0]
            pid = first_process(made, state)
            self.hosts.append(Host(name, address, self._place.port, pid, state, self._place.cgroup / name, trees[name], tree))
        self._start_fpm(max(not_before for _, not_before in taken.values()))

    def _start_fpm(self, not_before: float) -> None:
        for host in self.hosts:
            host.wait_for_sshd()
        until(lambda: time.time() >= not_before, "trees older than FPM")
        starts = [subprocess.Popen(enter(host.pid, ["systemctl", "start", FPM])) for host in self.hosts]
        for host, start in zip(self.hosts, starts, strict=True):
            if start.wait() != 0:
                raise RuntimeError(f"FPM of {host.name} does not start")
            host.wait_for_fpm()
