"""What happened on the servers, as they tell it themselves: the journal, FPM's logs, the kernel, and visitors."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from tests.lab import php
from tests.lab.history.events import Command, Left, Lived, Lock, PoolRequest, Visit
from tests.lab.history.watched import NUMBERED, POOL_LOG, RUN, Watched
from tests.lab.program import ours

ACTS = ("invalidate", "keep", "settle")
TAIL, VISITS, LOOKS, JOURNAL = 0.02, 0.25, 0.5, 10.0
"""Seconds between two looks at the pool's log, two visits of one host, two looks at the processes, and two at the journal."""
CURSOR = "/run/history-cursor"
FOLLOW = f"journalctl -q -o json --cursor-file={CURSOR} --identifier=sudo --identifier=stalewatch"
LOCK = re.compile(r"(?P<run>\S+)@\S+: .+ on \S+: (?P<word>begins|over)")


class Recorder:
    """Records one host while ``running``."""

    def __init__(self, watched: Watched) -> None:
        self.watched = watched
        self.requests: list[PoolRequest] = []
        self.visits: list[Visit] = []
        self.commands: list[Command] = []
        self.locks: list[Lock] = []
        self.reloads = 0
        self._lived: dict[str, float] = {}
        self._entries: list[dict[str, Any]] = []
        self._over = threading.Event()

    @property
    def lived(self) -> list[Lived]:
        return [Lived(self.watched.name, run, last) for run, last in self._lived.items()]

    @contextmanager
    def running(self) -> Iterator[None]:
        """Record, and read what was recorded at the end."""
        host = self.watched.host
        before = self._count_reloads()
        host.run(["sh", "-c", f"rm -f {CURSOR}; {FOLLOW} -n 1"], check=False)
        with ThreadPoolExecutor(3) as threads:
            working = [threads.submit(work) for work in (self._tail, self._visit, self._look)]
            try:
                yield
            finally:
                self._over.set()
            for one in working:
                one.result()
        host.run(["journalctl", "--sync"])
        self._read_journal()
        self.commands = commands(self.watched.name, self._entries)
        self.locks = locks(self.watched.name, self._entries)
        self.reloads = self._count_reloads() - before

    def left(self, patience: float) -> list[Left]:
        """What is there of us once nobody works any more; what goes by itself has *patience* seconds."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and (ours(self.watched.host) or self.watched.locked()):
            time.sleep(0.1)
        found = [*ours(self.watched.host), *(f"a lock of {run}" for run in self.watched.locked()), *self.watched.new_files()]
        return [Left(self.watched.name, what) for what in found]

    def _count_reloads(self) -> int:
        return self.watched.host.read(f"/var/log/{php.FPM}.log").count("NOTICE: Reloading in progress")

    def _tail(self) -> None:
        path = self.watched.host.root(POOL_LOG)
        with path.open() as log:
            log.seek(0, 2)
            before, rest = time.time(), ""
            while True:
                over = self._over.wait(TAIL)
                text, now = log.read(), time.time()
                *lines, rest = (rest + text).split("\n")
                for line in lines:
                    verb, _, lasted = line.partition(" ")
                    if verb in ACTS:
                        self.requests.append(PoolRequest(self.watched.name, verb, before - float(lasted) / 1000, now))
                before = now
                if over:
                    return

    def _visit(self) -> None:
        while True:
            for what in NUMBERED:
                if self._over.wait(VISITS / len(NUMBERED)):
                    return
                self.visits.append(self.watched.visit(what))

    def _look(self) -> None:
        read = time.monotonic()
        while not self._over.wait(LOOKS):
            now = time.time()
            self._lived |= dict.fromkeys(self.watched.runs_here(), now)
            if time.monotonic() - read > JOURNAL:
                self._read_journal()
                read = time.monotonic()

    def _read_journal(self) -> None:
        """What is new in the journal, which keeps 8 MB only."""
        lines = self.watched.host.run(["sh", "-c", FOLLOW], check=False).stdout.splitlines()
        self._entries += [json.loads(line) for line in lines]


def commands(host: str, entries: Iterable[dict[str, Any]]) -> list[Command]:
    """The commands that sudo permitted and logged, in JSON."""
    begun: dict[str, Command] = {}
    for entry in entries:
        message = str(entry.get("MESSAGE"))
        if entry.get("SYSLOG_IDENTIFIER") != "sudo" or not message.startswith("@cee:"):
            continue
        event = json.loads(message.removeprefix("@cee:"))["sudo"]
        if "accept" in event:
            told = event["accept"]
            run = next((pair.removeprefix(f"{RUN}=") for pair in told["runenv"] if pair.startswith(f"{RUN}=")), "")
            begun[told["uuid"]] = Command(host, run, " ".join(told["runargv"]), _moment(told["server_time"]), None)
        elif "exit" in event and event["exit"]["uuid"] in begun:
            one = begun[event["exit"]["uuid"]]
            begun[event["exit"]["uuid"]] = Command(one.host, one.run, one.words, one.begun, _moment(event["exit"]["exit_time"]))
    return list(begun.values())


def locks(host: str, entries: Sequence[dict[str, Any]]) -> list[Lock]:
    """The locks whose holders said that they begin, and that they are over."""
    found: list[Lock] = []
    for entry in entries:
        match = LOCK.fullmatch(str(entry.get("MESSAGE"))) if entry.get("SYSLOG_IDENTIFIER") == "stalewatch" else None
        if match is None:
            continue
        at = int(entry["_SOURCE_REALTIME_TIMESTAMP"]) / 1e6
        if match["word"] == "begins":
            found.append(Lock(host, match["run"], at, None))
            continue
        open_ones = [number for number, lock in enumerate(found) if lock.run == match["run"] and lock.ended is None]
        if open_ones:
            found[open_ones[-1]] = Lock(host, match["run"], found[open_ones[-1]].begun, at)
    return found


def _moment(told: dict[str, int]) -> float:
    return told["seconds"] + told["nanoseconds"] / 1e9
