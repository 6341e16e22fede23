"""One table of keys: it feeds the bindings, the footer, the dialogs' hints, the help, the palette, README's key table and ``--read-only``.

Knows nothing of Textual. ``python -m stalewatch.dashboard.actions`` prints README's table. A new key is a row here, and a method: of a
screen's ``methods()`` under that id, or ``action_<id>`` of a dialog.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import msgspec

from stalewatch.model.report import Verdict
from stalewatch.runbook.plan import Choice

FLEET, SERVER = "fleet", "server"
PLAN, PROGRESS, HELP, QUIT, TOO_SMALL, FILTER, EXPLANATION = "plan", "progress", "help", "quit", "too-small", "filter", "explanation"
SCREENS = frozenset({FLEET, SERVER})
ONLY_FLEET, ONLY_SERVER = frozenset({FLEET}), frozenset({SERVER})
NOWHERE: frozenset[str] = frozenset()
REPLAY = "Replay"
_WHERE = {FLEET: "in the fleet", SERVER: "on a server's page"}


class ActionContext(msgspec.Struct, frozen=True):
    """What an action's reason to be disabled is judged by. *verdicts*: of the panes it would act on.

    *kept*: all of them are read-only in stalewatch.toml. *sorted_by*: the column, "" where the worst are first.
    """

    screen: str = FLEET
    read_only: bool = False
    kept: bool = False
    verdicts: tuple[Verdict, ...] = ()
    seen: bool = True
    running: bool = False
    marked: int = 0
    frozen: bool = False
    filtered: bool = False
    sorted_by: str = ""
    replay: bool = False


class ActionSpec(msgspec.Struct, frozen=True):
    """*keys*: the first is the one shown. *screens*: the screens or dialogs where it works. *footer*: screens whose last line names it.

    *acting*: opens a plan that changes servers: off with ``--read-only``. *choice*: which plan.
    *why_not*: the reason it cannot be done now, "" where it can.
    """

    id: str
    keys: tuple[str, ...]
    label: str
    help: str
    group: str
    acting: bool = False
    footer: frozenset[str] = NOWHERE
    screens: frozenset[str] = SCREENS
    choice: Choice | None = None
    why_not: Callable[[ActionContext], str] = lambda context: ""

    @property
    def in_dialog(self) -> bool:
        """Whether it works in a dialog, and on no screen."""
        return not self.screens & SCREENS

    def elsewhere(self, screen: str) -> str:
        """Where it can be done, if not on *screen*: ``only in the fleet``; "" where it can be done here."""
        return "" if screen in self.screens else f"only {' or '.join(_WHERE[other] for other in sorted(self.screens))}"

    def disabled(self, context: ActionContext) -> str:
        """Why it cannot be done now, in a few words; "" where it can."""
        if context.replay and (self.acting or self.choice is not None):
            return "this is a recording: nothing can be done on a server"
        if self.acting and context.read_only:
            return "read-only: nothing can be changed"
        if self.acting and context.kept:
            return "read_only is set in stalewatch.toml: nothing is changed here"
        return self.why_not(context)


def _acts(context: ActionContext) -> str:
    if not context.verdicts:
        return "no server is selected"
    if not context.seen:
        return "not looked at yet: nothing to plan from"
    return "a runbook is running" if context.running else ""


def _fixes(context: ActionContext) -> str:
    if reason := _acts(context):
        return reason
    if {Verdict.STALE, Verdict.SUSPECT, Verdict.PENDING} & set(context.verdicts):
        return ""
    return "not known now: v looks again" if Verdict.UNKNOWN in context.verdicts else "nothing is stale here"


def _selected(context: ActionContext) -> str:
    return "" if context.verdicts else "no server is selected"


def _marked(context: ActionContext) -> str:
    return "" if context.marked else "nothing is marked"


def _replayed(context: ActionContext) -> str:
    return "" if context.replay else "only while a recording is replayed"


def _plan(key: str, choice: Choice, help: str, why_not: Callable[[ActionContext], str] = _acts) -> ActionSpec:
    """A key that opens a plan; the action is called as the choice is."""
    name = choice.value
    return ActionSpec(name, (key,), name, help, "Runbook", acting=True, footer=SCREENS, choice=choice, why_not=why_not)


def _playback(id: str, key: str, label: str, help: str) -> ActionSpec:
    return ActionSpec(id, (key,), label, help, REPLAY, footer=SCREENS, why_not=_replayed)


def _dialog(id: str, keys: tuple[str, ...], label: str, help: str, *dialogs: str) -> ActionSpec:
    return ActionSpec(id, keys, label, help, "Dialogs", screens=frozenset(dialogs))


_RUNBOOK = (
    _plan("c", Choice.CLEAR, "open a plan that clears the existing caches"),
    _plan("b", Choice.REBUILD, "open a plan that rebuilds what was cached"),
    _plan("r", Choice.RELOAD, "open a plan that reloads PHP-FPM gracefully"),
    _plan("f", Choice.FIX, "open a plan that makes the server run the new code", _fixes),
    ActionSpec(
        "verify",
        ("v",),
        "verify",
        "look again now; changes nothing",
        "Runbook",
        footer=SCREENS,
        choice=Choice.VERIFY,
        why_not=_selected,
    ),
    ActionSpec("progress", ("o",), "progress", "show the steps of the last runbook", "Runbook"),
)
_VIEW = (
    ActionSpec(
        "open",
        ("enter",),
        "detail",
        "show everything about the selected server",
        "View",
        footer=ONLY_FLEET,
        screens=ONLY_FLEET,
        why_not=_selected,
    ),
    ActionSpec("back", ("escape",), "back", "go one step back; in the fleet: clear the filter, then the marks", "View", footer=ONLY_SERVER),
    ActionSpec(
        "filter",
        ("slash",),
        "filter",
        "show only servers that match (name, group, verdict, layer, commit; ! excludes; tab completes)",
        "View",
        footer=ONLY_FLEET,
        screens=ONLY_FLEET,
    ),
    ActionSpec(
        "mark",
        ("space",),
        "mark",
        "mark the server; c b r f v then act on the marked ones",
        "View",
        footer=ONLY_FLEET,
        screens=ONLY_FLEET,
        why_not=_selected,
    ),
    ActionSpec("unmark", ("U",), "unmark all", "remove all marks", "View", screens=ONLY_FLEET, why_not=_marked),
    ActionSpec("table", ("t",), "table/panes", "switch between panes and the table", "View", footer=ONLY_FLEET, screens=ONLY_FLEET),
    ActionSpec("group", ("z",), "groups", "group by group (or app) and environment, or do not group", "View", screens=ONLY_FLEET),
    ActionSpec("freeze", ("p",), "freeze", "freeze the screen; press again to continue live", "View", footer=SCREENS),
    ActionSpec(
        "sort_by",
        ("S",),
        "sort",
        "sort by the next column: verdict, name, stale since, deploy time, commit, hit rate, age of data",
        "View",
        footer=SCREENS,
        screens=ONLY_FLEET,
    ),
    ActionSpec("reverse", ("O",), "reverse", "reverse the sort order", "View", screens=ONLY_FLEET),
    ActionSpec(
        "worst_first", ("s",), "worst first", "sort the worst first again (also done while no key is pressed)", "View", screens=ONLY_FLEET
    ),
    ActionSpec("zone", ("u",), "time zone", "show times in the local zone, the server's, or UTC", "View"),
    ActionSpec("relative", ("d",), "ages", "show times as ages or as clock times", "View"),
    ActionSpec("theme", ("T",), "theme", "use the next theme", "View"),
    ActionSpec(
        "copy",
        ("y",),
        "copy",
        "copy as Markdown: a status (fleet), the finding under the cursor or all of them (server)",
        "View",
        footer=SCREENS,
    ),
    ActionSpec("explain", ("x",), "explain", "say what the finding under the cursor means", "View", screens=ONLY_SERVER),
    ActionSpec("log", ("L",), "log", "show the log of the selected server", "View", why_not=_selected),
)
_MOVE = (
    ActionSpec("up", ("up", "k"), "up", "the server, row or event above", "Move"),
    ActionSpec("down", ("down", "j"), "down", "the one below", "Move"),
    ActionSpec("left", ("left", "h"), "left", "the pane to the left; the previous event; the previous server", "Move"),
    ActionSpec("right", ("right", "l"), "right", "the pane to the right; the next event; the next server", "Move"),
    ActionSpec("page_up", ("pageup", "ctrl+b"), "page up", "a page up", "Move"),
    ActionSpec("page_down", ("pagedown", "ctrl+f"), "page down", "a page down", "Move"),
    ActionSpec("first", ("home", "g"), "first", "the first one", "Move"),
    ActionSpec("last", ("end", "G"), "last", "the last one", "Move"),
    ActionSpec("next_part", ("tab",), "next part", "servers or timeline; the next section", "Move"),
    ActionSpec("previous_part", ("shift+tab",), "previous part", "the previous part", "Move"),
    ActionSpec("next_finding", ("n",), "next finding", "move the cursor to the next finding", "Move", screens=ONLY_SERVER),
    ActionSpec("previous_finding", ("N",), "previous finding", "the previous finding", "Move", screens=ONLY_SERVER),
    *(ActionSpec(f"go_{n}", (str(n),), f"server {n}", f"server or section {n}", "Move") for n in range(1, 10)),
)
_TIMELINE = (
    ActionSpec("zoom_in", ("plus", "equals_sign"), "zoom in", "show a shorter time span", "Timeline", screens=ONLY_FLEET),
    ActionSpec("zoom_out", ("minus",), "zoom out", "show a longer time span", "Timeline", screens=ONLY_FLEET),
    ActionSpec("earlier", ("left_square_bracket", "less_than_sign"), "earlier", "move back in time", "Timeline", screens=ONLY_FLEET),
    ActionSpec("later", ("right_square_bracket", "greater_than_sign"), "later", "move forward in time", "Timeline", screens=ONLY_FLEET),
    ActionSpec("now", ("0",), "now", "back to now, and to the span that fits", "Timeline", screens=ONLY_FLEET),
    ActionSpec("kinds", ("e",), "kinds", "list all events, changes, errors, or actions", "Timeline", screens=ONLY_FLEET),
)
_REPLAY = (
    _playback("play", "P", "play", "play the recording, or stand still; at its end: from the beginning"),
    _playback("faster", "X", "speed", "play 1, 2, 5, 10 or 60 times as fast"),
    _playback("next_event", "full_stop", "next event", "go to when something happened next"),
    _playback("previous_event", "comma", "previous event", "go to when something happened before"),
    _playback("forward", "right_parenthesis", "+1 min", "go a minute forward"),
    _playback("rewind", "left_parenthesis", "-1 min", "go a minute back"),
)
_PROGRAM = (
    ActionSpec("help", ("question_mark", "f1"), "help", "show this help", "Program", footer=SCREENS),
    ActionSpec("palette", ("ctrl+p", "colon"), "palette", "find an action by name", "Program"),
    ActionSpec("suspend", ("ctrl+z",), "suspend", "suspend to the background; fg resumes", "Program"),
    ActionSpec("quit", ("q", "ctrl+q"), "quit", "quit (asks first while a runbook runs)", "Program", footer=SCREENS),
    ActionSpec("interrupt", ("ctrl+c",), "interrupt", "the same as q, with exit code 130", "Program"),
)
_DIALOGS = (
    _dialog("everything", ("a",), "whole sequence", "plan: the whole sequence, or only what is needed", PLAN),
    _dialog("invalidate", ("i",), "invalidate instead", "plan: invalidate scripts instead of a reload, or reload again", PLAN),
    _dialog("in_flight", ("w",), "kill requests", "plan: reload now and kill requests in flight, or wait for them", PLAN),
    _dialog("during_deploy", ("d",), "despite the deploy", "plan: also where a deploy is under way", PLAN),
    _dialog("cache_clear", ("x",), "also cache:clear", "plan: with or without cache:clear", PLAN),
    _dialog("copy_plan", ("y",), "copy", "plan: copy it as Markdown", PLAN),
    _dialog("cancel", ("escape", "n", "q", "ctrl+c"), "cancel", "plan: close it; nothing is run", PLAN),
    _dialog("hide", ("escape", "enter", "q", "o", "ctrl+c"), "hide", "progress: hide it; the runbook goes on", PROGRESS),
    _dialog("close", ("escape", "q", "ctrl+c", "question_mark", "f1"), "close", "help: close it", HELP),
    _dialog("close_explanation", ("escape", "x", "q", "ctrl+c"), "close", "explanation: close it", EXPLANATION),
    _dialog("stay", ("escape", "ctrl+c"), "stay", "quit question: stay", QUIT),
    _dialog("next_button", ("left", "right", "h", "l"), "next button", "the other button, as tab", PLAN, QUIT),
    _dialog("scroll_up", ("up", "k"), "up", "scroll up", PLAN, PROGRESS, HELP, EXPLANATION),
    _dialog("scroll_down", ("down", "j"), "down", "scroll down", PLAN, PROGRESS, HELP, EXPLANATION),
    _dialog("scroll_page_up", ("pageup",), "page up", "scroll up a page", PLAN, PROGRESS, HELP, EXPLANATION),
    _dialog("scroll_page_down", ("pagedown", "space"), "page down", "scroll down a page", PLAN, PROGRESS, HELP, EXPLANATION),
    _dialog("complete", ("tab",), "complete", "filter: complete the word", FILTER),
    _dialog("leave_small", ("q", "ctrl+c"), "quit", "terminal too small: quit", TOO_SMALL),
)
ACTIONS: tuple[ActionSpec, ...] = (*_RUNBOOK, *_VIEW, *_MOVE, *_TIMELINE, *_REPLAY, *_PROGRAM, *_DIALOGS)
SCREEN_ACTIONS = tuple(action for action in ACTIONS if not action.in_dialog)
BY_ID = {action.id: action for action in ACTIONS}

_SHOWN = {
    "question_mark": "?",
    "slash": "/",
    "plus": "+",
    "equals_sign": "=",
    "minus": "-",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "colon": ":",
    "full_stop": ".",
    "comma": ",",
    "left_parenthesis": "(",
    "right_parenthesis": ")",
    "escape": "esc",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "f1": "F1",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
}


def key_name(key: str) -> str:
    """How a key is written for people: ``?``, ``esc``, ``ctrl+p``."""
    return _SHOWN.get(key, key)


def keys_of(action: ActionSpec) -> str:
    """All keys of *action*: ``? F1``."""
    return " ".join(key_name(key) for key in action.keys)


def key_of(id: str) -> str:
    """The key that is shown for the action *id*: ``esc``."""
    return key_name(BY_ID[id].keys[0])


def actions_in(place: str) -> tuple[ActionSpec, ...]:
    """What keys do on the screen or in the dialog *place*."""
    return tuple(action for action in ACTIONS if place in action.screens)


def listed() -> list[tuple[str, str, ActionSpec]]:
    """(keys, help, action) for help and README, by group; the nine digits are one row."""
    rows: list[tuple[str, str, ActionSpec]] = []
    for group in dict.fromkeys(action.group for action in ACTIONS):
        for action in ACTIONS:
            if action.group != group or (action.id.startswith("go_") and action.id != "go_1"):
                continue
            digits = action.id == "go_1"
            rows.append(("1 … 9" if digits else keys_of(action), "that server, or that section" if digits else action.help, action))
    return rows


def markdown_table() -> str:
    """README's key table."""
    rows = ["| key | what it does | where |", "|---|---|---|"]
    for keys, words, action in listed():
        shown = " ".join(f"`{key}`" if key != "…" else key for key in keys.replace("|", "\\|").split(" "))
        rows.append(f"| {shown} | {words}{' (not with `--read-only`)' if action.acting else ''} | {action.group} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    sys.stdout.write(markdown_table())
