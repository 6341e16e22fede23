"""The sections of the server screen: pure functions of (Report, Clock, width) to lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stalewatch.dashboard.render.sections import bytecode, caches, pool, processes, verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from stalewatch.dashboard.render.lines import Line
    from stalewatch.dashboard.render.times import Clock
    from stalewatch.model.report import Report


class Section(NamedTuple):
    """*name* is what a key jumps to."""

    name: str
    title: str
    draw: Callable[[Report, Clock, int], list[Line]]


SECTIONS = (
    Section("verdict", "Verdict, and why", verdict.lines),
    Section("caches", "Files against caches", caches.lines),
    Section("bytecode", "Bytecode against disk", bytecode.lines),
    Section("workers", "Workers", processes.lines),
    Section("pool", "Pool and OPcache configuration", pool.lines),
)
"""The log, which is made of events, comes after these."""
