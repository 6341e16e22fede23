"""``stalewatch metrics`` as Prometheus meets it."""

from __future__ import annotations

import http.client
import re
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from tests.terminal import STALEWATCH

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE = 10.0
"""Seconds that Prometheus waits for a scrape."""


class Exporter(NamedTuple):
    """A running one: the port that it listens on, and its process."""

    port: int
    pid: int


class Answer(NamedTuple):
    """What a scrape got, and how long it waited for it in seconds."""

    status: int
    text: str
    took: float

    def value(self, series: str) -> float | None:
        """Of the first series that has this name and these labels; None: it is not there."""
        name, _, labels = series.removesuffix("}").partition("{")
        for line in self.text.splitlines():
            if line.startswith(name + "{") and all(label in line for label in labels.split(",")):
                return float(line.rpartition(" ")[2])
        return None


@contextmanager
def exporter(config: Path, targets: list[str], *options: str) -> Iterator[Exporter]:
    """``stalewatch metrics`` of *targets* of this ssh_config. It ends by SIGTERM, with 0 and without a word."""
    argv = [*STALEWATCH, "metrics", *targets, "-F", str(config), "--listen", "127.0.0.1:0", *options]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = re.search(r":(\d+)/metrics", process.stderr.readline())
        assert said
        try:
            yield Exporter(int(said[1]), process.pid)
        finally:
            process.terminate()
            assert process.wait(20) == 0
            assert process.stderr.read() == ""


def get(port: int, path: str = "/metrics") -> Answer:
    """One scrape."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    began = time.monotonic()
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return Answer(answer.status, answer.read().decode(), time.monotonic() - began)
    finally:
        connection.close()
