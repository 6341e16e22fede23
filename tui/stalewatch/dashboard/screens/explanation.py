"""What the finding under the cursor means, in plain sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.binding import BindingType
from textual.containers import Vertical

from stalewatch.dashboard.actions import EXPLANATION, key_of
from stalewatch.dashboard.render.lines import BLANK, Line, Span, line, paragraph
from stalewatch.dashboard.screens.scroll_modal import ScrollModal
from stalewatch.dashboard.widgets.bindings import dialog_bindings
from stalewatch.dashboard.widgets.lines_view import LinesView
from stalewatch.diagnosis.plain import PLAIN
from stalewatch.model.report import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import ClassVar

    from textual.app import ComposeResult

    from stalewatch.model.report import Finding


_UNNOTICED = (Verdict.STALE, Verdict.SUSPECT)


def explanation_lines(finding: Finding, width: int) -> list[Line]:
    """What was found here, then what that means, why nobody noticed, and what to do: a sentence each."""
    rows = paragraph(finding.summary, width, "title")
    labels = ("what it means", "why nobody noticed" if finding.verdict in _UNNOTICED else "why", "what to do")
    for label, sentence in zip(labels, PLAIN.get(finding.code, ()), strict=False):
        rows += [BLANK, line(Span(label, "muted")), *paragraph(sentence, width, "text", "  ")]
    known = f"{key_of('unfold')} on the page shows the evidence; stalewatch explain {finding.code} says what it is judged by"
    return [
        *rows,
        BLANK,
        *paragraph(known if finding.code in PLAIN else f"{finding.code}: this version has no words for it", width, "muted"),
    ]


class ExplanationView(LinesView):
    """The words, scrolling."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(id="explanation", classes="-scrolls")
        self._finding = finding

    def build(self, width: int, height: int) -> Sequence[Line]:
        return explanation_lines(self._finding, width)


class ExplanationScreen(ScrollModal[None]):
    """Over the page of a server."""

    BINDINGS: ClassVar[list[BindingType]] = dialog_bindings(EXPLANATION)
    DEFAULT_CSS = """
    ExplanationScreen > Vertical { width: 90%; max-width: 100; height: 80%; }
    ExplanationScreen ExplanationView { height: 1fr; }
    """

    def __init__(self, finding: Finding) -> None:
        super().__init__()
        self._finding = finding

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = f"what it means · {key_of('close_explanation')} closes"
            yield ExplanationView(self._finding)

    @property
    def scrolled(self) -> ExplanationView:
        return self.query_one(ExplanationView)

    def action_close_explanation(self) -> None:
        self.dismiss(None)
