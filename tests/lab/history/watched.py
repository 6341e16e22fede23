"""A host made ready to be recorded, and its application as something that has numbers: on the disk, and served."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lab import Host
from tests.lab.history.events import Edit, Visit
from tests.lab.host import parent
from tests.lab.namespaces import comm

RUN = "XDG_RUNTIME_DIR"
"""The environment variable with the name of the run, that sshd gives to a login by the key it came with: of those that a step keeps, the
one that nothing here reads."""
SUDO = f'Defaults log_format=json, log_exit_status, env_keep += "{RUN}"\n'
POOL_LOG = "/var/log/history-pool.log"
NUMBERED = {
    "code": ("app/Http/Controllers/HomeController.php", "/", re.compile(r"home v(\d+)")),
    "config": ("config/services.php", "/config", re.compile(r"agent-v(\d+)")),
    "view": ("resources/views/home.blade.php", "/view", re.compile(r"view v(\d+)")),
}
"""File, URI, and where the number is in both."""
SUDOERS, SSHD, KEYS = "/etc/sudoers.d/history", "/etc/ssh/sshd_config", "/home/deploy/.ssh/authorized_keys"
UNIMPORTANT = (".git", "storage")
LINKED = """
mkdir /srv/releases
mv /srv/app /srv/releases/1
rm -rf /srv/releases/1/bootstrap/cache/*.php /srv/releases/1/storage/framework/views/*.php
ln -s releases/1 /srv/app
chown -h deploy:deploy /srv/app /srv/releases
"""
NEXT = """
cp -a /srv/app/. "/srv/releases/$1" || true
cd "/srv/releases/$1"
rm -rf bootstrap/cache/*.php bootstrap/cache/.stalewatch* storage/framework/views/*.php
"""
"""A runbook may keep files aside in the release that is copied, or take them away meanwhile."""
SWITCH = 'ln -s "releases/$1" /srv/next; chown -h deploy:deploy /srv/next; mv -T /srv/next /srv/app'


class Watched:
    """*host* with its application, whose pool never looks at the disk. *linked*: the application is a link to a release, and a deploy is
    another release and a switch of the link."""

    def __init__(self, host: Host, *, linked: bool = False) -> None:
        self.host = host
        self.name = host.name
        self._linked = linked
        self._release = 1
        self._numbers = dict.fromkeys(NUMBERED, 1)
        self._alone = threading.Lock()
        self._files: set[str] = set()

    @contextmanager
    def ready(self) -> Iterator[None]:
        """sudo, sshd and the pool log what is needed; afterwards they are as before."""
        kept = {path: self.host.read(path) for path in (SSHD, KEYS)}
        sudoers = self.host.root(SUDOERS)
        try:
            sudoers.write_text(SUDO)
            sudoers.chmod(0o440)
            self.host.root(SSHD).write_text(f"PermitUserEnvironment yes\nMaxStartups 100\n{kept[SSHD]}")
            self.host.start_sshd()
            if self._linked:
                self.host.run(["sh", "-ec", LINKED])
                self.host.cache("config")
            self.host.pool(
                access__log=POOL_LOG,
                access__format='"%{STALEWATCH}e %{mili}d"',
                **{"php_admin_value[opcache.validate_timestamps]": 0},
            )
            for what in NUMBERED:
                self.visit(what)
            self._files = self._listed()
            yield
        finally:
            sudoers.unlink(missing_ok=True)
            for path, text in kept.items():
                self.host.root(path).write_text(text)
            self.host.start_sshd()

    def let_in(self, run: str, public_key: str) -> None:
        """sshd gives *run* to whoever comes with this key."""
        with self._alone, self.host.root(KEYS).open("a") as keys:
            keys.write(f'environment="{RUN}={run}" {public_key}\n')

    # the application

    def change(self, what: str) -> Edit:
        """The next number is on the disk, in one rename."""
        with self._alone:
            begun = time.time()
            self._write(what, self.host.file("."))
            return Edit(self.name, what, self._numbers[what], begun, time.time())

    def deploy(self) -> list[Edit]:
        """The next number of everything: one file after the other, or a release that is made, cached and switched to."""
        if not self._linked:
            return [self.change(what) for what in NUMBERED]
        with self._alone:
            begun = time.time()
            self._release += 1
            name = str(self._release)
            self.host.run(["sh", "-ec", NEXT, "sh", name])
            for what in NUMBERED:
                self._write(what, self.host.root(f"/srv/releases/{name}"))
            self.host.run(["php", f"/srv/releases/{name}/artisan", "config:cache"], user="www-data")
            self.host.run(["sh", "-ec", SWITCH, "sh", name])
            return [Edit(self.name, what, self._numbers[what], begun, time.time()) for what in NUMBERED]

    def _write(self, what: str, root: Path) -> None:
        path, _, number = NUMBERED[what]
        self._numbers[what] += 1
        file = root / path
        text = number.sub(lambda found: found[0].replace(found[1], str(self._numbers[what])), file.read_text())
        new = file.with_name(f".{file.name}.new")
        new.write_text(text)
        owner = file.stat()
        os.chown(new, owner.st_uid, owner.st_gid)
        new.replace(file)

    def visit(self, what: str, patience: float = 10.0) -> Visit:
        """What a visitor gets now."""
        _, uri, number = NUMBERED[what]
        at = time.time()
        try:
            answer = self.host.request(uri, timeout=patience)
        except OSError:
            return Visit(self.name, what, at, 0, None, time.time())
        found = number.search(answer.body)
        return Visit(self.name, what, at, answer.status, int(found[1]) if found else None, time.time())

    # what is there of us

    def runs_here(self) -> set[str]:
        """The runs that have a process on the host."""
        inside = os.stat(f"/proc/{self.host.pid}/ns/pid").st_ino
        return {run for pid, run in _runs() if _namespace(pid) == inside}

    def holding(self) -> str:
        """The run that holds the application's lock ("" none), by the kernel."""
        return next(iter(self.locked()), "")

    def locked(self) -> list[str]:
        """The runs that hold a lock on the application or on FPM's configuration."""
        places = {_lock_name(self.host.file(".")), *(_lock_name(self.host.root(path)) for path in self._fpm())}
        found = []
        for line in Path("/proc/locks").read_text().splitlines():
            words = line.split()
            if len(words) > 5 and words[1] == "FLOCK" and words[5] in places:
                found.append(_environment(int(words[4])).get(RUN, f"pid {words[4]}"))
        return found

    def holder(self) -> int:
        """The pid of the shell that holds the lock, 0 if none does."""
        inside = os.stat(f"/proc/{self.host.pid}/ns/pid").st_ino
        for pid, _ in _runs():
            words = _read(pid, "cmdline").split(b"\0")
            if words[:2] == [b"sh", b"-c"] and words[3:4] == [b"stalewatch-lock"] and _namespace(pid) == inside:
                return pid
        return 0

    def sessions(self) -> list[int]:
        """The processes of sshd that serve a login."""
        return [pid for pid in self.host.processes("ssh") if comm(pid).startswith("sshd") and parent(pid) != self.host.pid]

    def new_files(self) -> list[str]:
        """What is in the application and was not."""
        return sorted(self._listed() - self._files)

    def _fpm(self) -> list[str]:
        return [str(Path("/") / path.relative_to(self.host.root())) for path in self.host.root("/etc/php").glob("*/fpm")]

    def _listed(self) -> set[str]:
        """By their names in the application, whatever release they are in."""
        roots = self.host.root("/srv/releases").iterdir() if self._linked else [self.host.file(".")]
        found = set()
        for root in roots:
            for directory, below, files in os.walk(root):
                place = Path(directory).relative_to(root)
                below[:] = [name for name in below if str(place / name) not in UNIMPORTANT]
                found |= {str(place / name) for name in (*below, *files)}
        return found


def _lock_name(path: Path) -> str:
    stat = path.stat()
    return f"{os.major(stat.st_dev):02x}:{os.minor(stat.st_dev):02x}:{stat.st_ino}"


def _runs() -> Iterator[tuple[int, str]]:
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (run := _environment(int(entry)).get(RUN)):
            yield int(entry), run


def _environment(pid: int) -> dict[str, str]:
    pairs = (pair.partition(b"=") for pair in _read(pid, "environ").split(b"\0"))
    return {name.decode("utf-8", "replace"): value.decode("utf-8", "replace") for name, _, value in pairs}


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def _namespace(pid: int) -> int:
    try:
        return os.stat(f"/proc/{pid}/ns/pid").st_ino
    except OSError:
        return 0
