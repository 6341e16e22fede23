"""Keys for the log."""

from __future__ import annotations

from stalewatch.dashboard.actions.spec import NOT_LOG, ONLY_LOG, ActionSpec, needs_server


def _row(id: str, keys: tuple[str, ...], label: str, help: str) -> ActionSpec:
    return ActionSpec(id, keys, label, help, "Log", footer=ONLY_LOG, screens=ONLY_LOG)


ROWS = (
    ActionSpec("log", ("L",), "log", "show the log of the selected server, newest line last", "Log", screens=NOT_LOG, why_not=needs_server),
    _row("follow", ("F",), "follow", "follow the end of the log, or stop; scrolling up stops it, G goes on"),
    _row("only", ("ampersand",), "filter", "show only lines that match; an empty pattern shows all again"),
    _row("wrap", ("w",), "wrap", "show long lines in several rows, or cut them"),
    _row("traces", ("e",), "traces", "unfold stack traces and other lines under a log line, or fold them"),
)
