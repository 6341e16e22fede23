"""What ``check --wait`` says on stderr meanwhile: what it waits for, whenever that changes, and how it ended."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from stalewatch.cli.streams import tell
from stalewatch.model import figures
from stalewatch.model.report import Layer, Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stalewatch.model.report import Report

MOST = 5
"""Servers that one line names."""


class WaitingLines:
    """Speaks only once there is something to wait for."""

    def __init__(self, seconds: float) -> None:
        self._begun = time.monotonic()
        self._seconds = seconds
        self._said: list[str] = []

    def wait_for(self, reports: Iterable[Report]) -> None:
        """*reports*: those that keep the program waiting."""
        awaited = [_words(report) for report in reports]
        if awaited == self._said:
            return
        left = max(0.0, self._begun + self._seconds - time.monotonic())
        lead = f"{figures.span(left)} left" if self._said else f"waiting up to {self._seconds:g} s"
        self._said = awaited
        tell(f"stalewatch: {lead}: {figures.several(awaited, MOST)}\n")

    def end(self, *, fresh: bool) -> None:
        """Nothing is waited for any more."""
        if self._said:
            tell(f"stalewatch: {'fresh' if fresh else 'not fresh'} after {figures.span(time.monotonic() - self._begun)}\n")


def _words(report: Report) -> str:
    """``web1 shop (opcache stale, views pending)``."""
    where = f"{report.server} {report.name}" if report.app else report.server
    return f"{where} ({', '.join(_why(report)) or report.verdict})"


def _why(report: Report) -> Iterator[str]:
    unknown = report.verdict is Verdict.UNKNOWN and report.errors
    for layer in Layer:
        verdict = report.layers.get(layer, Verdict.UNKNOWN)
        if verdict.rank >= Verdict.PENDING.rank and not (unknown and verdict is Verdict.UNKNOWN):
            yield f"{layer} {verdict}"
    if unknown or report.verdict.rank <= Verdict.FRESH.rank:
        yield from dict.fromkeys(error.code for error in report.errors)
    for finding in report.findings:
        if finding.verdict in (Verdict.FRESH, Verdict.ABSENT) and finding.severity is not Severity.INFO:
            yield finding.code
