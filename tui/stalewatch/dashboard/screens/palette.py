"""The command palette: the table of actions by name; what is typed whole is done at once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.await_complete import AwaitComplete
from textual.binding import BindingType
from textual.command import CommandPalette, DiscoveryHit, Hit, Provider
from textual.widgets import Input

from stalewatch.dashboard.actions import PALETTE, SCREEN_ACTIONS, keys_of
from stalewatch.dashboard.screens.paced import PacedScreen
from stalewatch.dashboard.widgets.bindings import dialog_bindings
from stalewatch.dashboard.widgets.content import content

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.command import Hits

    from stalewatch.dashboard.actions import ActionSpec


def called(words: str) -> ActionSpec | None:
    """The action that *words* name whole: its id, its label, or a short form such as ``q``."""
    return next((action for action in SCREEN_ACTIONS if action.is_called(words)), None)


def likeness(action: ActionSpec, words: str) -> float:
    """How much *action* is what *words* ask for, 0 not at all: every word stands in its name or its help as it was typed. Letters that are
    merely somewhere in a sentence are none: a slip and Enter would do whatever came first."""
    typed = words.lower().replace("_", " ").split()
    name, told = f"{action.label} {action.id}".lower().replace("_", " "), action.help.lower()
    if not typed or not all(word in name or word in told for word in typed):
        return 0.0
    if action.is_called(words):
        return 1.0
    begins = sum(any(part.startswith(word) for part in name.split()) for word in typed)
    return (1 + 2 * begins + sum(word in name for word in typed)) / (2 + 4 * len(typed))


LONGEST = 40
"""Characters of a command. Of a text that was pasted every further one would be searched for, and the keys behind it wait."""


class ActionPalette(CommandPalette, PacedScreen[None]):
    """*ready* is called once it takes keys. What names an action whole needs no list to choose from: ``:q`` and Enter is quit."""

    BINDINGS: ClassVar[list[BindingType]] = dialog_bindings(PALETTE, first=True)

    def __init__(self, ready: Callable[[], object]) -> None:
        super().__init__(placeholder="type an action, or q to quit")
        self._ready = ready

    def on_mount(self) -> None:
        box = self.query_one(Input)
        box.max_length = LONGEST
        box.focus()
        self.call_after_refresh(self.app.call_later, self._ready)

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Once: a second Enter or Esc may come before it is gone, and would close what is below."""
        return super().dismiss(result) if self.is_current else AwaitComplete()

    def action_leave_palette(self) -> None:
        self.dismiss()

    @on(Input.Submitted)
    def _typed_whole(self, event: Input.Submitted) -> None:
        action = called(event.value)
        if action is not None or not self.is_current:
            event.prevent_default()
            event.stop()
        if action is not None and self.is_current:
            self.dismiss()
            self.app.call_later(self.app.run_action, f"act('{action.id}')")


class ActionProvider(Provider):
    """Every action but the moves."""

    async def discover(self) -> Hits:
        for action in self._known():
            yield DiscoveryHit(content(_title(action)), partial(self._do, action), help=action.help)

    async def search(self, query: str) -> Hits:
        for action in self._known():
            if score := likeness(action, query):
                yield Hit(score, content(_title(action)), partial(self._do, action), text=_title(action), help=action.help)

    def _known(self) -> list[ActionSpec]:
        return [action for action in SCREEN_ACTIONS if action.group != "Move"]

    def _do(self, action: ActionSpec) -> None:
        self.app.call_later(self.app.run_action, f"act('{action.id}')")


def _title(action: ActionSpec) -> str:
    return f"{action.label}  ({keys_of(action)})"
