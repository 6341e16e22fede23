"""What every dialog that asks has in common: nothing can be answered that was not seen."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events
from textual.widgets import Input

from stalewatch.dashboard.actions import BY_ID
from stalewatch.dashboard.screens.answer_guard import AnswerGuard, InputOutcome, On
from stalewatch.dashboard.screens.paced import taken
from stalewatch.dashboard.screens.scroll_modal import Answer, ScrollModal

if TYPE_CHECKING:
    from textual.widget import Widget

    from stalewatch.dashboard.screens.app_port import AppPort

LOOKS = 0.05
"""Seconds between two looks at whether answers count by now."""
RETREATS = frozenset(BY_ID["cancel"].keys) & frozenset(BY_ID["stay"].keys)
"""Keys that answer no in every dialog that asks, at any time."""
ANSWERS = ("enter", "n", "q")
"""Other keys that answer, or press the button that is in focus."""


class AskingScreen(ScrollModal[Answer]):
    """*ACTS* is the id of the button that acts. Whoever changes what is asked calls :meth:`redrawn`."""

    ACTS: ClassVar[str] = ""

    def __init__(self) -> None:
        super().__init__()
        self._port = cast("AppPort", self.app)
        self._clock = self._port.key_clock
        self.answers = AnswerGuard(self._port.last_key)
        self._frame = 0
        self._aimed: deque[tuple[events.Key, Widget | None]] = deque(maxlen=64)
        self._click_refused = False

    def on_mount(self) -> None:
        self.set_interval(LOOKS, self.look)

    def on_screen_resume(self) -> None:
        self.redrawn()

    def on_screen_suspend(self) -> None:
        self.answers.redrawn()

    def on_resize(self) -> None:
        self.redrawn()

    def on_descendant_focus(self) -> None:
        self.answers.moved()
        self._paint()

    def redrawn(self) -> None:
        """What is asked has changed, or the terminal may have lost it: it counts as unseen until it was painted."""
        self.answers.redrawn()
        self._paint()

    def _paint(self) -> None:
        self._frame += 1
        # Twice: the first time the rows learn their size, the second time they are drawn in it.
        self.call_after_refresh(self.call_after_refresh, self._painted, self._frame)

    def _painted(self, frame: int) -> None:
        if frame != self._frame or not self.is_current:
            return
        if self.is_behind or not taken(self._port):
            self.set_timer(LOOKS, lambda: self._painted(frame))
            return
        self.answers.painted(self._clock.now())
        self.look()

    def look(self) -> None:
        """Say which answers count by now."""
        now = self._clock.now()
        acts = self.focused is not None and self.focused.id == self.ACTS
        self.tell(self.answers.is_open(now), acts and self.answers.is_settled(now))

    def tell(self, is_open: bool, runs: bool) -> None:
        """*is_open*: answers count; *runs*: Enter would act."""

    def pasted(self) -> None:
        """Something was pasted, and does not count."""

    @property
    def may_act(self) -> bool:
        """Whether the acting button may do so: what it would do has been seen."""
        return self.answers.is_open(self._clock.now())

    @property
    def _focus(self) -> On:
        return On.TEXT if isinstance(self.focused, Input) else On.BUTTON

    # ---------------------------------------------------------------------------------------------------------------- what comes

    def takes(self, event: events.Event) -> bool:
        """Whether *event*, on its way here from the terminal, may go on."""
        at = self._clock.arrived(event)
        if isinstance(event, events.MouseDown):
            self._click_refused = not self.answers.is_open(at)
        if isinstance(event, events.MouseDown | events.MouseUp | events.Click):
            return not self._click_refused
        if isinstance(event, events.Paste):
            if self.search_bar.is_typing:
                return True
            outcome = self.answers.paste(at)
        elif isinstance(event, events.Key):
            outcome = self.answers.key(event.key, at, self._focus, types=event.is_printable, answers=event.key in ANSWERS)
            if event.key in RETREATS or (self.search_bar.is_typing and event.is_printable):
                outcome = InputOutcome.TAKEN
        else:
            return True
        if outcome is InputOutcome.PASTED:
            self.pasted()
        elif outcome is InputOutcome.TAKEN and isinstance(event, events.Key):
            self._aimed.append((event, self.focused))
        return outcome is InputOutcome.TAKEN

    def was_aimed(self, event: events.Key) -> bool:
        """Whether *event* was let in here, and for what has the focus now where it is an answer.

        One that was typed before may still come up from the screen below; and a Tab before it may have moved the focus since.
        """
        return any(known is event and (event.key not in ANSWERS or on is self.focused) for known, on in self._aimed)
