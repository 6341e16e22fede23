"""What of a host a fix could make worse: what its applications answer, its files, its processes, its units and its pools."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tests.lab import Host
from tests.lab.application import APP

PLACES = "/srv /opt /tmp /var/tmp /dev/shm /home"
MADE = re.compile(r"/bootstrap/cache/(config|routes-v7|events|packages|services)\.php$")
"""What artisan may make, and a fix must not take away."""
MOVING = re.compile(r"/storage/(framework|logs|app)/|/var/(cache|log)/|\.sqlite$|/[0-9a-f]{32}/srv/.*\.bin$")
"""What the applications, and OPcache, write themselves at any request."""
PASSING = ("php-fpm", "sshd", "systemd", "(sd-pam)", "ps", "dbus-daemon", "sudo")
"""Programs of which processes come and go."""


class Page(NamedTuple):
    """A page that visitors ask for."""

    uri: str = "/"
    script: str = f"{APP}/public/index.php"
    pool: str = "www"


class Answer(NamedTuple):
    """*status* 0: nobody answers."""

    status: int
    text: str

    def __str__(self) -> str:
        return "no answer" if not self.status else f"{self.status} {self.text}" if self.status < 500 else str(self.status)


class Process(NamedTuple):
    pid: int
    program: str


class File(NamedTuple):
    """*told*: size, times, owner and mode, as find prints them."""

    path: str
    told: str


class Unit(NamedTuple):
    name: str
    main: int
    since: str


class Pool(NamedTuple):
    """*folder* is its master's configuration; *since*: its start."""

    name: str
    folder: str
    since: str


@dataclass(frozen=True)
class Seen:
    """A host at one moment. *ours*: what of stalewatch is there."""

    answers: Mapping[Page, Answer]
    files: frozenset[File]
    processes: frozenset[Process]
    units: frozenset[Unit]
    pools: frozenset[Pool]
    ours: tuple[str, ...] = ()


def answer(host: Host, page: Page) -> Answer:
    """What a visitor is answered now."""
    try:
        got = host.request(page.uri, script=page.script, pool=page.pool)
    except OSError:
        return Answer(0, "")
    return Answer(got.status, " ".join(got.body.split())[:60])


def files(host: Host) -> frozenset[File]:
    """Everything below the places where applications and we have files, but what applications write by themselves."""
    found = host.run(["find", *PLACES.split(), "!", "-type", "d", "-printf", r"%s %T@ %C@ %u:%g %m\t%p\n"], check=False).stdout
    told = (line.partition("\t") for line in found.splitlines())
    return frozenset(File(path, "" if MADE.search(path) else words) for words, _, path in told if not MOVING.search(path))


def processes(host: Host) -> frozenset[Process]:
    """The programs that are no server's passing processes."""
    lines = host.run(["ps", "-eo", "pid=,comm="]).stdout.splitlines()
    pairs = (line.split(None, 1) for line in lines)
    return frozenset(Process(int(pid), name) for pid, name in pairs if not name.startswith(PASSING))


def units(host: Host) -> frozenset[Unit]:
    """The services that run."""
    asked = ["systemctl", "show", "*.service", "-p", "Id,MainPID,ActiveState,ActiveEnterTimestampMonotonic"]
    shown = [dict(line.split("=", 1) for line in block.splitlines()) for block in host.run(asked).stdout.strip().split("\n\n")]
    return frozenset(
        Unit(one["Id"], int(one["MainPID"]), one["ActiveEnterTimestampMonotonic"]) for one in shown if one.get("ActiveState") == "active"
    )


def pools(host: Host) -> frozenset[Pool]:
    """The pools of every master that answer."""
    found = set()
    for path in host.root("/etc/php").glob("*/*/pool.d/*.conf"):
        try:
            found.add(Pool(path.stem, path.parts[-3], str(host.status(path.stem)["start time"])))
        except (OSError, ValueError):
            continue
    return frozenset(found)


def see(host: Host, pages: Sequence[Page], ours: Sequence[str] = ()) -> Seen:
    """*host* now."""
    answers = {page: answer(host, page) for page in pages}
    return Seen(answers, files(host), processes(host), units(host), pools(host), tuple(ours))
