"""Keys of the program itself."""

from __future__ import annotations

from stalewatch.dashboard.actions.spec import (
    EXPLANATION,
    HELP,
    LINK,
    PLAN,
    PROGRESS,
    QUIT,
    SCREENS,
    ActionContext,
    ActionSpec,
    needs_server,
)


def _shell(context: ActionContext) -> str:
    if context.replay:
        return "this is a recording: no server is there"
    return "read-only: no shell either" if context.read_only else needs_server(context)


ROWS = (
    ActionSpec("help", ("question_mark", "f1"), "help", "show this help", "Program", footer=SCREENS, typed=("h",)),
    ActionSpec("palette", ("ctrl+p", "colon"), "palette", "find an action by name, or type it: :q :help :fix", "Program"),
    ActionSpec(
        "shell",
        ("s",),
        "shell",
        "open a shell on the selected server, with ssh; its end brings you back",
        "Program",
        typed=("ssh", "sh", "!"),
        why_not=_shell,
    ),
    ActionSpec(
        "interval",
        ("i",),
        "interval",
        "look every 2, 5, 10, 30 or 60 seconds; the header says how often",
        "Program",
        why_not=lambda context: "this is a recording: nothing looks" if context.replay else "",
    ),
    ActionSpec(
        "redraw",
        ("ctrl+l",),
        "redraw",
        "send the whole screen again, where something else has written into it",
        "Program",
        screens=SCREENS | {PLAN, PROGRESS, HELP, EXPLANATION, LINK, QUIT},
    ),
    ActionSpec("suspend", ("ctrl+z",), "suspend", "suspend to the background; fg resumes", "Program"),
    ActionSpec(
        "quit",
        ("q", "ctrl+q"),
        "quit",
        "quit (asks first while a runbook runs)",
        "Program",
        footer=SCREENS,
        typed=("q", "q!", "qa", "wq", "x", "exit"),
    ),
    ActionSpec("interrupt", ("ctrl+c",), "interrupt", "the same as q, with exit code 130", "Program"),
)
