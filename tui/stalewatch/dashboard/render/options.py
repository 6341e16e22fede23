"""How a pane, a row of the table or a page is drawn now."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stalewatch.dashboard.render.names import Shared
from stalewatch.dashboard.render.times import Clock

if TYPE_CHECKING:
    from stalewatch.dashboard.render.log_lines import LogSummary
    from stalewatch.model.alarm import Alarm
    from stalewatch.model.cause import Cause


class RenderOptions(NamedTuple):
    """How a pane is drawn now: *monotonic* seconds for waiting times, *threshold* of the hit rate, *log*: what its logs say, *alarm*: what
    is worse there than any verdict, *cause*: what explains the verdict, *told*: the sentence above has said so and there is no room to say
    it twice, *shared*: what the names of all servers have in common."""

    clock: Clock
    monotonic: float
    focused: bool = False
    marked: bool = False
    threshold: float = 0.85
    log: LogSummary | None = None
    alarm: Alarm | None = None
    cause: Cause | None = None
    told: bool = False
    shared: Shared = Shared()
