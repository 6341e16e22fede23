"""The table of actions as Textual's bindings. The only place that makes one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.binding import Binding

from stalewatch.dashboard.actions import SCREEN_ACTIONS, actions_in

if TYPE_CHECKING:
    from textual.binding import BindingType


def screen_bindings() -> list[BindingType]:
    """Every key of the screens, also those that work on another one only: the app says where."""
    return [Binding(",".join(action.keys), f"app.act('{action.id}')", action.label, show=False, id=action.id) for action in SCREEN_ACTIONS]


def dialog_bindings(dialog: str, *, first: bool = False) -> list[BindingType]:
    """The keys of *dialog*: each calls its ``action_<id>``. *first*: before the box in it, where that has the focus, gets them."""
    return [
        Binding(",".join(action.keys), action.id, action.label, show=False, id=action.id, priority=first) for action in actions_in(dialog)
    ]
