"""One link of the chain, opened: what was asked there, what was seen, and which findings stand on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.binding import BindingType
from textual.containers import Vertical

from stalewatch.dashboard.actions import LINK, key_of
from stalewatch.dashboard.render.chain_rows import SECTION, link_lines
from stalewatch.dashboard.screens.scroll_modal import ScrollModal
from stalewatch.dashboard.widgets.bindings import dialog_bindings
from stalewatch.dashboard.widgets.lines_view import LinesView
from stalewatch.diagnosis.chain.table import LINKS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import ClassVar

    from textual.app import ComposeResult

    from stalewatch.dashboard.render.lines import Line
    from stalewatch.model.chain import ChainLink
    from stalewatch.model.report import Finding

_QUESTION = {spec.name: spec.question for spec in LINKS}


class LinkView(LinesView):
    """The words, scrolling."""

    def __init__(self, link: ChainLink, findings: Sequence[Finding]) -> None:
        super().__init__(id="link", classes="-scrolls")
        self._link, self._findings = link, findings

    def build(self, width: int, height: int) -> Sequence[Line]:
        return link_lines(self._link, _QUESTION[self._link.name], self._findings, width)


class LinkScreen(ScrollModal[str]):
    """Over the page of a server. Dismissed with the section to go to ("": stay)."""

    BINDINGS: ClassVar[list[BindingType]] = dialog_bindings(LINK)
    DEFAULT_CSS = """
    LinkScreen > Vertical { width: 90%; max-width: 100; height: 80%; }
    LinkScreen LinkView { height: 1fr; }
    """

    def __init__(self, link: ChainLink, findings: Sequence[Finding]) -> None:
        super().__init__()
        self._link = link
        self._view = LinkView(link, findings)

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = f"a link of the chain · {key_of('go_section')} goes to its section · {key_of('close_link')} closes"
            yield self._view

    @property
    def scrolled(self) -> LinkView:
        return self._view

    def action_go_section(self) -> None:
        self.dismiss(SECTION[self._link.name])

    def action_close_link(self) -> None:
        self.dismiss("")
