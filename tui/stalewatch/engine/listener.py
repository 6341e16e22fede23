"""Who is told everything that an engine sees and does, when it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalewatch.diagnosis.memory import Memory
    from stalewatch.model.report import Report
    from stalewatch.model.snapshot import Snapshot, Unseen
    from stalewatch.runbook.plan import Plan, Progress
    from stalewatch.timeline import Event
    from stalewatch.transport.link import ConnectStep


class Listener:
    """This one keeps nothing; others override what they want to know. Called in the engine's loop: nothing may block."""

    def judged(self, memory: Memory, snapshot: Snapshot, after: Memory) -> None:
        """A look at one app was judged with *memory*, which it made *after*. It need not be shown: a runbook looks too."""

    def connecting(self, server: str, step: ConnectStep) -> None:
        """A step of connecting begins."""

    def seen(self, server: str, reports: Sequence[Report], took: float) -> None:
        """A look at all apps of *server* is shown; *reports* are not compared with other servers yet."""

    def failed(self, server: str, error: Unseen, retry_in: float | None) -> None:
        """There is no look now. *retry_in*: seconds until it is tried again (None: not by itself)."""

    def happened(self, events: Sequence[Event]) -> None:
        """The timeline is told this."""

    def planned(self, plan: Plan) -> None:
        """A confirmed plan begins."""

    def progressed(self, progress: Progress) -> None:
        """One line of progress of a runbook."""


NOBODY = Listener()
