"""The last line: keys that apply now; greyed where they do not; or, for a moment, why not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.dashboard.actions import FLEET, LOG, REPLAY, actions_in, key_name, key_of
from stalewatch.dashboard.render.lines import Line, Span, crop, line
from stalewatch.dashboard.widgets.lines_view import LinesView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalewatch.dashboard.actions import ActionContext, ActionSpec


def footer_line(context: ActionContext, width: int) -> Line:
    """``c clear  b rebuild  r reload  f fix …   ? help``; what has no room is found with ``?``, which is always there.

    So is the column that orders, where it is not the usual one.
    """
    shown = [action for action in actions_in(context.screen) if _is_named(action, context)]
    shown.sort(key=lambda action: (action.group != REPLAY, _comes(action, context)))
    last = [action for action in shown if action.id == "help"]
    spans: list[Span] = [Span(" ")]
    order = f"{context.sorted_by}  " if context.sorted_by and context.screen == FLEET else ""
    tail = Span(order, "accent", "sort_by"), Span(f" {key_of('help')} ", "key", "help"), Span("help", "text", "help")
    room = width - 1 - 8 - len(order)
    for action in [action for action in shown if action not in last]:
        off = bool(action.disabled(context))
        key = key_name(action.keys[0])
        size = len(key) + len(action.label) + 3
        if size > room:
            break
        spans += [
            Span(key, "key-off" if off else "key", action.id),
            Span(f" {action.label}", "key-off" if off else "text", action.id),
            Span("  "),
        ]
        room -= size
    return Line((*spans, *(span for span in tail if span.text)))


def _comes(action: ActionSpec, context: ActionContext) -> int:
    """The log's own keys come first in the log, then the way back; elsewhere the key that is right now: ``f fix``, or the
    shell where PHP-FPM is down."""
    if context.screen != LOG:
        return 0 if action.id == ("shell" if context.down else "fix") and not action.disabled(context) else 1
    return 0 if action.group in ("Log", "Search") else 1 if action.id == "back" else 2


def _is_named(action: ActionSpec, context: ActionContext) -> bool:
    """In a replay its own keys stand in the place of those that act; so does the shell, where PHP-FPM must be started by hand. Where the
    host key changed, none that acts works."""
    named = context.screen in action.footer
    if context.replay:
        return named and action.choice is None
    if context.down:
        named = not action.acting and (named or (action.id == "shell" and context.screen != LOG))
    return named and action.group != REPLAY and not (context.barred and action.acting)


class FooterView(LinesView):
    """Keys, or a notice that stays until the next key."""

    def __init__(self) -> None:
        super().__init__(id="footer")
        self._keys_of: ActionContext | None = None
        self._notice = ""

    def show(self, context: ActionContext) -> None:
        if context != self._keys_of or not self.lines:
            self._keys_of = context
            self.redraw()

    def notice(self, words: str) -> None:
        """Say *words* in place of the keys."""
        self._notice = words
        self.redraw()

    def forget(self, words: str) -> None:
        """Show the keys again, if *words* are still what is said."""
        if self._notice == words:
            self.notice("")

    def build(self, width: int, height: int) -> Sequence[Line]:
        if self._notice:
            return [crop(line(Span(f" {self._notice} ", "notice")), width)]
        return [footer_line(self._keys_of, width)] if self._keys_of else ()
