"""The operators: each runs one real ``stalewatch fix`` after the other, with a key, a name and an audit log of its own."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import msgspec

from tests.lab import Lab, etc_files
from tests.lab.history.events import Run, Sent
from tests.lab.history.watched import NUMBERED, Watched
from tests.terminal import STALEWATCH

LONGEST = 150.0
"""Seconds after which a run that does not end is killed, and said to have not ended."""


class Operator:
    """Runs fixes until it is told to stop. *directory* is its own: keys, configuration, audit log."""

    def __init__(self, name: str, lab: Lab, fleet: Sequence[Watched], directory: Path) -> None:
        self.name = name
        self.runs: list[Run] = []
        self._lab = lab
        self._fleet = fleet
        self._directory = directory
        self._running: tuple[str, subprocess.Popen[str]] | None = None
        directory.mkdir()

    def work(self, arguments: Sequence[tuple[str, ...]], pauses: Sequence[float], over: threading.Event) -> None:
        """One fix after the other until *over*."""
        for words, pause in zip(itertools.cycle(arguments), itertools.cycle(pauses), strict=False):
            if over.wait(pause):
                return
            self.fix(*words)

    def fix(self, *arguments: str) -> Run:
        """One ``stalewatch fix --yes`` of the whole fleet, and what is served after it."""
        name = f"{self.name}-{len(self.runs) + 1}"
        config = self._identity(name)
        targets = [watched.name for watched in self._fleet]
        argv = [*STALEWATCH, "fix", "--yes", "--format", "json", *arguments, *targets, "--ssh-config", str(config)]
        environment = {**os.environ, "XDG_STATE_HOME": str(self._directory), "LOGNAME": name}
        begun = time.time()
        process = subprocess.Popen(
            argv, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self._running = (name, process)
        try:
            out, err = process.communicate(timeout=LONGEST)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            err += f"\nit did not end within {LONGEST:g} s"
        self._running = None
        ended = time.time()
        served = self._served() if process.returncode == 0 else {}
        lines = list(_lines(out))
        run = Run(
            name,
            self.name,
            arguments,
            begun,
            ended,
            process.returncode,
            err,
            {line["server"]: _moment(line["at"]) for line in reversed(lines) if line["step"] == "verify" and line["status"] == "running"},
            {line["server"]: line["status"] for line in lines if line["step"] == "result"},
            served,
        )
        self.runs.append(run)
        return run

    def signal(self, run: str, number: signal.Signals) -> bool:
        """Send a signal to the program of *run*; whether it still runs."""
        running = self._running
        if running is None or running[0] != run or running[1].poll() is not None:
            return False
        with suppress(ProcessLookupError):
            running[1].send_signal(number)
        return True

    def sent(self) -> list[Sent]:
        """What its audit log holds."""
        file = self._directory / "stalewatch" / "audit.log"
        entries = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        return pair_up(entries)

    def _identity(self, run: str) -> Path:
        """An ssh_config with a key of its own, by which sshd knows the run."""
        key = self._directory / f"{run}.key"
        public = etc_files.new_key(key, run)
        for watched in self._fleet:
            watched.let_in(run, public)
        config = self._directory / f"{run}.config"
        config.write_text(self._lab.ssh_config.read_text().replace(str(self._lab.key), str(key)))
        return config

    def _served(self) -> dict[str, Mapping[str, int]]:
        found = {watched.name: {what: watched.visit(what).number for what in NUMBERED} for watched in self._fleet}
        return {host: {what: number for what, number in numbers.items() if number is not None} for host, numbers in found.items()}


def pair_up(entries: Sequence[dict[str, object]]) -> list[Sent]:
    """Every ``send`` with the last ``outcome`` of its step that came after it."""
    sent: list[Sent] = []
    for entry in entries:
        run, host, step = str(entry["who"]).partition("@")[0], str(entry["server"]), str(entry["step"])
        at = msgspec.convert(entry["at"], float)
        if entry["event"] == "send":
            sent.append(Sent(run, host, step, str(entry["command"]), at))
            continue
        known = (number for number, one in reversed(list(enumerate(sent))) if (one.run, one.host, one.step) == (run, host, step))
        if (number := next(known, None)) is not None:
            one = sent[number]
            sent[number] = Sent(run, host, step, one.command, one.at, at, str(entry["status"]))
    return sent


def _lines(out: str) -> list[dict[str, str]]:
    """The program's lines; a run that was killed may have written half of one."""
    found = []
    for line in out.splitlines():
        with suppress(ValueError):
            found.append(json.loads(line))
    return [line for line in found if "step" in line]


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
