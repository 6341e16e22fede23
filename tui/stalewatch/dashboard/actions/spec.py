"""What a row of the table of keys is, and what its reason to be off is judged by."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from stalewatch.model.report import Verdict
from stalewatch.runbook.plan import Choice

FLEET, SERVER, LOG = "fleet", "server", "log"
PLAN, PROGRESS, HELP, QUIT, TOO_SMALL, FILTER, EXPLANATION = "plan", "progress", "help", "quit", "too-small", "filter", "explanation"
SEARCH = "search"
LINK = "link"
PALETTE = "palette"
SCREENS = frozenset({FLEET, SERVER, LOG})
ONLY_FLEET, ONLY_SERVER, ONLY_LOG = frozenset({FLEET}), frozenset({SERVER}), frozenset({LOG})
NOT_LOG = frozenset({FLEET, SERVER})
NOWHERE: frozenset[str] = frozenset()
REPLAY = "Replay"
_WHERE = {FLEET: "in the fleet", SERVER: "on a server's page", LOG: "in the log"}

OWN: dict[str, tuple[str, ...]] = {}
"""Keys of one's own, by action: set once, before anything is drawn."""


class ActionContext(msgspec.Struct, frozen=True):
    """What an action's reason to be disabled is judged by. *verdicts*: of the panes it would act on.

    *kept*: all of them are read-only in stalewatch.toml. *held*: who else runs a runbook on all of them, and how far it is. *down*:
    PHP-FPM is down on all of them. *barred*: the host key of all of them changed, so nothing is done there. *alarm*: the word of what is
    worse than old code on one; *ends*: what is typed against it. *stepless*: a fix would do nothing on any of them. *sorted_by*: the
    column, "" where the worst are first.
    """

    screen: str = FLEET
    read_only: bool = False
    kept: bool = False
    held: str = ""
    down: bool = False
    barred: bool = False
    alarm: str = ""
    ends: str = ""
    stepless: bool = False
    verdicts: tuple[Verdict, ...] = ()
    seen: bool = True
    running: bool = False
    marked: int = 0
    frozen: bool = False
    filtered: bool = False
    sorted_by: str = ""
    replay: bool = False


class ActionSpec(msgspec.Struct, frozen=True):
    """*usual*: its keys where nobody chose others; the first is the one shown. *screens*: the screens or dialogs where it works.

    *footer*: screens whose last line names it.
    *fixed*: what it does that its keys are the same on every machine, "" where they may be changed.
    *typed*: what may also be typed for it after ``:``, besides its id and its label.
    *acting*: opens a plan that changes servers: off with ``--read-only``. *choice*: which plan.
    *why_not*: the reason it cannot be done now, "" where it can.
    """

    id: str
    usual: tuple[str, ...]
    label: str
    help: str
    group: str
    acting: bool = False
    footer: frozenset[str] = NOWHERE
    screens: frozenset[str] = SCREENS
    fixed: str = ""
    choice: Choice | None = None
    typed: tuple[str, ...] = ()
    why_not: Callable[[ActionContext], str] = lambda context: ""

    def is_called(self, words: str) -> bool:
        """Whether *words*, typed after ``:``, are one of its names."""
        typed = " ".join(words.lower().replace("_", " ").split())
        return typed in (self.id.replace("_", " "), self.label.lower(), *self.typed)

    @property
    def keys(self) -> tuple[str, ...]:
        """Its own ones of whoever runs this, else the usual ones."""
        return OWN.get(self.id, self.usual)

    @property
    def in_dialog(self) -> bool:
        """Whether it works in a dialog, and on no screen."""
        return not self.screens & SCREENS

    def elsewhere(self, screen: str) -> str:
        """Where it can be done, if not on *screen*: ``only in the fleet``; "" where it can be done here."""
        return "" if screen in self.screens else f"only {' or '.join(_WHERE[other] for other in sorted(self.screens) if other in _WHERE)}"

    def disabled(self, context: ActionContext) -> str:
        """Why it cannot be done now, in a few words; "" where it can."""
        if context.replay and (self.acting or self.choice is not None):
            return "this is a recording: nothing can be done on a server"
        if self.acting and context.read_only:
            return "read-only: nothing can be changed"
        if self.acting and context.kept:
            return "read_only is set in stalewatch.toml: nothing is changed here"
        if self.acting and context.held:
            return context.held
        return self.why_not(context)


def needs_server(context: ActionContext) -> str:
    """Why an action on the selected server cannot be done."""
    return "" if context.verdicts else "no server is selected"
