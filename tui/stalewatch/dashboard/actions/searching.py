"""Keys of a search in the text that is shown."""

from __future__ import annotations

from stalewatch.dashboard.actions.spec import EXPLANATION, HELP, LINK, LOG, PLAN, PROGRESS, SEARCH, SERVER, ActionSpec

_PAGES = frozenset({SERVER, LOG})
_DIALOGS = frozenset({PROGRESS, HELP, EXPLANATION, LINK})
_HELP = (
    "search the text shown (also the timeline's list; in help only what matches is shown): words, or a regular expression; "
    "case counts where you type a capital"
)
_BOX = "works in a box to type in"

ROWS = (
    ActionSpec("search", ("slash",), "search", _HELP, "Search", footer=_PAGES, screens=_DIALOGS | _PAGES | {PLAN}),
    ActionSpec("next_match", ("n",), "next match", "the next match; after the last the first (also in a plan)", "Search", screens=_DIALOGS),
    ActionSpec("previous_match", ("N",), "previous match", "the match before", "Search", screens=_DIALOGS),
    ActionSpec(
        "keep_search", ("enter",), "keep", "search: keep the matches lit for n and N", "Search", screens=frozenset({SEARCH}), fixed=_BOX
    ),
    ActionSpec(
        "clear_search", ("escape",), "clear", "search: end it; also once it is kept", "Search", screens=frozenset({SEARCH}), fixed=_BOX
    ),
)
