"""What actions do that are the same on every screen: plans, looks, copies, and how things are shown.

The other screens are imported when they are opened: the first frame need not wait for them.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from stalewatch.dashboard import clipboard
from stalewatch.dashboard.actions import ACTIONS
from stalewatch.dashboard.render import markdown
from stalewatch.dashboard.render.times import Zone
from stalewatch.dashboard.widgets.theme import files
from stalewatch.model import figures
from stalewatch.model.fixing import InFlight
from stalewatch.model.replace import replace
from stalewatch.runbook.plan import Choice, Request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stalewatch.dashboard.screens.app_port import AppPort
    from stalewatch.dashboard.screens.base import LiveScreen
    from stalewatch.dashboard.screens.help import HelpScreen
    from stalewatch.dashboard.screens.progress import ProgressScreen
    from stalewatch.dashboard.screens.server import ServerScreen
    from stalewatch.dashboard.view import View
    from stalewatch.runbook.plan import Plan


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
            "log": partial(self.open, "log"),
            "freeze": self.freeze,
            "zone": self.zone,
            "relative": lambda: self._see(replace(self._model.view, relative=not self._model.view.relative)),
            "theme": self.theme,
            "copy": self.copy,
            "help": self.help,
        }

    @property
    def _screen(self) -> LiveScreen:
        from stalewatch.dashboard.screens.base import LiveScreen

        return next(screen for screen in reversed(self._app.screen_stack) if isinstance(screen, LiveScreen))

    def _push(self, screen: HelpScreen | ProgressScreen | ServerScreen) -> None:
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
        from stalewatch.dashboard.screens.progress import ProgressScreen

        if plan is None:
            return
        try:
            future = self._model.engine.run(plan)
        except PermissionError as refused:
            self._screen.say(str(refused))
            return
        self._model.fleet.runs.append((plan, future))
        self._model.view = replace(self._model.view, marked=frozenset())
        self._push(ProgressScreen(self._model, plan))

    def verify(self) -> None:
        """Look again at the targets; no confirmation, also read-only."""
        panes = self._model.targets(self._screen.key)
        self._model.engine.look([pane.key for pane in panes])
        self._screen.say("looking again at " + ", ".join(pane.server for pane in panes[:6]) + ("…" if len(panes) > 6 else ""))

    def progress(self) -> None:
        """The last runbook that was started here."""
        from stalewatch.dashboard.screens.progress import ProgressScreen

        if self._model.fleet.runs:
            self._push(ProgressScreen(self._model, self._model.fleet.runs[-1][0]))
        else:
            self._screen.say("no runbook has run yet")

    def refresh(self) -> None:
        """Whatever lies above a live screen and shows live values."""
        if not self._model.fleet.runs:
            return
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
        chosen = self._model.selected()
        if chosen is not None:
            self._push(ServerScreen(self._model, chosen.key, section))

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

    def theme(self) -> None:
        names = list(files())
        at = names.index(self._app.theme) if self._app.theme in names else -1
        self._app.theme = names[(at + 1) % len(names)]
        self._app.screen.refresh(layout=False)
        self._screen.say(f"theme: {files()[self._app.theme].label}")

    # ------------------------------------------------------------------------------------------------------------------ copying

    def copy(self) -> None:
        """The finding under the cursor, all findings of the server that is shown, or a status of the fleet."""
        from stalewatch.dashboard.screens.server import ServerScreen

        screen, clock = self._screen, self._model.clock()
        pane = self._model.pane(screen.key) if screen.key else None
        if pane is not None and pane.report is not None:
            chosen = screen.finding if isinstance(screen, ServerScreen) else None
            what = "the finding" if chosen else "all findings"
            screen.say(self.copied(markdown.findings(pane.report, clock, chosen), what))
        else:
            screen.say(self.copied(markdown.status(self._model.panes(), clock, self._model.title), "the status"))

    def copied(self, text: str, what: str = "the plan") -> str:
        """Copy *text*, and say what it was, and where it is if nothing here took it."""
        kept = clipboard.copy(text, self._app.write_escape)
        also = f"; also in {kept}" if kept else " (if the terminal supports OSC 52)"
        return f"copied {what}, {figures.count(text.count(chr(10)), 'line')}{also}"
