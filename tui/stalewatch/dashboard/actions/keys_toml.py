"""``[ui.keys]`` as it could stand in stalewatch.toml: every action by its id, with the keys that it has now."""

from __future__ import annotations

from stalewatch.dashboard.actions.key_names import key_name
from stalewatch.dashboard.actions.spec import OWN, ActionSpec
from stalewatch.dashboard.actions.table import ACTIONS

HEAD = """\
# The keys of the dashboard, by the id of what they do. In stalewatch.toml, take the # away from what is to have
# other keys: one, or a list of them, instead of the usual ones.
[ui.keys]
"""
FIXED = "# The same everywhere: whoever helps at another's terminal must not run with a key that cancels at home.\n"
_ARROWS = frozenset({"up", "down", "left", "right"})


def keys_toml() -> str:
    """What was changed is without a #."""
    rows = [HEAD]
    groups = dict.fromkeys(action.group for action in ACTIONS)
    for group in groups:
        changeable = [action for action in ACTIONS if action.group == group and not action.fixed]
        rows.append(f"\n# {group}\n")
        rows += [f"{_line(action):<42}  # {action.help}\n" for action in changeable]
    fixed = [action for action in ACTIONS if action.fixed]
    return "".join((*rows, "\n", FIXED, *(f"#   {_value(action):<38}  # {action.help}\n" for action in fixed)))


def written(key: str) -> str:
    """As it is written in stalewatch.toml."""
    return key if key in _ARROWS else key_name(key)


def _line(action: ActionSpec) -> str:
    return f"{'' if action.id in OWN else '# '}{action.id} = {_value(action)}"


def _value(action: ActionSpec) -> str:
    keys = ["'\\'" if key == "backslash" else f'"{written(key)}"' for key in action.keys]
    return keys[0] if len(keys) == 1 else f"[{', '.join(keys)}]"
