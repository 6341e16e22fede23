"""All keys, from the table of actions, those that do not apply now with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.binding import BindingType
from textual.containers import Vertical

from stalewatch.dashboard.actions import HELP, key_of, listed
from stalewatch.dashboard.render.lines import BLANK, Line, Span, line, paragraph
from stalewatch.dashboard.render.signs import EVENT_SIGN, EVENT_WORD, SHADE, sign
from stalewatch.dashboard.screens.scroll_modal import ScrollModal
from stalewatch.dashboard.widgets.bindings import dialog_bindings
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
    Verdict.STALE: "proven to run old code",
    Verdict.SUSPECT: "cannot be proven fresh",
    Verdict.UNKNOWN: "could not be checked; the pane says why and what to grant",
    Verdict.PENDING: "old, but heals by itself",
    Verdict.FRESH: "runs the code on the disk",
    Verdict.ABSENT: "this layer is not cached, so it cannot be stale",
}


def help_lines(context: ActionContext, width: int) -> list[Line]:
    """Keys by group, then verdicts, layers and signs."""
    rows: list[Line] = []
    group = ""
    for keys, words, action in listed():
        if action.group != group:
            group = action.group
            rows += [*([BLANK] if rows else []), line(Span(group, "title"))]
        reason = "" if action.in_dialog else action.elsewhere(context.screen) or action.disabled(context)
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
        line("  ", Span(f"{SHADE * 3}", "shade"), Span(" the server ran old code")),
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


class HelpScreen(ScrollModal[None]):
    """Over the screen whose keys it explains."""

    page = 12
    BINDINGS: ClassVar[list[BindingType]] = dialog_bindings(HELP)
    DEFAULT_CSS = """
    HelpScreen > Vertical { width: 90%; max-width: 100; height: 92%; }
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
            box.border_title = f"keys · {key_of('close')} closes"
            yield HelpView(context)

    @property
    def scrolled(self) -> HelpView:
        return self.query_one(HelpView)

    def action_close(self) -> None:
        self.dismiss(None)
