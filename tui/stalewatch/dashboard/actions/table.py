"""The rows of all groups, in the order in which help lists them."""

from __future__ import annotations

from stalewatch.dashboard.actions import dialogs, log, move, program, replay, runbook, searching, timeline, view
from stalewatch.dashboard.actions.key_names import key_name
from stalewatch.dashboard.actions.spec import ActionSpec

_GROUPS = (runbook, view, log, searching, move, timeline, replay, program, dialogs)
ACTIONS: tuple[ActionSpec, ...] = tuple(row for group in _GROUPS for row in group.ROWS)
SCREEN_ACTIONS = tuple(action for action in ACTIONS if not action.in_dialog)
BY_ID = {action.id: action for action in ACTIONS}


def keys_of(action: ActionSpec) -> str:
    """All keys of *action*: ``? F1``."""
    return " ".join(key_name(key) for key in action.keys)


def key_of(id: str) -> str:
    """The key that is shown for the action *id*: ``esc``."""
    return key_name(BY_ID[id].keys[0])


def is_bound(key: str) -> bool:
    """Whether *key* does something on any screen."""
    return any(key in action.keys for action in SCREEN_ACTIONS)


def actions_in(place: str) -> tuple[ActionSpec, ...]:
    """What keys do on the screen or in the dialog *place*."""
    return tuple(action for action in ACTIONS if place in action.screens)


def action_on(screen: str, id: str) -> ActionSpec:
    """The action *id*; on a screen where it does nothing, the one that has its key there."""
    action = BY_ID[id]
    if screen in action.screens:
        return action
    return next((other for other in actions_in(screen) if action.keys[0] in other.keys), action)


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
