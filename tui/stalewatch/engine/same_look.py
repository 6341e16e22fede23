"""Whether a look told anything new. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model.replace import replace
from stalewatch.model.snapshot import HostFacts, RuntimeFacts

if TYPE_CHECKING:
    from stalewatch.model.report import Report
    from stalewatch.model.unseen import Unseen


def says_the_same(before: Report, after: Report) -> bool:
    """Whether *after* tells what *before* did: all is equal but the moments at which it was looked. What moves with every look where
    anybody uses the application is compared first."""
    was, now = before.snapshot, after.snapshot
    return (
        was is not None
        and now is not None
        and _runtime(was.runtime, now.runtime)
        and _host(was.host, now.host)
        and replace(now, observed_at=was.observed_at, host=was.host, runtime=was.runtime) == was
        and replace(after, observed_at=before.observed_at, snapshot=was) == before
    )


def _runtime(was: RuntimeFacts | Unseen, now: RuntimeFacts | Unseen) -> bool:
    if was is now or not isinstance(was, RuntimeFacts) or not isinstance(now, RuntimeFacts):
        return was is now or was == now
    return replace(now, asked_at=was.asked_at) == was


def _host(was: HostFacts | Unseen, now: HostFacts | Unseen) -> bool:
    if was is now or not isinstance(was, HostFacts) or not isinstance(now, HostFacts):
        return was is now or was == now
    return replace(now, now=was.now, slow_at=was.slow_at) == was
