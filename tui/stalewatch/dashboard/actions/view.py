"""Keys for what is shown, in which order and how."""

from __future__ import annotations

from stalewatch.dashboard.actions.spec import LOG, ONLY_FLEET, ONLY_SERVER, SCREENS, SERVER, ActionContext, ActionSpec, needs_server


def _marked(context: ActionContext) -> str:
    return "" if context.marked else "nothing is marked"


def _sort(by: str, key: str, column: str, help: str = "") -> ActionSpec:
    words = help or f"sort by {column}; again: the other way round"
    return ActionSpec(f"sort_{by}", (key,), f"by {column}", words, "View", screens=ONLY_FLEET)


ROWS = (
    ActionSpec(
        "open",
        ("enter",),
        "detail",
        "show everything about the selected server; on an error in the timeline: its line in the log; on a runbook: its steps",
        "View",
        footer=ONLY_FLEET,
        screens=ONLY_FLEET,
        why_not=needs_server,
    ),
    ActionSpec(
        "unfold",
        ("enter",),
        "open",
        "open what the cursor is on: the evidence of a finding (again: fold it), or a link of the chain",
        "View",
        screens=ONLY_SERVER,
    ),
    ActionSpec(
        "evidence", ("e",), "evidence", "unfold the evidence of all findings, or fold it", "View", footer=ONLY_SERVER, screens=ONLY_SERVER
    ),
    ActionSpec(
        "back",
        ("escape",),
        "back",
        "go one step back; in the fleet: clear the filter, then the marks",
        "View",
        footer=frozenset({SERVER, LOG}),
    ),
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
        "mark the server; plans and looks are then for all that are marked",
        "View",
        footer=ONLY_FLEET,
        screens=ONLY_FLEET,
        why_not=needs_server,
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
    _sort("worst", "V", "verdict", "sort the worst first (also done while no key is pressed); again: the other way round"),
    _sort("name", "A", "name"),
    _sort("since", "B", "stale since"),
    _sort("deploy", "D", "deploy time"),
    _sort("commit", "C", "commit"),
    _sort("rate", "H", "hit rate"),
    _sort("age", "M", "age of data"),
    ActionSpec("zone", ("u",), "time zone", "show times in the local zone, the server's, or UTC", "View"),
    ActionSpec("relative", ("d",), "ages", "show times as ages or as clock times", "View"),
    ActionSpec("theme", ("T",), "theme", "use the next theme", "View"),
    ActionSpec(
        "copy",
        ("y",),
        "copy",
        "copy as Markdown: after a fix what it came to; else a status (fleet), the finding under the cursor or all of them (server)",
        "View",
        footer=SCREENS,
    ),
    ActionSpec("report", ("Y",), "report", "copy the report of the incident as it was seen from here (as stalewatch report)", "View"),
    ActionSpec("explain", ("x",), "explain", "say what the finding under the cursor means", "View", screens=ONLY_SERVER),
)
