"""README's table of keys."""

from __future__ import annotations

from stalewatch.dashboard.actions.table import listed


def markdown_table() -> str:
    """README's key table."""
    rows = ["| key | what it does | where |", "|---|---|---|"]
    for keys, words, action in listed():
        shown = " ".join(f"`{key}`" if key != "…" else key for key in keys.replace("|", "\\|").split(" "))
        rows.append(f"| {shown} | {words}{' (not with `--read-only`)' if action.acting else ''} | {action.group} |")
    return "\n".join(rows) + "\n"
