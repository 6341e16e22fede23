"""Everything about one server: sections in one scrolling page."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from stalewatch.dashboard import actions
from stalewatch.dashboard.actions import key_of
from stalewatch.dashboard.render.detail_lines import NAMES, Page, detail_lines
from stalewatch.dashboard.render.page_state import PageState, finding_keys, next_finding, next_link
from stalewatch.dashboard.render.unfolding import finding_at, hidden_hits, moved, parts
from stalewatch.dashboard.screens.base import LiveScreen
from stalewatch.dashboard.widgets.lines_view import LinesView
from stalewatch.model.chain import LinkName
from stalewatch.model.replace import replace

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Hashable, Mapping, Sequence

    from textual.app import ComposeResult

    from stalewatch.dashboard.model import Model
    from stalewatch.dashboard.render.lines import Line
    from stalewatch.dashboard.render.page_state import FindingKey, Stop
    from stalewatch.model.inventory import AppKey
    from stalewatch.model.report import Finding, Report


class DetailView(LinesView):
    """The page. *starts*: at which row a section begins; *stops*: on which row each finding and each link of the chain stands; *chosen*:
    the one under the cursor; *unfolded*: findings of any server that show their evidence, also while nothing is searched for."""

    def __init__(self, model: Model, key: AppKey) -> None:
        super().__init__(id="detail", classes="-scrolls")
        self._model = model
        self.key = key
        self._page = Page([], {}, {})
        self._plain: Mapping[Hashable, int] = {}
        self.chosen: Stop | None = None
        self.unfolded: frozenset[tuple[AppKey, FindingKey]] = frozenset()

    @property
    def starts(self) -> Mapping[str, int]:
        return self._page.starts

    @property
    def stops(self) -> Mapping[Stop, int]:
        return self._page.stops

    def build(self, width: int, height: int) -> Sequence[Line]:
        pane = self._model.pane(self.key)
        if pane is None:
            return ()
        events = self._model.timeline.events_of(pane)
        options = self._model.with_log(pane, self._model.render_options([pane], 0)[0])
        open_here = frozenset(finding for key, finding in self.unfolded if key == self.key)
        planned = self._model.fleet.endings(pane.report) if pane.report is not None else None
        state = PageState(self.chosen, open_here, self._model.cause(pane), planned)
        self._page = detail_lines(pane, events, options, width, state)
        if self._pattern is None:
            self._plain = parts(self._page)
        else:
            whole = detail_lines(pane, events, options, width, state._replace(unfolded=None))
            if hidden := hidden_hits(self._pattern, self._page, whole, width):
                self._page = detail_lines(pane, events, options, width, state._replace(unfolded=open_here | hidden))
        return self._page.rows

    # ------------------------------------------------------------------------------------------------------------------- search

    def search(self, pattern: re.Pattern[str] | None, row: int = 0) -> None:
        """Evidence with a hit is unfolded meanwhile. At its end what is read stays so, and where it is."""
        here = self._matches[self._here].row if self._here is not None else None
        if pattern is not None or here is None:
            super().search(pattern, row)
            return
        top, before = self.scroll_offset.y, parts(self._page)
        in_sight = top <= here < top + self.size.height
        read = here if in_sight else top
        if in_sight and (finding := finding_at(self._page, here)) is not None:
            self.unfolded |= {(self.key, finding)}
        super().search(None)
        self.scroll_to(y=max(0, moved(read, before, self._plain) - read + top), animate=False, force=True)

    def drop_search(self, top: int) -> None:
        self._here = None
        super().drop_search(top)

    def place_of(self, row: int) -> int:
        return moved(row, self._plain, parts(self._page))

    def choose(self, stop: Stop | None) -> None:
        """Put the cursor on *stop*, in sight."""
        self.chosen = stop
        self.redraw()
        if stop is not None and stop in self.stops:
            self.show_row(self.stops[stop])


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

    @property
    def searched(self) -> LinesView:
        return self._page_view

    def compose(self) -> ComposeResult:
        yield self.header
        yield self._page_view
        yield self.search_bar
        yield self.footer

    def redraw(self) -> None:
        self._key = self.model.heir(self._key)
        super().redraw()
        view = self._page_view
        view.key = self._key
        view.redraw()
        self.search_bar.tell()  # of what is drawn now
        if self._section and view.lines:
            section, self._section = self._section, ""
            self.call_after_refresh(self.go, section)

    def tick(self) -> None:
        super().tick()
        if self.model.fleet.take_again():  # the page says when the last look was
            self._page_view.redraw()

    def methods(self) -> Mapping[str, Callable[[], None]]:
        return {
            "up": partial(self._scroll, -1),
            "down": partial(self._scroll, 1),
            "page_up": lambda: self._scroll(-self._page),
            "page_down": lambda: self._scroll(self._page),
            "half_page_up": lambda: self._scroll(-self._page // 2),
            "half_page_down": lambda: self._scroll(self._page // 2),
            "line_up": partial(self._scroll, -1),
            "line_down": partial(self._scroll, 1),
            "first": partial(self._scroll, -(10**6)),
            "last": partial(self._scroll, 10**6),
            "left": partial(self._neighbour, -1),
            "right": partial(self._neighbour, 1),
            "next_part": partial(self._part, 1),
            "previous_part": partial(self._part, -1),
            "next_finding": partial(self._finding, 1),
            "previous_finding": partial(self._finding, -1),
            "next_link": partial(self._link, 1),
            "previous_link": partial(self._link, -1),
            "unfold": self._open,
            "evidence": self._all_evidence,
            "search": self.search_bar.open,
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

    @property
    def _report(self) -> Report | None:
        pane = self.model.pane(self._key)
        return pane.report if pane is not None else None

    def _finding(self, step: int) -> None:
        """The cursor goes to the next finding; ``y`` copies that one."""
        view, report = self._page_view, self._report
        if report is None or not report.findings:
            self.say("no findings")
            return
        chosen = next_finding(report, view.chosen, step)
        view.choose(chosen)
        if chosen is not None and chosen in view.stops:
            view.scroll_to(y=max(0, view.stops[chosen] - 2), animate=False)
        at = finding_keys(report.findings).index(chosen) + 1 if chosen is not None else 0
        keys = f"{key_of('unfold')} shows its evidence, {key_of('explain')} explains it, {key_of('copy')} copies it"
        self.say(f"finding {at} of {len(report.findings)}: {keys}")

    def _link(self, step: int) -> None:
        """The cursor goes to the next link of the chain."""
        report = self._report
        if report is None or not report.chain:
            self.say("no chain was looked at")
            return
        self._page_view.choose(next_link(report, self._page_view.chosen, step))
        self.say(f"{key_of('unfold')} opens it, {key_of('previous_link')} and {key_of('next_link')} go to the others")

    def _open(self) -> None:
        """The finding under the cursor unfolds, or folds; a link opens. Where the cursor is on nothing, it goes to the first finding."""
        view, report = self._page_view, self._report
        if report is None or view.chosen is None or view.chosen not in view.stops:
            self._finding(1)
        elif isinstance(view.chosen, LinkName):
            self._open_link(view.chosen, report)
        else:
            view.unfolded ^= {(self._key, view.chosen)}
            view.choose(view.chosen)

    def _open_link(self, name: LinkName, report: Report) -> None:
        from stalewatch.dashboard.screens.link import LinkScreen

        link = next(link for link in report.chain if link.name is name)
        self.app.push_screen(LinkScreen(link, report.findings), lambda section: self.go(section or ""))

    def _all_evidence(self) -> None:
        """All findings of this server show their evidence; where they do, none."""
        view, report = self._page_view, self._report
        here = frozenset((self._key, key) for key in finding_keys(report.findings)) if report is not None else frozenset()
        view.unfolded = view.unfolded - here if here and here <= view.unfolded else view.unfolded | here
        view.choose(view.chosen)

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
        report = self._report
        findings = report.findings if report is not None else ()
        return next((one for key, one in zip(finding_keys(findings), findings, strict=True) if key == self._page_view.chosen), None)

    def _back(self) -> None:
        if self._page_view.chosen is None:
            self.app.pop_screen()
        else:
            self._page_view.choose(None)

    def _neighbour(self, step: int) -> None:
        keys = [pane.key for pane in self.model.panes()]
        if self._key in keys:
            self._key = keys[(keys.index(self._key) + step) % len(keys)]
            self.model.view = replace(self.model.view, selected=self._key)
            self._page_view.chosen = None
            self._page_view.scroll_to(y=0, animate=False)
            self.redraw()
