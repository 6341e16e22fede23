"""Everything about one server: sections in one scrolling page."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual.containers import Horizontal

from stalewatch.dashboard import actions
from stalewatch.dashboard.actions import key_of
from stalewatch.dashboard.render.detail_lines import NAMES, detail_lines
from stalewatch.dashboard.screens.base import LiveScreen
from stalewatch.dashboard.widgets.lines_view import LinesView
from stalewatch.model.replace import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from textual.app import ComposeResult

    from stalewatch.dashboard.model import Model
    from stalewatch.dashboard.render.lines import Line
    from stalewatch.model.inventory import AppKey
    from stalewatch.model.report import Finding


class DetailView(LinesView):
    """The page; *starts* tells at which row a section begins, *findings* each finding; *selected*: the finding under the cursor."""

    def __init__(self, model: Model, key: AppKey) -> None:
        super().__init__(id="detail", classes="-scrolls")
        self._model = model
        self.key = key
        self.starts: dict[str, int] = {}
        self.findings: list[int] = []
        self.selected: int | None = None

    def build(self, width: int, height: int) -> Sequence[Line]:
        pane = self._model.pane(self.key)
        if pane is None:
            return ()
        events = self._model.timeline.events_of(pane)
        options = self._model.with_log(pane, self._model.render_options([pane], 0)[0])
        rows, self.starts, self.findings = detail_lines(pane, events, options, width, self.selected)
        return rows


class ServerScreen(LiveScreen):
    """One pane's detail; left and right go to the neighbours."""

    kind = actions.SERVER

    DEFAULT_CSS = "ServerScreen #detail { height: 1fr; }"

    def __init__(self, model: Model, key: AppKey, section: str = "") -> None:
        super().__init__(model)
        self._key = key
        self._section = section
        self._page_view = DetailView(model, key)

    @property
    def key(self) -> AppKey:
        return self._key

    def compose(self) -> ComposeResult:
        with Horizontal(id="top"):
            yield self.header
            yield self.time
        yield self._page_view
        yield self.footer

    def redraw(self) -> None:
        self._key = self.model.heir(self._key)
        super().redraw()
        view = self._page_view
        view.key = self._key
        view.redraw()
        if self._section and view.lines:
            section, self._section = self._section, ""
            self.call_after_refresh(self.go, section)

    def methods(self) -> Mapping[str, Callable[[], None]]:
        return {
            "up": partial(self._scroll, -1),
            "down": partial(self._scroll, 1),
            "page_up": lambda: self._scroll(-self._page),
            "page_down": lambda: self._scroll(self._page),
            "first": partial(self._scroll, -(10**6)),
            "last": partial(self._scroll, 10**6),
            "left": partial(self._neighbour, -1),
            "right": partial(self._neighbour, 1),
            "next_part": partial(self._part, 1),
            "previous_part": partial(self._part, -1),
            "next_finding": partial(self._finding, 1),
            "previous_finding": partial(self._finding, -1),
            "explain": self._explain,
            "back": self._back,
            **{f"go_{number}": partial(self.go, name) for number, name in enumerate(NAMES, 1)},
        }

    @property
    def _page(self) -> int:
        return max(1, self._page_view.size.height - 2)

    def _scroll(self, rows: int) -> None:
        view = self._page_view
        view.scroll_to(y=view.scroll_offset.y + rows, animate=False)

    def go(self, section: str) -> None:
        """Scroll to *section*."""
        view = self._page_view
        if section in view.starts:
            view.scroll_to(y=view.starts[section], animate=False)

    def _part(self, step: int) -> None:
        view = self._page_view
        starts = sorted(view.starts.values())
        here = view.scroll_offset.y
        following = [at for at in starts if at > here] if step > 0 else [at for at in reversed(starts) if at < here]
        view.scroll_to(y=following[0] if following else (0 if step < 0 else here), animate=False)

    def _finding(self, step: int) -> None:
        """The cursor goes to the next finding; ``y`` copies that one."""
        view = self._page_view
        if not view.findings:
            self.say("no findings")
            return
        before = view.selected if view.selected is not None else (-1 if step > 0 else 0)
        view.selected = (before + step) % len(view.findings)
        view.redraw()
        view.scroll_to(y=max(0, view.findings[view.selected] - 2), animate=False)
        keys = f"{key_of('explain')} explains it, {key_of('copy')} copies it with its evidence"
        self.say(f"finding {view.selected + 1} of {len(view.findings)}: {keys}")

    def _explain(self) -> None:
        """The finding under the cursor; where there is none, the first one gets it."""
        from stalewatch.dashboard.screens.explanation import ExplanationScreen

        if self.finding is None:
            self._finding(1)
        if self.finding is not None:
            self.app.push_screen(ExplanationScreen(self.finding))

    @property
    def finding(self) -> Finding | None:
        """The one under the cursor."""
        pane, at = self.model.pane(self._key), self._page_view.selected
        return pane.report.findings[at] if pane and pane.report and at is not None and at < len(pane.report.findings) else None

    def _back(self) -> None:
        if self._page_view.selected is None:
            self.app.pop_screen()
        else:
            self._page_view.selected = None
            self._page_view.redraw()

    def _neighbour(self, step: int) -> None:
        keys = [pane.key for pane in self.model.panes()]
        if self._key in keys:
            self._key = keys[(keys.index(self._key) + step) % len(keys)]
            self.model.view = replace(self.model.view, selected=self._key)
            self._page_view.selected = None
            self._page_view.scroll_to(y=0, animate=False)
            self.redraw()
