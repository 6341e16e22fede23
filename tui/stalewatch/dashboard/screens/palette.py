"""The command palette: the table of actions by name."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual.command import DiscoveryHit, Hit, Provider

from stalewatch.dashboard.actions import SCREEN_ACTIONS, keys_of
from stalewatch.dashboard.widgets.content import content

if TYPE_CHECKING:
    from textual.command import Hits

    from stalewatch.dashboard.actions import ActionSpec


class ActionProvider(Provider):
    """Every action but the moves."""

    async def discover(self) -> Hits:
        for action in self._known():
            yield DiscoveryHit(content(_title(action)), partial(self._do, action), help=action.help)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for action in self._known():
            score = matcher.match(f"{action.label} {action.help}")
            if score > 0:
                yield Hit(score, content(_title(action)), partial(self._do, action), text=_title(action), help=action.help)

    def _known(self) -> list[ActionSpec]:
        return [action for action in SCREEN_ACTIONS if action.group != "Move"]

    def _do(self, action: ActionSpec) -> None:
        self.app.call_later(self.app.run_action, f"act('{action.id}')")


def _title(action: ActionSpec) -> str:
    return f"{action.label}  ({keys_of(action)})"
