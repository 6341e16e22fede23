"""The message of panes and rows that a server was clicked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from stalewatch.model.inventory import AppKey


class ServerClicked(Message):
    """*open*: twice."""

    def __init__(self, key: AppKey, open: bool) -> None:
        super().__init__()
        self.key = key
        self.open = open
