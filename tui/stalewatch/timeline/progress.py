"""Steps of a runbook -> events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from stalewatch.model.text import SafeText, safe
from stalewatch.timeline.event import Event, EventKind

if TYPE_CHECKING:
    from collections.abc import Mapping

OPERATOR = "operator"
"""Who did it, where no name is told."""
SAME_RUN = 300
"""Seconds: what one step says within them is one event, whose words follow its status."""


class ProgressLike(Protocol):
    """What is needed of :class:`stalewatch.runbook.plan.Progress`, which lies to the right of the timeline."""

    @property
    def server(self) -> str: ...
    @property
    def app(self) -> SafeText: ...
    @property
    def step(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def evidence(self) -> Mapping[str, SafeText]: ...
    @property
    def at(self) -> float: ...


def from_progress(progress: ProgressLike, who: str = OPERATOR) -> Event:
    """One line of progress of a runbook by *who*; the lines of one step (waiting, running, done) are one event that changes."""
    proof = next(iter(progress.evidence.values()), "")
    what = f"{progress.step}: {progress.status}" + (f" ({proof})" if proof else "")
    return Event(
        at=progress.at,
        server=progress.server,
        app=progress.app,
        kind=EventKind.ACTION,
        source=who,
        what=safe(what, 200),
        key=f"action:{progress.step}:{int(progress.at // SAME_RUN)}|{progress.server}|{progress.app}",
    )
