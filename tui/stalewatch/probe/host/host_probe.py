"""The host probe: one shell on the server, and what every tick reads through it."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import msgspec

from stalewatch.model import reasons
from stalewatch.model.errors import LinkLost, NotPermitted
from stalewatch.model.snapshot import LockedStep, LockHolder
from stalewatch.model.text import SafeText, safe
from stalewatch.probe.host.coprocess import Coprocess
from stalewatch.probe.host.parsers import records

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from stalewatch.probe.host.parsers.framing import Block, BlockSection
    from stalewatch.probe.host.parsers.records import FileRecord, ProcessRecord, SocketRecord
    from stalewatch.transport.link import Link

BOOT_JITTER = 0.05
_AT_ONCE = 200
"""Paths in one request."""


class Hello(msgspec.Struct, frozen=True):
    """Who we are on the server, and what it has."""

    login: str = ""
    hz: int = 100
    utc_offset: int | None = None
    pid: int = 0
    tools: frozenset[str] = frozenset()


LOCKED = "stalewatch-lock"
"""The mark in the command line of who holds a lock."""
MAX_STEPS = 100


class Lock(msgspec.Struct, frozen=True):
    """A ``stalewatch-lock`` that is held: *inode* of the locked directory, and by whom."""

    inode: int
    holder: LockHolder


class TickFacts(msgspec.Struct, frozen=True):
    """What is known after a tick, also what did not change in it. *children*: None for a master that is gone."""

    now: float = 0.0
    boot: float = 0.0
    files: dict[str, FileRecord] = {}
    sockets: dict[str, SocketRecord] = {}
    children: dict[int, tuple[int, ...] | None] = {}
    processes: dict[int, tuple[ProcessRecord, str]] = {}
    locks: tuple[Lock, ...] = ()

    @property
    def gone(self) -> set[int]:
        """The watched processes (FPM masters, queue workers) that have ended. Workers that come and go in a pool do not count."""
        return {pid for pid, children in self.children.items() if children is None}


class HostProbe:
    """The shell on one server. It is started again if it ends while the link is open. *generation* counts the starts."""

    def __init__(self, link: Link, who: str, timeout: float, *, shell: str = "sh") -> None:
        self._link = link
        self._who = who
        self._since = int(time.time())
        self._shell = shell
        self.timeout = timeout
        self._coprocess: Coprocess | None = None
        self._setup: dict[str, tuple[str, ...]] = {}
        self.generation = 0
        self.hello = Hello()
        self.last_tick = TickFacts()

    @property
    def me(self) -> tuple[str, int]:
        """WHO and SINCE of our own watch."""
        return self._who, self._since

    async def ask(self, *requests: tuple[str, ...]) -> list[Block]:
        """One block per request. Raises LinkError."""
        coprocess = await self._running()
        blocks: list[Block] = []
        for start in range(0, len(requests), 40):
            blocks += await coprocess.ask(*requests[start : start + 40], timeout=self.timeout)
        return blocks

    async def write_files(self, base: str, name: str, stamp: str, contents: Mapping[str, bytes]) -> tuple[str, str]:
        """See :meth:`stalewatch.probe.host.coprocess.Coprocess.write_files`."""
        return await (await self._running()).write_files(base, name, stamp, contents, timeout=self.timeout)

    async def watch(self, verb: str, words: Iterable[str]) -> None:
        """Set what every tick looks at: *verb* is ``files``, ``sockets`` or ``masters``. Nothing is sent when it is set already."""
        wanted = tuple(dict.fromkeys(word for word in words if "\n" not in word and word))
        if self._setup.get(verb) != wanted:
            self._setup[verb] = wanted
            await self.ask((verb, *wanted))

    async def tick(self) -> tuple[TickFacts, TickFacts]:
        """Look once. Returns (before, now). Raises LinkError."""
        before = self.last_tick
        (block,) = await self.ask(("tick",))
        self.last_tick = self._advance(before, block)
        return before, self.last_tick

    async def close(self) -> None:
        """End the shell on the server. Never raises."""
        if self._coprocess is not None:
            await self._coprocess.close()

    async def _running(self) -> Coprocess:
        if self._coprocess is None or self._coprocess.closed:
            setup = [(verb, *words) for verb, words in self._setup.items()]
            try:
                self._coprocess = await Coprocess.start(self._link, self._who, self._since, shell=self._shell)
                self.generation += 1
                hello, *_ = await self._coprocess.ask(("hello",), *setup, timeout=self.timeout)
            except LinkLost:
                if not self._link.alive:
                    raise
                raise NotPermitted(
                    "the server gives this login no POSIX shell",
                    reason=reasons.HOST_NO_SHELL,
                    grant="give the login a shell (not sftp-only, no ForceCommand)",
                ) from None
            self.hello = parse_hello(hello.text("hello"))
        return self._coprocess

    def _advance(self, before: TickFacts, block: Block) -> TickFacts:
        clock = section.payload if (section := block.first("clock")) else b""
        now, uptime = records.parse_clock(clock) or (before.now, 0.0)
        boot = now - uptime if uptime else before.boot
        if abs(boot - before.boot) < BOOT_JITTER:
            boot = before.boot
        files, sockets, children = (block.first(name) for name in ("files", "sockets", "children"))
        processes = before.processes
        if children is not None:
            processes = parse_processes(block.of("process"))
        return TickFacts(
            now=now,
            boot=boot,
            files=records.parse_files(files.payload) if files else before.files,
            sockets=records.parse_sockets(sockets.payload) if sockets else before.sockets,
            children=records.parse_children(children.payload) if children else before.children,
            processes=processes,
            locks=_locks(block.of("lock"), block.text("steps"), before.locks) if block.first("locks") else before.locks,
        )


async def stats_of(host: HostProbe, paths: Sequence[str]) -> dict[str, FileRecord]:
    """Those of *paths* that this login sees. Raises LinkError."""
    found: dict[str, FileRecord] = {}
    for block in await host.ask(*in_batches("stat", paths)) if paths else []:
        for section in block.of("files"):
            found |= records.parse_files(section.payload)
    return found


def in_batches(verb: str, paths: Sequence[str]) -> list[tuple[str, ...]]:
    """Requests of *verb* for all of *paths*, none of them too long."""
    return [(verb, *paths[start : start + _AT_ONCE]) for start in range(0, len(paths), _AT_ONCE)]


def parse_hello(content: str) -> Hello:
    """The ``hello`` section's lines ``KEY VALUE``."""
    pairs = [line.partition(" ")[::2] for line in content.splitlines()]
    one = dict(pairs)

    def number(key: str, default: int) -> int:
        value = one.get(key, "")
        return int(value) if value.isdecimal() and len(value) < 12 else default

    return Hello(
        login=one.get("login", ""),
        hz=number("hz", 100) or 100,
        utc_offset=_utc_offset(one.get("zone", "")),
        pid=number("pid", 0),
        tools=frozenset(value for key, value in pairs if key == "tool"),
    )


def _utc_offset(zone: str) -> int | None:
    """``+0130`` in seconds."""
    match = re.fullmatch(r"([+-])(\d\d)(\d\d)", zone)
    return (1 if match[1] == "+" else -1) * (int(match[2]) * 3600 + int(match[3]) * 60) if match else None


def parse_processes(sections: Iterable[BlockSection]) -> dict[int, tuple[ProcessRecord, str]]:
    """Sections ``process PID``: a stat line, then the title."""
    found = {}
    for section in sections:
        line, _, title = records.text(section.payload).partition("\n")
        record = records.parse_process(line)
        if record is not None:
            found[record.pid] = (record, title.replace("\0", " ").strip())
    return found


def _locks(sections: Iterable[BlockSection], running: str, before: Iterable[Lock]) -> tuple[Lock, ...]:
    """What holders say of themselves after their mark: WHO SINCE APP WHAT NONCE STEPS; older ones stop sooner. *before*: what a step that
    has ended since then is remembered from."""
    locks = []
    steps = {holder: step for step, _, holder in (line.partition(" ") for line in running.split("\n"))}
    reached = {(lock.holder.pid, lock.holder.since): lock.holder.reached for lock in before}
    for section in sections:
        args = records.text(section.payload).split("\n")
        pid, _, place = section.argument.partition(" ")
        inode = place.rpartition(":")[2]
        if LOCKED not in args or not inode.isdecimal():
            continue
        who, since, app, what, _, planned = (*args[args.index(LOCKED) + 1 :], *("",) * 6)[:6]
        if since.replace(".", "", 1).isdecimal():
            holder, begun, step = int(pid) if pid.isdecimal() else 0, records.parse_time(since), safe(steps.get(f"{since} {app}", ""), 100)
            known = LockHolder(
                who=safe(who, 100),
                since=begun,
                pid=holder,
                step=step,
                reached=step or reached.get((holder, begun), SafeText("")),
                what=safe(what, 40),
                steps=_planned(planned),
            )
            locks.append(Lock(int(inode), known))
    return tuple(locks)


def _planned(words: str) -> tuple[LockedStep, ...]:
    """``preflight-fpm=preflight config:cache=rebuild``."""
    pairs = (word.partition("=") for word in words.split(" ")[:MAX_STEPS])
    return tuple(LockedStep(safe(step, 100), safe(label, 40)) for step, equals, label in pairs if equals)
