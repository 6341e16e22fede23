"""What screens may ask of an engine. Everything is thread-safe and nothing blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from stalewatch.engine.board import Board
    from stalewatch.model.inventory import AppKey, Fleet
    from stalewatch.runbook.plan import Plan, Request, Status


class EnginePort(Protocol):
    """:class:`stalewatch.engine.engine.Engine`, a replay, or a test's."""

    @property
    def board(self) -> Board: ...

    @property
    def read_only(self) -> bool: ...

    @property
    def fleet(self) -> Fleet: ...

    def plan(self, keys: Sequence[AppKey], request: Request) -> Plan:
        """What *request* would do to these panes, from the latest reports."""
        ...

    def still_valid(self, plan: Plan) -> bool:
        """Whether the evidence of *plan* is still what the board shows."""
        ...

    def run(self, plan: Plan) -> Future[dict[AppKey, Status]]:
        """Execute a confirmed plan; progress arrives on the board."""
        ...

    def look(self, keys: Sequence[AppKey]) -> None:
        """Look again, now; also reconnects."""
        ...
