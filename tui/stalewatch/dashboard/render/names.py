"""What things are called on the screen and in the question that asks to type a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model.app_names import app_name

if TYPE_CHECKING:
    from stalewatch.engine.board import Pane


def name_of(pane: Pane) -> str:
    """The name of its app, told apart from the others of its server as soon as they are known; "" before one was found."""
    if not pane.app:
        return ""
    return pane.report.name if pane.report is not None else app_name(pane.app)


def group_of(pane: Pane) -> tuple[str, str]:
    """What a pane belongs to: its group, else its app; and its environment."""
    return (pane.group or (app_name(pane.app) if pane.app else "not known yet"), "production" if pane.production else "")
