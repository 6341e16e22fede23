"""The dashboard: takes what the engine's board has, at most four times a second, and hands keys to screens."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

from textual import events
from textual.command import CommandPalette, Provider
from textual.message import Message

from stalewatch.dashboard.actions import BY_ID, key_name
from stalewatch.dashboard.model import Model
from stalewatch.dashboard.remembered import Remembered
from stalewatch.dashboard.screens.app_port import AppPort
from stalewatch.dashboard.screens.asking import AskingScreen
from stalewatch.dashboard.screens.base import LiveScreen
from stalewatch.dashboard.screens.fleet import FleetScreen
from stalewatch.dashboard.screens.global_actions import GlobalActions
from stalewatch.dashboard.screens.palette import ActionProvider
from stalewatch.dashboard.screens.playback_actions import PlaybackActions
from stalewatch.dashboard.screens.sizes import LEAST
from stalewatch.dashboard.screens.too_small import TooSmallScreen
from stalewatch.dashboard.shutdown import Shutdown, crash_line
from stalewatch.dashboard.terminal_guard import TerminalGuard
from stalewatch.dashboard.widgets.content import text
from stalewatch.dashboard.widgets.theme import DEFAULT, PLAIN, files, textual

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import ClassVar

    from textual.timer import Timer

    from stalewatch.dashboard.engine_port import EnginePort, Playback

PAINT_INTERVAL = 0.25
"""Seconds between two repaints that data cause."""
CALM = 1.0
"""The same while only figures move: hit rates, counts, ages."""


TYPED_TOGETHER = 0.5
"""Seconds within which keys are one word: after one that is refused, the rest of it does nothing."""


class BoardChanged(Message):
    """The board has something new (posted from the engine's thread)."""


class StalewatchApp(AppPort):
    """*title* is what the header says is watched; *now* and *monotonic* can be frozen by tests. The return value is the exit code.
    *remembered*: what an earlier run kept; a *theme* and the environment win over it.

    Whoever makes the engine starts and stops it. *painted* is called once after the first frame: what need not delay it begins there.
    *abandoned* is called, from another thread, before the process ends because its terminal took nothing. *playback*: the engine is a
    replay, whose time is that of the dashboard.
    """

    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {ActionProvider}
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "f24"  # the real one is in the table of actions
    TITLE = "stalewatch"

    def __init__(
        self,
        engine: EnginePort,
        *,
        title: str = "",
        theme: str = "",
        remembered: Remembered | None = None,
        painted: Callable[[], None] | None = None,
        abandoned: Callable[[], None] | None = None,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        playback: Playback | None = None,
    ) -> None:
        colourless = os.environ.get("NO_COLOR") is not None
        super().__init__(ansi_color=True if colourless else None)
        self.animation_level = "none"
        if playback is not None:
            now = monotonic = playback.now
        self.model = Model(engine, title, now, monotonic, playback)
        self.global_actions = GlobalActions(self)
        self.playback_actions = PlaybackActions(self)
        self.shutdown = Shutdown(self, abandoned)
        self.terminal_guard = TerminalGuard()
        for source in files().values():
            self.register_theme(textual(source))
        self._remembered = remembered or Remembered()
        self.model.view = self._remembered.view
        kept = self._remembered.theme if self._remembered.theme in files() else DEFAULT
        self.theme = self._first_theme = PLAIN if colourless else theme or os.environ.get("STALEWATCH_THEME", "") or kept
        self._after_first_frame = painted
        self._due: Timer | None = None
        self._painted = 0.0
        self._typed_at = self._refused_at = float("-inf")

    @property
    def to_remember(self) -> Remembered:
        """What the next run begins with."""
        return self._remembered.after(self.model.view, self.theme if self.theme != self._first_theme else "")

    def get_default_screen(self) -> FleetScreen:
        return FleetScreen(self.model)

    def on_mount(self) -> None:
        self.shutdown.listen()
        self.flush()
        self.model.engine.board.listen(self._told)
        self.set_interval(1.0, self._tick)
        if not self.is_headless:
            self.screen.call_after_refresh(self.terminal_guard.start)
        if self._after_first_frame is not None:
            self.screen.call_after_refresh(self._after_first_frame)

    # --------------------------------------------------------------------------------------------------------------------- data

    def _told(self) -> None:
        """From the engine's thread."""
        self.post_message(BoardChanged())

    def on_board_changed(self) -> None:
        """Paint now if the last time is long ago, else once when the beat is over."""
        if self._due is not None:
            self._due.stop()
        wait = self._painted + (PAINT_INTERVAL if self.model.engine.board.significant_change else CALM) - time.monotonic()
        if wait <= 0:
            self.flush()
        else:
            self._due = self.set_timer(wait, self.flush)

    def flush(self) -> None:
        """Take the newest and draw it."""
        if self._due is not None:
            self._due.stop()
        self._due = None
        self._painted = time.monotonic()
        if not self.screen_stack:  # it is ending: what comes now is nobody's
            return
        if self.model.fleet.update() and not self.model.view.frozen:
            self._reorder()
            self._redraw()

    def _tick(self) -> None:
        if not self.screen_stack:
            return
        if isinstance(self.screen, LiveScreen):
            self.screen.tick()
        if int(self.model.now()) % 15 == 0:  # ages are counted in quarters of a minute
            self._reorder()
            self._redraw()

    def _reorder(self) -> None:
        if isinstance(self.screen, FleetScreen) and not self.model.view.frozen:
            self.model.reorder()

    def _redraw(self) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, LiveScreen) and screen.is_current and screen.is_mounted:
                screen.redraw()
        self.global_actions.refresh()

    # --------------------------------------------------------------------------------------------------------------------- keys

    async def on_event(self, event: events.Event) -> None:
        """Every key passes here first, on its way from the terminal to what has the focus."""
        if isinstance(event, events.InputEvent | events.Paste) and not event.is_forwarded and self.screen_stack:
            if isinstance(self.screen, AskingScreen) and not self.screen.takes(event):
                return
            if isinstance(event, events.Key):
                self.last_key = event.key
                if not isinstance(self.screen, AskingScreen):
                    self._typed_at = self.key_clock.arrived(event)
        await super().on_event(event)

    def on_key(self, event: events.Key) -> None:
        """And here last, on its way up, when another screen may have opened: it is not for that one."""
        if isinstance(self.screen, AskingScreen) and not self.screen.was_aimed(event):
            event.prevent_default()

    def action_act(self, id: str) -> None:
        """Do the action *id* of the table, or say why not."""
        screen = self.screen
        if not isinstance(screen, LiveScreen):
            return
        self.model.last_key = self.model.monotonic()
        if self._typed_at - self._refused_at < TYPED_TOGETHER:
            self._refused_at = self._typed_at
            return
        screen.say("")
        action = BY_ID[id]
        if elsewhere := action.elsewhere(screen.kind):
            self._refuse(screen, f"{key_name(action.keys[0])} {action.label}: {elsewhere}")
            return
        if reason := action.disabled(self.model.context(screen.kind, screen.key)):
            self._refuse(screen, f"{action.label}: {reason}")
            return
        method = (
            screen.methods().get(id)
            or self.global_actions.methods().get(id)
            or self.playback_actions.methods().get(id)
            or self.shutdown.methods().get(id)
        )
        if method is not None:
            method()
        else:
            self._refuse(screen, f"{key_name(action.keys[0])}: there is no such section here")

    def _refuse(self, screen: LiveScreen, why: str) -> None:
        """Say *why* nothing is done. What is typed with the key was meant as a word, not as more keys."""
        self._refused_at = self._typed_at
        screen.say(why)

    def _fatal_error(self) -> None:
        """In place of Textual's pages of traceback, which nobody reads in an incident: one line. The log has the rest."""
        self.panic(text(crash_line(sys.exc_info()[1])))

    def paint_all(self) -> None:
        """The terminal lost what it showed."""
        self.refresh(layout=True)
        self.screen.refresh(layout=True)
        if isinstance(self.screen, AskingScreen):
            self.screen.redrawn()

    def unsee(self) -> None:
        """What is asked counts as unseen until it was painted again: nobody knows what a terminal shows after a stop."""
        if self.screen_stack and isinstance(self.screen, AskingScreen):
            self.screen.answers.redrawn()

    def write_escape(self, sequence: str) -> None:
        """Send an escape sequence that this program made to the terminal."""
        if self._driver is not None:
            self._driver.write(sequence)

    def open_palette(self) -> None:
        """Every action by name."""
        self.push_screen(CommandPalette(placeholder="type an action"))

    def on_resize(self, event: events.Resize) -> None:
        small = event.size.width < LEAST[0] or event.size.height < LEAST[1]
        shown = isinstance(self.screen, TooSmallScreen)
        if small and not shown:
            self.push_screen(TooSmallScreen())
        elif shown and not small:
            self.pop_screen()
