"""One table of actions: it feeds the bindings, the footer, the help, the palette, README's key table and ``--read-only``.

Knows nothing of Textual. ``python -m stalewatch.dashboard.actions`` prints README's table.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NamedTuple

from stalewatch.model.report import Verdict
from stalewatch.runbook.plan import Choice

FLEET, SERVER = "fleet", "server"
EVERYWHERE = frozenset({FLEET, SERVER})
NOWHERE: frozenset[str] = frozenset()
_WHERE = {FLEET: "in the fleet", SERVER: "on a server's page"}


class ActionContext(NamedTuple):
    """What an action's reason to be disabled is judged by. *verdicts*: of the panes it would act on.

    *ordered*: by which column, "" where it is worst first.
    """

    screen: str = FLEET
    read_only: bool = False
    verdicts: tuple[Verdict, ...] = ()
    seen: bool = True
    running: bool = False
    marked: int = 0
    frozen: bool = False
    filtered: bool = False
    ordered: str = ""


class Action(NamedTuple):
    """*keys*: the first is the one shown. *footer*: screens whose last line names it.

    *why_not*: the reason it cannot be done now, "" where it can.
    """

    id: str
    keys: tuple[str, ...]
    label: str
    help: str
    group: str
    acting: bool = False
    footer: frozenset[str] = NOWHERE
    screens: frozenset[str] = EVERYWHERE
    choice: Choice | None = None
    why_not: Callable[[ActionContext], str] = lambda context: ""

    def elsewhere(self, screen: str) -> str:
        """Where it is to be done, if not on *screen*: ``only in the fleet``; "" where it can be done here."""
        return "" if screen in self.screens else f"only {' or '.join(_WHERE[other] for other in sorted(self.screens))}"

    def disabled(self, context: ActionContext) -> str:
        """Why it cannot be done now, in a few words; "" where it can."""
        if self.acting and context.read_only:
            return "read-only: nothing is changed from here"
        return self.why_not(context)


def _acts(context: ActionContext) -> str:
    if not context.verdicts:
        return "no server is selected"
    if not context.seen:
        return "not seen yet: there is nothing to plan from"
    return "a runbook is running" if context.running else ""


def _fixes(context: ActionContext) -> str:
    if reason := _acts(context):
        return reason
    bad = {Verdict.STALE, Verdict.SUSPECT, Verdict.PENDING}
    return "" if bad & set(context.verdicts) else "nothing is stale here"


def _selected(context: ActionContext) -> str:
    return "" if context.verdicts else "no server is selected"


def _marked(context: ActionContext) -> str:
    return "" if context.marked else "nothing is marked"


ACTIONS: tuple[Action, ...] = (
    Action(
        "clear", ("c",), "clear", "plan to clear the caches that exist", "Runbook", True, EVERYWHERE, choice=Choice.CLEAR, why_not=_acts
    ),
    Action(
        "rebuild", ("b",), "rebuild", "plan to rebuild what was cached", "Runbook", True, EVERYWHERE, choice=Choice.REBUILD, why_not=_acts
    ),
    Action(
        "reload", ("r",), "reload", "plan a graceful reload of PHP-FPM", "Runbook", True, EVERYWHERE, choice=Choice.RELOAD, why_not=_acts
    ),
    Action("fix", ("f",), "fix", "plan whatever makes it run the new code", "Runbook", True, EVERYWHERE, choice=Choice.FIX, why_not=_fixes),
    Action(
        "verify",
        ("v",),
        "verify",
        "look again now (changes nothing)",
        "Runbook",
        False,
        EVERYWHERE,
        choice=Choice.VERIFY,
        why_not=_selected,
    ),
    Action("progress", ("o",), "progress", "show the steps of the runbook", "Runbook"),
    Action(
        "open",
        ("enter",),
        "detail",
        "everything about the selected server",
        "Look",
        False,
        EVERYWHERE,
        frozenset({FLEET}),
        why_not=_selected,
    ),
    Action(
        "back",
        ("escape",),
        "back",
        "one step back; in the fleet: clear the filter, then the marks",
        "Look",
        False,
        frozenset({SERVER}),
        EVERYWHERE,
    ),
    Action(
        "filter",
        ("slash",),
        "filter",
        "show only servers that match (name, group, verdict, layer, commit; ! negates; tab completes)",
        "Look",
        False,
        EVERYWHERE,
        frozenset({FLEET}),
    ),
    Action(
        "mark",
        ("space",),
        "mark",
        "mark a server: c b r f v act on the marked ones",
        "Look",
        False,
        EVERYWHERE,
        frozenset({FLEET}),
        why_not=_selected,
    ),
    Action("unmark", ("U",), "unmark all", "take all marks away", "Look", screens=frozenset({FLEET}), why_not=_marked),
    Action("table", ("t",), "table/panes", "switch between panes and the dense table", "Look", False, EVERYWHERE, frozenset({FLEET})),
    Action(
        "group",
        ("z",),
        "groups",
        "group by group (or app) and environment, or only the worst first",
        "Look",
        screens=frozenset({FLEET}),
    ),
    Action("freeze", ("p",), "freeze", "freeze what is shown; again: go on live", "Look", footer=EVERYWHERE),
    Action(
        "order",
        ("S",),
        "order by",
        "order by the next column: verdict, name, stale since, deploy time, commit, hit rate, age of data",
        "Look",
        footer=EVERYWHERE,
        screens=frozenset({FLEET}),
    ),
    Action("reverse", ("O",), "reverse order", "the same column the other way round", "Look", screens=frozenset({FLEET})),
    Action(
        "sort", ("s",), "worst first", "put the worst first again (done by itself when it is quiet)", "Look", screens=frozenset({FLEET})
    ),
    Action("zone", ("u",), "time zone", "times: local, the server's, UTC", "Look"),
    Action("relative", ("d",), "ages", "times as ages or as clock times", "Look"),
    Action("theme", ("T",), "theme", "the next theme", "Look"),
    Action(
        "copy",
        ("y",),
        "copy",
        "copy as Markdown: a status (fleet), the finding under the cursor or all of them (server), the plan (dialog)",
        "Look",
        footer=EVERYWHERE,
    ),
    Action("up", ("up", "k"), "up", "the server, row or event above", "Move"),
    Action("down", ("down", "j"), "down", "the one below", "Move"),
    Action("left", ("left", "h"), "left", "the pane to the left; the event before; the server before", "Move"),
    Action("right", ("right", "l"), "right", "the pane to the right; the event after; the server after", "Move"),
    Action("page_up", ("pageup", "ctrl+b"), "page up", "a page up", "Move"),
    Action("page_down", ("pagedown", "ctrl+f"), "page down", "a page down", "Move"),
    Action("first", ("home", "g"), "first", "the first one", "Move"),
    Action("last", ("end", "G"), "last", "the last one", "Move"),
    Action("next_part", ("tab",), "next part", "servers or timeline; the next section", "Move"),
    Action("previous_part", ("shift+tab",), "part before", "the part before", "Move"),
    Action("next_finding", ("n",), "next finding", "the cursor to the next finding", "Move", screens=frozenset({SERVER})),
    Action("previous_finding", ("N",), "finding before", "the finding before", "Move", screens=frozenset({SERVER})),
    *(Action(f"go_{n}", (str(n),), f"server {n}", f"the {n}. server or section", "Move") for n in range(1, 10)),
    Action("zoom_in", ("plus", "equals_sign"), "zoom in", "a shorter span of time", "Timeline", screens=frozenset({FLEET})),
    Action("zoom_out", ("minus",), "zoom out", "a longer span of time", "Timeline", screens=frozenset({FLEET})),
    Action(
        "earlier",
        ("left_square_bracket", "less_than_sign"),
        "earlier",
        "move the window to the past",
        "Timeline",
        screens=frozenset({FLEET}),
    ),
    Action(
        "later", ("right_square_bracket", "greater_than_sign"), "later", "move the window to now", "Timeline", screens=frozenset({FLEET})
    ),
    Action("now", ("0",), "now", "back to now and the span that fits", "Timeline", screens=frozenset({FLEET})),
    Action("kinds", ("e",), "kinds", "which events are listed: all, changes, errors, actions", "Timeline", screens=frozenset({FLEET})),
    Action("log", ("L",), "log", "the log of the selected server", "Look", why_not=_selected),
    Action("help", ("question_mark", "f1"), "help", "this help", "Program", footer=EVERYWHERE),
    Action("palette", ("ctrl+p", "colon"), "palette", "every action by name", "Program"),
    Action("suspend", ("ctrl+z",), "suspend", "to the background; fg comes back", "Program"),
    Action("quit", ("q", "ctrl+q"), "quit", "leave (asks while a runbook runs)", "Program", footer=EVERYWHERE),
    Action("interrupt", ("ctrl+c",), "interrupt", "the same as q, exit code 130", "Program"),
)
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


def keys_of(action: Action) -> str:
    """All keys of *action*: ``? F1``."""
    return " ".join(key_name(key) for key in action.keys)


def listed() -> list[tuple[str, str, Action]]:
    """(keys, help, action) for help and README, by group; the nine digits are one row."""
    rows: list[tuple[str, str, Action]] = []
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
        rows.append(f"| {shown} | {words}{' (acts: not with `--read-only`)' if action.acting else ''} | {action.group} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    sys.stdout.write(markdown_table())
