"""The first line: what is watched, its verdicts, and the clock. The clock is a widget of its own: it changes each second."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.dashboard.render.header_lines import Heading, header_line
from stalewatch.dashboard.render.lines import Line, Span, beside, line
from stalewatch.dashboard.widgets.lines_view import LinesView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalewatch.dashboard.render.times import Clock


class HeaderView(LinesView):
    """The header without its clock."""

    def __init__(self) -> None:
        super().__init__(id="header")
        self._heading: Heading | None = None

    def show(self, heading: Heading) -> None:
        if heading != self._heading or not self.lines:
            self._heading = heading
            self.redraw()

    def build(self, width: int, height: int) -> Sequence[Line]:
        return [header_line(self._heading, width)] if self._heading else ()


class ClockView(LinesView):
    """``13:02:11 CEST``."""

    def __init__(self) -> None:
        super().__init__(id="clock")
        self._clock: Clock | None = None

    def show(self, clock: Clock) -> None:
        self._clock = clock
        self.redraw()

    def build(self, width: int, height: int) -> Sequence[Line]:
        if self._clock is None:
            return ()
        clock = self._clock
        words = f"{clock.hms(clock.now)} {clock.zone_name} "
        words = words if len(words) <= width else f"{clock.tick(clock.now)} {clock.zone_name} "
        return [beside(Line((), "band"), line(Span(words, "band")), width, role="band")]
