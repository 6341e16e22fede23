"""All keys, from the table of actions, those that do not apply now with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from stalewatch.dashboard.actions import listed
from stalewatch.dashboard.render.lines import BLANK, Line, Span, line, paragraph
from stalewatch.dashboard.render.signs import EVENT_SIGN, EVENT_WORD, SHADE, sign
from stalewatch.dashboard.widgets.lines_view import LinesView
from stalewatch.model.layers import LAYERS
from stalewatch.model.report import Verdict
from stalewatch.timeline import EventKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import ClassVar

    from textual.app import ComposeResult

    from stalewatch.dashboard.actions import ActionContext
    from stalewatch.dashboard.model import Model

MEANING = {
    Verdict.STALE: "proven: it runs old code",
    Verdict.SUSPECT: "cannot be proven fresh",
    Verdict.UNKNOWN: "could not look; the pane says why and what to grant",
    Verdict.PENDING: "old, but will heal by itself",
    Verdict.FRESH: "runs what is on the disk",
    Verdict.ABSENT: "this layer is not cached: nothing can be stale",
}


def help_lines(context: ActionContext, width: int) -> list[Line]:
    """Keys by group, then verdicts, layers and signs."""
    rows: list[Line] = []
    group = ""
    for keys, words, action in listed():
        if action.group != group:
            group = action.group
            rows += [*([BLANK] if rows else []), line(Span(group, "title"))]
        reason = action.elsewhere(context.screen) or action.disabled(context)
        note = f"   ({reason})" if reason else ""
        role = "key-off" if reason else "text"
        first, *rest = paragraph(words + note, width - 18, role)
        rows.append(Line((Span(f"  {keys:<14}  ", "key-off" if reason else "key"), *first.spans)))
        rows += [Line((Span(" " * 18), *row.spans)) for row in rest]
    rows += [BLANK, line(Span("Verdicts", "title"))]
    rows += [
        line("  ", sign(verdict), " ", Span(f"{verdict.value:<9}", f"{verdict.value}-mark"), Span(words))
        for verdict, words in MEANING.items()
    ]
    rows += [BLANK, line(Span("Layers", "title"))]
    for spec in LAYERS:
        first, *rest = paragraph(spec.about, width - 18, "text")
        rows.append(Line((Span(f"  {spec.heading:<5}{spec.layer:<9}  ", "key"), *first.spans)))
        rows += [Line((Span(" " * 18), *row.spans)) for row in rest]
    rows += [
        BLANK,
        line(Span("Timeline", "title")),
        line("  ", Span(f"{SHADE * 3}", "shade"), Span(" the time in which the server ran old code")),
    ]
    rows += [line("  ", Span(f"{EVENT_SIGN[kind]} {EVENT_WORD[kind]}", kind.value)) for kind in EventKind]
    return rows


class HelpView(LinesView):
    """The help, scrolling."""

    def __init__(self, context: ActionContext) -> None:
        super().__init__(id="help", classes="-scrolls")
        self._about = context

    def build(self, width: int, height: int) -> Sequence[Line]:
        return help_lines(self._about, width)


class HelpScreen(ModalScreen[None]):
    """Any of ``? esc q`` closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,ctrl+c,question_mark,f1", "hide", show=False),
        Binding("up,k", "scroll(-1)", show=False),
        Binding("down,j", "scroll(1)", show=False),
        Binding("pageup", "scroll(-12)", show=False),
        Binding("pagedown,space", "scroll(12)", show=False),
    ]
    DEFAULT_CSS = """
    HelpScreen { align: center middle; background: $background 60%; }
    HelpScreen:ansi { background: ansi_default; }
    HelpScreen > Vertical { width: 90%; max-width: 100; height: 92%; border: round $primary; padding: 0 1; background: $background; }
    HelpScreen HelpView { height: 1fr; }
    """

    def __init__(self, model: Model) -> None:
        super().__init__()
        self._model = model

    def compose(self) -> ComposeResult:
        from stalewatch.dashboard.screens.base import LiveScreen

        below = next((screen for screen in reversed(self.app.screen_stack) if isinstance(screen, LiveScreen)), None)
        context = self._model.context(below.kind if below else "fleet", below.key if below else None)
        with Vertical() as box:
            box.border_title = "keys · esc closes"
            yield HelpView(context)

    def action_hide(self) -> None:
        self.dismiss(None)

    def action_scroll(self, rows: int) -> None:
        view = self.query_one(HelpView)
        view.scroll_to(y=view.scroll_offset.y + rows, animate=False)
