"""Keys that move the cursor."""

from __future__ import annotations

from stalewatch.dashboard.actions.spec import NOT_LOG, ONLY_SERVER, ActionSpec

ROWS = (
    ActionSpec("up", ("up", "k"), "up", "the server, row or event above", "Move"),
    ActionSpec("down", ("down", "j"), "down", "the one below", "Move"),
    ActionSpec("left", ("left", "h"), "left", "the pane to the left; the previous event; the previous server", "Move"),
    ActionSpec("right", ("right", "l"), "right", "the pane to the right; the next event; the next server", "Move"),
    ActionSpec("page_up", ("pageup", "ctrl+b"), "page up", "a page up", "Move"),
    ActionSpec("page_down", ("pagedown", "ctrl+f"), "page down", "a page down", "Move"),
    ActionSpec("half_page_up", ("ctrl+u",), "half a page up", "half a page up", "Move"),
    ActionSpec("half_page_down", ("ctrl+d",), "half a page down", "half a page down", "Move"),
    ActionSpec("line_up", ("ctrl+y",), "scroll up", "scroll up a line; the cursor stays where it can", "Move"),
    ActionSpec("line_down", ("ctrl+e",), "scroll down", "scroll down a line; the cursor stays where it can", "Move"),
    ActionSpec("first", ("home", "g"), "first", "the first one", "Move"),
    ActionSpec("last", ("end", "G"), "last", "the last one", "Move"),
    ActionSpec("next_part", ("tab",), "next part", "servers or timeline; the next section", "Move", screens=NOT_LOG),
    ActionSpec("previous_part", ("shift+tab",), "previous part", "the previous part", "Move", screens=NOT_LOG),
    ActionSpec(
        "next_finding",
        ("n",),
        "next",
        "the next match of a search, else finding (server), alarm (log), server not fresh, or error (fleet)",
        "Move",
    ),
    ActionSpec("previous_finding", ("N",), "previous", "the same, backwards", "Move"),
    ActionSpec(
        "next_link",
        ("right_square_bracket",),
        "next link",
        "the next link of the chain from a request to the code; the broken one first",
        "Move",
        screens=ONLY_SERVER,
    ),
    ActionSpec("previous_link", ("left_square_bracket",), "previous link", "the link before", "Move", screens=ONLY_SERVER),
    *(ActionSpec(f"go_{n}", (str(n),), f"server {n}", f"server or section {n}", "Move", screens=NOT_LOG) for n in range(1, 10)),
)
