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

    @property
    def interval(self) -> float:
        """Seconds from one look at a server to the next; 0 where nothing looks."""
        ...

    def plan(self, keys: Sequence[AppKey], request: Request) -> Plan:
        """What *request* would do to these panes, from the latest reports."""
        ...

    def still_valid(self, plan: Plan) -> bool:
        """Whether the evidence of *plan* is still what the board shows."""
        ...

    def run(self, plan: Plan) -> Future[dict[AppKey, Status]]:
        """Execute a confirmed plan; progress arrives on the board."""
        ...

    def look_every(self, seconds: float) -> None:
        """Look at each server every *seconds*; takes effect at once."""
        ...

    def look(self, keys: Sequence[AppKey]) -> None:
        """Look again, now; also reconnects."""
        ...


class Playback(Protocol):
    """What screens may ask of a replay: where it is, and to go elsewhere. Nothing blocks."""

    @property
    def begun(self) -> float:
        """When the recording begins."""
        ...

    @property
    def end(self) -> float:
        """When it ends."""
        ...

    @property
    def going(self) -> bool:
        """Whether it plays."""
        ...

    @property
    def ended(self) -> bool:
        """Whether it is at its end."""
        ...

    @property
    def speed(self) -> int:
        """How many times as fast as it was."""
        ...

    def now(self) -> float:
        """The recording's time, epoch seconds."""
        ...

    def toggle(self) -> None:
        """Play, or stand still."""
        ...

    def faster(self) -> None:
        """The next speed."""
        ...

    def seek(self, at: float) -> None:
        """Go to *at*."""
        ...

    def next_event(self) -> bool:
        """Go to the next event; False where there is none."""
        ...

    def previous_event(self) -> bool:
        """Go to the event before; False where there is none."""
        ...
