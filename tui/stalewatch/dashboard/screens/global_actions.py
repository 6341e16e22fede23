"""What actions do that are the same on every screen: plans, looks, copies, and how things are shown.

The other screens are imported when they are opened: the first frame need not wait for them.
"""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from stalewatch.dashboard import clipboard
from stalewatch.dashboard.actions import ACTIONS
from stalewatch.dashboard.render import markdown, osc52
from stalewatch.dashboard.render.pane_lines import verdict_of
from stalewatch.dashboard.render.times import Zone
from stalewatch.dashboard.widgets.theme import files
from stalewatch.model import figures
from stalewatch.model.fixing import InFlight
from stalewatch.model.replace import replace
from stalewatch.model.report import Verdict
from stalewatch.model.text import safe
from stalewatch.runbook.plan import Choice, Request
from stalewatch.timeline import EventKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stalewatch.dashboard.render.channel_lines import EndedRunbook
    from stalewatch.dashboard.screens.app_port import AppPort
    from stalewatch.dashboard.screens.base import LiveScreen
    from stalewatch.dashboard.screens.help import HelpScreen
    from stalewatch.dashboard.screens.log import LogScreen
    from stalewatch.dashboard.screens.progress import ProgressScreen
    from stalewatch.dashboard.screens.server import ServerScreen
    from stalewatch.dashboard.view import View
    from stalewatch.engine.board import Pane
    from stalewatch.runbook.plan import Plan
    from stalewatch.timeline import Event

LOGGED = (EventKind.ERROR, EventKind.REASSURE)
"""Events that are lines of a log."""


INTERVALS = (2.0, 5.0, 10.0, 30.0, 60.0)
"""Seconds from one look to the next that a key goes through."""


class GlobalActions:
    """What these actions do, for every screen."""

    def __init__(self, app: AppPort) -> None:
        self._app = app
        self._model = app.model

    def methods(self) -> Mapping[str, Callable[[], None]]:
        plans = {action.id: partial(self.ask, action.choice) for action in ACTIONS if action.choice and action.acting}
        return {
            **plans,
            "verify": self.verify,
            "progress": self.progress,
            "open": self.open,
            "back": self.back,
            "log": self.log,
            "freeze": self.freeze,
            "zone": self.zone,
            "relative": lambda: self._see(replace(self._model.view, relative=not self._model.view.relative)),
            "theme": self.theme,
            "interval": self.interval,
            "copy": self.copy,
            "report": self.report,
            "help": self.help,
            "redraw": self._app.paint_all,
        }

    @property
    def _screen(self) -> LiveScreen:
        from stalewatch.dashboard.screens.base import LiveScreen

        return next(screen for screen in reversed(self._app.screen_stack) if isinstance(screen, LiveScreen))

    def _push(self, screen: HelpScreen | LogScreen | ProgressScreen | ServerScreen) -> None:
        self._app.push_screen(screen)

    def _see(self, view: View) -> None:
        self._model.view = view
        self._screen.redraw()

    # ----------------------------------------------------------------------------------------------------------------- runbook

    def ask(self, choice: Choice | None) -> None:
        """Open the plan for the targets. A frozen screen goes live again: nobody should confirm an old picture."""
        from stalewatch.dashboard.screens.confirm import ConfirmScreen

        if choice is None:
            return
        if self._model.view.frozen:
            self._model.freeze()
            self._screen.redraw()
        keys = [pane.key for pane in self._model.targets(self._screen.key)]
        wanted = self._model.engine.fleet.fixing
        gentle = wanted.in_flight if choice is Choice.FIX or wanted.in_flight is not InFlight.INVALIDATE else InFlight.WAIT
        request = Request(choice=choice, in_flight=gentle, in_flight_wait=wanted.in_flight_wait)
        self._app.push_screen(ConfirmScreen(self._model, keys, request, self.copied), self._confirmed)

    def _confirmed(self, plan: Plan | None) -> None:
        from stalewatch.dashboard.screens.progress import ProgressScreen, run_of

        if plan is None:
            return
        self._model.note_before(plan)
        try:
            future = self._model.engine.run(plan)
        except PermissionError as refused:
            self._screen.say(str(refused))
            return
        self._model.fleet.runs.append((plan, future))
        self._model.view = replace(self._model.view, marked=frozenset())
        self._push(ProgressScreen(self._model, partial(run_of, self._model, plan), self.copy_result))

    def verify(self) -> None:
        """Look again at the targets; no confirmation, also read-only."""
        panes = self._model.targets(self._screen.key)
        self._model.engine.look([pane.key for pane in panes])
        self._screen.say("looking again at " + ", ".join(pane.server for pane in panes[:6]) + ("…" if len(panes) > 6 else ""))

    def progress(self) -> None:
        """Somebody else's runbook on the server in focus, else the last one that was started here, else anybody's."""
        from stalewatch.dashboard.screens.progress import ProgressScreen, TheirRun, run_of

        fleet, runs = self._model.fleet, self._model.fleet.runs
        locks = [(pane.key, lock) for pane in fleet.latest.panes if (lock := fleet.lock_of_others(pane)) is not None]
        focused = {pane.key for pane in self._model.targets(self._screen.key)}
        held = next((held for held in locks if held[0] in focused), None) or (locks[0] if locks and not runs else None)
        if held is not None:
            self._push(ProgressScreen(self._model, TheirRun(self._model, *held)))
        elif runs:
            self._push(ProgressScreen(self._model, partial(run_of, self._model, runs[-1][0]), self.copy_result))
        else:
            self._screen.say("no runbook has run yet")

    def refresh(self) -> None:
        """Whatever lies above a live screen and shows live values."""
        if len(self._app.screen_stack) > 1:
            from stalewatch.dashboard.screens.progress import ProgressScreen

            if isinstance(self._app.screen, ProgressScreen):
                self._app.screen.redraw()

    # ------------------------------------------------------------------------------------------------------------------ looking

    def help(self) -> None:
        """Every key, and what the signs mean."""
        from stalewatch.dashboard.screens.help import HelpScreen

        self._push(HelpScreen(self._model))

    def open(self, section: str = "") -> None:
        """The detail of the selected server."""
        from stalewatch.dashboard.screens.server import ServerScreen

        here = self._screen
        if isinstance(here, ServerScreen):
            here.go(section)
            return
        event = self._model.timeline.cursor()
        if event is not None and event.kind in LOGGED:
            self.log(event)
            return
        chosen = self._model.selected()
        if chosen is not None:
            self._push(ServerScreen(self._model, chosen.key, section))

    def log(self, event: Event | None = None) -> None:
        """The log of the server that is shown or selected; at the line that *event* tells of."""
        from stalewatch.dashboard.screens.log import LogScreen

        chosen = self._model.selected()
        key = self._screen.key or (chosen.key if chosen is not None else None)
        if event is not None:
            key = (event.server, event.app)
        if key is not None:
            self._push(LogScreen(self._model, key, self.copied, event))

    def back(self) -> None:
        if len(self._app.screen_stack) > 1:
            self._app.pop_screen()

    def freeze(self) -> None:
        self._model.freeze()
        self._screen.redraw()

    def zone(self) -> None:
        zones = list(Zone)
        following = zones[(zones.index(self._model.view.zone) + 1) % len(zones)]
        self._see(replace(self._model.view, zone=following))
        self._screen.say(f"times: {following.value}")

    def interval(self) -> None:
        """The next longer one; after the longest the shortest."""
        engine = self._model.engine
        seconds = next((each for each in INTERVALS if each > engine.interval), INTERVALS[0])
        engine.look_every(seconds)
        self._screen.redraw()
        self._screen.say(f"looks every {seconds:g} s")

    def theme(self) -> None:
        names = list(files())
        at = names.index(self._app.theme) if self._app.theme in names else -1
        self._app.wear(names[(at + 1) % len(names)])
        self._app.screen.refresh(layout=False)
        self._screen.say(f"theme: {files()[self._app.theme].label}")

    # ------------------------------------------------------------------------------------------------------------------ copying

    def copy(self) -> None:
        """The finding under the cursor; after a fix what it came to; all findings of the server that is shown; a status of the fleet."""
        from stalewatch.dashboard.screens.server import ServerScreen

        screen, clock = self._screen, self._model.clock()
        pane = self._model.pane(screen.key) if screen.key else None
        chosen = screen.finding if isinstance(screen, ServerScreen) else None
        ended = self._ended(pane) if chosen is None else None
        if ended is not None:
            screen.say(self._fixed(ended))
        elif pane is not None and pane.report is not None:
            what = "the finding" if chosen else "all findings"
            screen.say(self.copied(markdown.findings(pane.report, clock, chosen), what))
        else:
            screen.say(self.copied(markdown.status(self._model.panes(), clock, self._model.title), "the status"))

    def _ended(self, shown: Pane | None) -> EndedRunbook | None:
        """What the last runbook came to: of the server that is *shown*, or that the cursor is on, once it is not stale any more; of any,
        once none is."""
        pane, fleet = shown or self._model.selected(), self._model.fleet
        own = fleet.last_ended(pane.key) if pane is not None and verdict_of(pane) is not Verdict.STALE else None
        return own if own is not None or shown is not None or self._model.is_stale else fleet.last_ended()

    def copy_result(self) -> str:
        """What the last runbook came to, for the channel; says what became of it."""
        ended = self._model.fleet.last_ended()
        if ended is None:
            return "not over yet: there is no result to copy"
        return self._fixed(ended)

    def _fixed(self, ended: EndedRunbook) -> str:
        from stalewatch.dashboard.render.channel_lines import channel

        return self.copied(channel(ended, self._model.shown.panes, self._model.clock(), self._model.title), "what was fixed")

    def report(self) -> None:
        """The incident as it was seen from here."""
        self._screen.say(self.copied(self._model.incident_report(), "the report"))

    def copied(self, text: str, what: str = "the plan") -> str:
        """Copy *text*, and say what it was, and where it is if nothing here took it."""
        kept = clipboard.copy(text, self._app.write_escape)
        if (size := len(text.encode())) > osc52.ROOM:
            return f"{what} has {figures.size(size)}, too long for a terminal: it is in {kept or 'no file (none can be written)'}"
        if kept and clipboard.is_doubtful(os.environ):
            doubt = f"a clipboard behind tmux or screen (TERM={safe(os.environ['TERM'], 30)}) may not get it"
            return f"{what}, {figures.count(text.count(chr(10)), 'line')}, in {kept}; {doubt}"
        also = f"; also in {kept}" if kept else " (if the terminal supports OSC 52)"
        return f"copied {what}, {figures.count(text.count(chr(10)), 'line')}{also}"
