"""Which runbooks are under way, ours and other people's, as the header and refused keys say it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stalewatch.dashboard.render.lines import middle_crop
from stalewatch.runbook.plan import Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stalewatch.model.inventory import AppKey
    from stalewatch.runbook.plan import Plan, Progress, ServerPlan, Step

NAME = 20
"""Cells of a server's name in the first line."""


class Running(NamedTuple):
    """A runbook that is under way on *server*: *what* for, step *number* (0: not told) *of* how many, by *who* ("" it is ours)."""

    what: str
    server: str
    number: int = 0
    of: int = 0
    who: str = ""

    @property
    def sign(self) -> str:
        """Ours, or somebody else's."""
        return "★" if self.who else "▸"

    @property
    def words(self) -> str:
        """``fix web1 2/5``; ``anna@laptop: fix web1 2/5``."""
        return f"{self.who}: {self.short}" if self.who else self.short

    @property
    def short(self) -> str:
        """Without who."""
        return f"{self.what} {self.shortest}"

    @property
    def shortest(self) -> str:
        """``web1 2/5``."""
        server = middle_crop(self.server, NAME)
        return f"{server} {self.number}/{self.of}" if self.number else server


def step_of(plan: Plan, progress: Mapping[AppKey, Sequence[Progress]]) -> tuple[ServerPlan, Step, int] | None:
    """Which step of *plan* runs now, on which server, the how manyeth of that server's."""
    for server in plan.servers:
        latest = {item.step: item.status for item in progress.get(server.key, ())}
        for number, step in enumerate(server.steps, 1):
            if latest.get(step.id) is Status.RUNNING:
                return server, step, number
    return None


def ours(plan: Plan, progress: Mapping[AppKey, Sequence[Progress]]) -> Running:
    """The runbook of *plan*, which was started here."""
    at = step_of(plan, progress)
    if at is None:
        first = next((server.server for server in plan.servers if server.runnable), plan.servers[0].server if plan.servers else "")
        return Running(plan.request.choice.value, first)
    server, _, number = at
    return Running(plan.request.choice.value, server.server, number, len(server.steps))
