"""A program in a pseudo-terminal: what it sent and when, what it costs. Nothing is interpreted while it is measured."""

from __future__ import annotations

import os
import re
import select
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

import pyte

if TYPE_CHECKING:
    from collections.abc import Sequence

from tests.terminal import _UNDRAWABLE, Terminal


class Chunk(NamedTuple):
    """Bytes of one read, and when they came (``time.perf_counter``)."""

    at: float
    data: bytes


class Use(NamedTuple):
    """What was used in a span of time: *cpu* and *wall* in seconds, *sent* in bytes."""

    cpu: float
    wall: float
    sent: int

    @property
    def percent(self) -> float:
        """Of one core."""
        return self.cpu / self.wall * 100

    @property
    def rate(self) -> float:
        """Bytes per second."""
        return self.sent / self.wall


class Recorder(Terminal):
    """A :class:`Terminal` that keeps what comes with its time instead of drawing it."""

    def __init__(self, argv: Sequence[str], *, columns: int = 200, rows: int = 60, env: dict[str, str] | None = None) -> None:
        self.began = time.perf_counter()
        self.size = (columns, rows)
        self.chunks: list[Chunk] = []
        super().__init__(argv, columns=columns, rows=rows, env={"STALEWATCH_THEME": "", **(env or {})})

    def __enter__(self) -> Self:
        return self

    def _read(self, deadline: float) -> bool:
        ready, _, _ = select.select([self._master], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # the program is gone
            return False
        self.chunks.append(Chunk(time.perf_counter(), data))
        return True

    def record(self, seconds: float) -> Use:
        """Take what comes for so long."""
        cpu, began, first = self.cpu(), time.perf_counter(), len(self.chunks)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not self._read(end) and self.process.poll() is not None:
                raise RuntimeError(f"the program ended by itself: {self.tail()}")
        return Use(self.cpu() - cpu, time.perf_counter() - began, sum(len(chunk.data) for chunk in self.chunks[first:]))

    def until(self, pattern: str, timeout: float = 30.0) -> float:
        """Record until the raw text holds *pattern*; seconds since the start. For words that are sent in one piece."""
        end = time.monotonic() + timeout
        while not re.search(pattern, b"".join(chunk.data for chunk in self.chunks).decode("utf-8", "replace")):
            if time.monotonic() > end or (not self._read(end) and self.process.poll() is not None):
                raise RuntimeError(f"never shown: {pattern}: {self.tail()}")
        return self.chunks[-1].at - self.began

    def memory(self) -> float:
        """Resident MiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]

    def tail(self) -> str:
        """The last of what was said, without sequences."""
        raw = b"".join(chunk.data for chunk in self.chunks[-20:]).decode("utf-8", "replace")
        return re.sub(r"\x1b\[[0-9;?<>=]*[a-zA-Z]", "", raw)[-400:]

    def replay(self) -> Replay:
        """The screen from the first byte on, to be drawn after the measurement."""
        return Replay(self.chunks, *self.size)


class Replay:
    """Draws chunks one by one."""

    def __init__(self, chunks: list[Chunk], columns: int, rows: int) -> None:
        self._chunks = chunks
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._at = 0

    def until(self, moment: float) -> None:
        """Draw what came before *moment*."""
        while self._at < len(self._chunks) and self._chunks[self._at].at < moment:
            self.step()

    def step(self) -> float | None:
        """Draw one chunk more; when it came, None at the end."""
        if self._at == len(self._chunks):
            return None
        chunk = self._chunks[self._at]
        self._stream.feed(_UNDRAWABLE.sub(b"", chunk.data))
        self._at += 1
        return chunk.at

    def burst_end(self, quiet: float = 0.015) -> float:
        """When the burst that the last drawn chunk belongs to was over."""
        at = self._at - 1
        while at + 1 < len(self._chunks) and self._chunks[at + 1].at - self._chunks[at].at < quiet:
            at += 1
        return self._chunks[at].at

    @property
    def text(self) -> str:
        return "\n".join(self._screen.display)
