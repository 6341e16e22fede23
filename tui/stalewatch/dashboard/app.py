"""The dashboard: takes what the engine's board has, at most four times a second, and hands keys to screens."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

from textual import events
from textual.command import Provider
from textual.filter import NoColor
from textual.message import Message
from textual.widgets import Input

from stalewatch.dashboard.actions import BY_ID, OWN, action_on, foreign, is_bound, key_name
from stalewatch.dashboard.model import Model
from stalewatch.dashboard.remembered import Remembered
from stalewatch.dashboard.render.times import QUARTER
from stalewatch.dashboard.screens.app_port import AppPort
from stalewatch.dashboard.screens.asking import AskingScreen
from stalewatch.dashboard.screens.base import LiveScreen
from stalewatch.dashboard.screens.fleet import FleetScreen
from stalewatch.dashboard.screens.global_actions import GlobalActions
from stalewatch.dashboard.screens.key_pace import KeyPace
from stalewatch.dashboard.screens.palette import ActionPalette, ActionProvider
from stalewatch.dashboard.screens.playback_actions import PlaybackActions
from stalewatch.dashboard.screens.scroll_modal import ScrollModal
from stalewatch.dashboard.screens.shell import Shell
from stalewatch.dashboard.screens.sizes import LEAST
from stalewatch.dashboard.screens.too_small import TooSmallScreen
from stalewatch.dashboard.screens.typed_ahead import TypedAhead
from stalewatch.dashboard.shutdown import Shutdown, crash_line
from stalewatch.dashboard.terminal_colours import from_terminfo, terminal_colours
from stalewatch.dashboard.terminal_driver import BackgroundTold, TerminalDriver, set_depth
from stalewatch.dashboard.terminal_guard import TerminalGuard
from stalewatch.dashboard.widgets.content import text
from stalewatch.dashboard.widgets.theme import PLAIN, file, first_known, textual

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import ClassVar

    from textual.timer import Timer

    from stalewatch.dashboard.engine_port import EnginePort, Playback
    from stalewatch.timeline.incident import IncidentStory

PAINT_INTERVAL = 0.25
"""Seconds between two repaints that data cause."""
CALM = 1.0
"""The same while only figures move: hit rates, counts, ages."""


TYPED_TOGETHER = 0.5
"""Seconds within which keys are one word: after one that is refused, the rest of it does nothing."""

REFUSAL = 3.0
"""Seconds that it is said why a key was refused, unless another one is pressed."""


class BoardChanged(Message):
    """The board has something new (posted from the engine's thread)."""


class StalewatchApp(AppPort):
    """*title* is what the header says is watched; *now* and *monotonic* can be frozen by tests. The return value is the exit code.
    *theme*: of the command line; it wins over the environment, that over what an earlier run *remembered*, that over what the terminal is.

    Whoever makes the engine starts and stops it. *painted* is called once after the first frame: what need not delay it begins there.
    *abandoned* is called, from another thread, before the process ends because its terminal took nothing. *playback*: the engine is a
    replay, whose time is that of the dashboard. *recording*: the file that this is recorded in, "" where it is not.
    *report* writes the report of an incident. *acting*: what acts in place of a dashboard that only watches ("": `stalewatch fix`).
    """

    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {ActionProvider}
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "f24"  # the real one is in the table of actions
    TITLE = "stalewatch"
    # The icon is an emoji, whose width terminals disagree about; with the terminal's own colours a button of one row would be all border.
    CSS = "CommandPalette SearchIcon { display: none; } ScrollModal Button, ScrollModal Button:disabled { border: none !important; }"

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
        recording: str = "",
        report: Callable[[IncidentStory], str] = lambda _: "",
        acting: str = "",
    ) -> None:
        self._terminal = terminal_colours(os.environ, from_terminfo)
        colourless = not self._terminal.number
        super().__init__(driver_class=TerminalDriver, ansi_color=True if colourless else None)
        if colourless and not self.no_color:
            self._filters.append(NoColor())
        set_depth(self.console, self._terminal.number)
        self.animation_level = "none"
        if playback is not None:
            now = monotonic = playback.now
        self.set_keymap({name: ",".join(keys) for name, keys in OWN.items()})
        self.model = Model(engine, title, now, monotonic, playback, recording, report, acting)
        self.global_actions = GlobalActions(self)
        self.playback_actions = PlaybackActions(self)
        self.shutdown = Shutdown(self, abandoned)
        self.shell = Shell(self, self.shutdown)
        self.terminal_guard = TerminalGuard()
        self._remembered = remembered or Remembered()
        ui, self._first_interval = engine.fleet.ui, engine.interval
        self.model.view = self._begun = self._remembered.view(ui)
        chosen = first_known(theme, os.environ.get("STALEWATCH_THEME", ""), self._remembered.theme, ui.theme)
        self._theme_by_itself = not chosen and not colourless
        self._first_theme = PLAIN if colourless else chosen or self._terminal.theme
        self.wear(self._first_theme)
        self._ahead = TypedAhead()
        self.key_pace = KeyPace()
        self._after_first_frame = painted
        self._told_already = False
        self._due: Timer | None = None
        self._painted = 0.0
        self._typed_at = self._refused_at = float("-inf")

    @property
    def to_remember(self) -> Remembered:
        """What the next run begins with."""
        theme, interval = self.theme, self.model.engine.interval
        chosen = interval if interval != self._first_interval else None
        return self._remembered.after(self._begun, self.model.view, theme if theme != self._first_theme else "", chosen)

    def get_default_screen(self) -> FleetScreen:
        return FleetScreen(self.model)

    def on_mount(self) -> None:
        self.shutdown.listen()
        self.flush()
        self.model.engine.board.listen(self._told)
        self.set_interval(1.0, self._tick)
        if not self.is_headless:
            self.screen.call_after_refresh(self.terminal_guard.start)
        if self._theme_by_itself and self._terminal.asks and isinstance(self._driver, TerminalDriver):
            self.screen.call_after_refresh(self._driver.ask_background)
        if self._after_first_frame is not None:
            self.screen.call_after_refresh(self._after_first_frame)

    def on_background_told(self, event: BackgroundTold) -> None:
        """The theme follows, unless a key chose another one meanwhile."""
        if self._theme_by_itself and self.theme == self._first_theme:
            self._first_theme = self._terminal._replace(light=event.light).theme
            self.wear(self._first_theme)

    def wear(self, theme: str) -> None:
        self.register_theme(textual(file(theme)))  # also in the place of one of Textual's own that has its name
        self.theme = theme

    # --------------------------------------------------------------------------------------------------------------------- data

    def _told(self) -> None:
        """From the engine's thread."""
        if not self._told_already:  # while a shell has the terminal nobody takes messages
            self._told_already = True
            self.post_message(BoardChanged())

    def on_board_changed(self) -> None:
        """Paint now if the last time is long ago, else once when the beat is over."""
        self._told_already = False
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

    def draw(self) -> None:
        """The newest, and what the time alone changes."""
        self.flush()
        self._draw_again()

    def _draw_again(self) -> None:
        self.model.fleet.take_again()
        self._reorder()
        self._redraw()

    def _tick(self) -> None:
        if not self.screen_stack:
            return
        self.model.fleet.note_again()
        if isinstance(self.screen, LiveScreen):
            self.screen.tick()
        if int(self.model.now()) % QUARTER == 0:
            self._draw_again()

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
                    self.key_pace.came(self._typed_at)
                    if self.shell.was_not_meant():
                        return
                if self._ahead.holds(event) or self._searches(event):
                    return
                if self._is_for_palette(event):
                    self._ahead.begin(event)
        await super().on_event(event)

    def _searches(self, event: events.Key) -> bool:
        """Whether it was a key of a search. Its box is open before the next key is looked at, or a word would reach the keys."""
        if isinstance(self.focused, Input) or not isinstance(self.screen, LiveScreen | ScrollModal):
            return False
        return self.screen.takes_key(event.key)

    def _is_for_palette(self, event: events.Key) -> bool:
        return isinstance(self.screen, LiveScreen) and self.focused is None and event.key in BY_ID["palette"].keys

    def on_key(self, event: events.Key) -> None:
        """And here last, on its way up, when another screen may have opened: it is not for that one."""
        if self._ahead.is_for(event):
            event.prevent_default()
            self.action_act("palette")
            if not isinstance(self.screen, ActionPalette):
                self._ahead.taken()
            return
        if isinstance(self.screen, AskingScreen) and not self.screen.was_aimed(event):
            event.prevent_default()
        elif isinstance(self.screen, LiveScreen) and self.focused is None and not is_bound(event.key) and not self._is_of_refused_word():
            self.refuse(foreign.told(event.key))

    def _is_of_refused_word(self) -> bool:
        """Whether the key that was just typed belongs to a word whose begin was refused."""
        belongs = self._typed_at - self._refused_at < TYPED_TOGETHER
        if belongs:
            self._refused_at = self._typed_at
        return belongs

    def action_act(self, id: str) -> None:
        """Do the action *id* of the table, or say why not."""
        screen = self.screen
        if not isinstance(screen, LiveScreen):
            return
        self.model.last_key = self.model.monotonic()
        if self._is_of_refused_word():
            return
        screen.say("")
        action = action_on(screen.kind, id)
        if elsewhere := action.elsewhere(screen.kind):
            self.refuse(f"{key_name(action.keys[0])} {action.label}: {elsewhere}")
            return
        if (action.acting or action.id in ("mark", "shell")) and screen.key is None and (come := self.model.has_just_come()):
            self.refuse(f"{action.label}: {come} has just come here by itself; press it again")
            return
        if reason := action.disabled(self.model.context(screen.kind, screen.key)):
            self.refuse(f"{action.label}: {reason}")
            return
        method = (
            screen.methods().get(action.id)
            or self.global_actions.methods().get(action.id)
            or self.playback_actions.methods().get(action.id)
            or self.shutdown.methods().get(action.id)
            or self.shell.methods().get(action.id)
        )
        if method is not None:
            method()
        else:
            self.refuse(f"{key_name(action.keys[0])}: there is no such section here")

    def refuse(self, why: str) -> None:
        """Say *why* nothing is done. What is typed with the key was meant as a word, not as more keys."""
        screen = self.screen
        self._refused_at = self._typed_at
        if isinstance(screen, LiveScreen):
            screen.say(why)
            self.set_timer(REFUSAL, lambda: screen.footer.forget(why))

    def _fatal_error(self) -> None:
        """In place of Textual's pages of traceback, which nobody reads in an incident: one line. The log has the rest."""
        self.panic(text(crash_line(sys.exc_info()[1])))

    def hint(self, words: str) -> None:
        """Say *words* in the footer until the next key."""
        if isinstance(self.screen, LiveScreen):
            self.screen.say(words)

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
        self.push_screen(ActionPalette(self._palette_ready))

    async def _palette_ready(self) -> None:
        """It gets what was typed for it before it was there."""
        for event in self._ahead.taken():
            await super().on_event(event)

    def on_resize(self, event: events.Resize) -> None:
        small = event.size.width < LEAST[0] or event.size.height < LEAST[1]
        shown = isinstance(self.screen, TooSmallScreen)
        if small and not shown:
            self.push_screen(TooSmallScreen(self.shutdown.leave_unasked))
        elif shown and not small:
            self.pop_screen()
