"""One table of keys: it feeds the bindings, the footer, the dialogs' hints, the help, the palette, README's key table and ``--read-only``.

Knows nothing of Textual. ``python -m stalewatch.dashboard.actions`` prints README's table. A new key is a row in the file of its
group, and a method: of a screen's ``methods()`` under that id, or ``action_<id>`` of a dialog.
"""

from __future__ import annotations

from stalewatch.dashboard.actions.key_names import key_name
from stalewatch.dashboard.actions.readme import markdown_table
from stalewatch.dashboard.actions.spec import (
    EXPLANATION,
    FILTER,
    FLEET,
    HELP,
    LINK,
    LOG,
    OWN,
    PALETTE,
    PLAN,
    PROGRESS,
    QUIT,
    REPLAY,
    SEARCH,
    SERVER,
    TOO_SMALL,
    ActionContext,
    ActionSpec,
)
from stalewatch.dashboard.actions.table import ACTIONS, BY_ID, SCREEN_ACTIONS, action_on, actions_in, is_bound, key_of, keys_of, listed

__all__ = [
    "ACTIONS",
    "BY_ID",
    "EXPLANATION",
    "FILTER",
    "FLEET",
    "HELP",
    "LINK",
    "LOG",
    "OWN",
    "PALETTE",
    "PLAN",
    "PROGRESS",
    "QUIT",
    "REPLAY",
    "SCREEN_ACTIONS",
    "SEARCH",
    "SERVER",
    "TOO_SMALL",
    "ActionContext",
    "ActionSpec",
    "action_on",
    "actions_in",
    "is_bound",
    "key_name",
    "key_of",
    "keys_of",
    "listed",
    "markdown_table",
]
