"""The row at the foot in which something is typed: a search, or what a log is limited to."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widgets import Input

from stalewatch.dashboard.actions import BY_ID, SEARCH
from stalewatch.dashboard.render.lines import BLANK, Line, Span, beside, line
from stalewatch.dashboard.widgets.bindings import dialog_bindings
from stalewatch.dashboard.widgets.lines_view import LinesView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.widget import Widget

LEAVES = frozenset((*BY_ID["keep_search"].keys, *BY_ID["clear_search"].keys))


class PromptInput(Input):
    """The words. What is typed behind the key that closes it is for nobody: it came in the same burst."""

    BINDINGS: ClassVar[list[BindingType]] = dialog_bindings(SEARCH)

    def __init__(self, prompt: Prompt) -> None:
        super().__init__(classes="-box", compact=True, select_on_focus=False)
        self._prompt = prompt
        self._left = False
        self.can_focus = False  # a dialog gives the focus to the first box that takes it

    def opened(self) -> None:
        self._left = False
        self.can_focus = True

    def on_key(self, event: events.Key) -> None:
        if self._left:
            event.stop()
            event.prevent_default()
        self._left = self._left or event.key in LEAVES

    def on_blur(self) -> None:
        """The mouse, or tab, took the keys elsewhere."""
        if self.can_focus:
            self._prompt.keep()

    def action_keep_search(self) -> None:
        self._prompt.keep()

    def action_clear_search(self) -> None:
        self._prompt.clear()


class PromptSays(LinesView):
    """One line beside the box: its sign, or what is said about it."""

    def __init__(self, classes: str) -> None:
        super().__init__(classes=classes)
        self._said = (BLANK, BLANK)

    def show(self, left: Line, right: Line = BLANK) -> None:
        if (left, right) != self._said:
            self._said = (left, right)
            self.redraw()

    def build(self, width: int, height: int) -> Sequence[Line]:
        left, right = self._said
        return [beside(left, right, width) if right.spans else left]


class Prompt(Horizontal):
    """Not there until it is opened. A subclass says what is done with the words: :meth:`typed`, :meth:`kept` and :meth:`cleared`."""

    sign: ClassVar[str] = ""
    DEFAULT_CSS = """
    Prompt { height: 1; display: none; background: $panel; }
    Prompt .-sign { width: 1; height: 1; background: $panel; }
    Prompt .-box { height: 1; width: 1fr; border: none; padding: 0; background: $panel; }
    Prompt .-says { height: 1; background: $panel; }
    """

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._sign, self.box, self._says = PromptSays("-sign"), PromptInput(self), PromptSays("-says")
        self._from: Widget | None = None

    def typed(self, value: str) -> None:
        """The words are *value* now."""

    def kept(self, value: str) -> None:
        """The box was closed with *value* in it."""

    def cleared(self) -> None:
        """The box was closed without a word in it, or with esc."""

    @property
    def is_typing(self) -> bool:
        return self.box.can_focus

    def open(self) -> None:
        """Let the person type. At once: what follows in the same burst is for the box already."""
        if not self.children:  # most people never type here, and a box costs the first frame more than all that it shows
            self.mount(self._sign, self.box, self._says)
        self._from = self.screen.focused
        self.box.value = ""
        self.box.opened()
        self._sign.show(line(Span(self.sign, "accent")))
        self.display = self.box.display = True
        self.screen.set_focus(self.box)

    def keep(self) -> None:
        """Enter: what was typed stays, the keys go back to the screen."""
        if self.box.value:
            self._leave()
            self.kept(self.box.value)
        else:
            self.clear()

    def clear(self) -> None:
        """Esc: as if nothing had been typed."""
        self._leave()
        self.display = False
        self.cleared()

    def say(self, words: Line, right: Line | None = None) -> None:
        """Beside the box, or in its place once it is closed, with *right* at the edge."""
        self._says.styles.width = words.width + 1 if right is None else "1fr"
        self._says.show(words, right or BLANK)

    def _leave(self) -> None:
        if self.is_typing:
            self.box.can_focus = False
            self.screen.set_focus(self._from)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.is_typing:
            self.typed(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
