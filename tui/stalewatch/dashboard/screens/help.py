"""All keys, from the table of actions, those that do not apply now with the reason."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from textual.binding import BindingType
from textual.containers import Vertical

from stalewatch.dashboard.actions import HELP, actions_in, key_name, key_of, listed
from stalewatch.dashboard.render.cells import PICTURE
from stalewatch.dashboard.render.lanes import LASTS, PROBABLE
from stalewatch.dashboard.render.lines import BLANK, Line, Span, line, paragraph
from stalewatch.dashboard.render.signs import ALARM, CURSOR, EVENT_SIGN, EVENT_WORD, MARK, SHADE, VERDICT_SIGN
from stalewatch.dashboard.screens.scroll_modal import ScrollModal
from stalewatch.dashboard.widgets.bindings import dialog_bindings
from stalewatch.dashboard.widgets.lines_view import LinesView
from stalewatch.model.layers import LAYERS
from stalewatch.model.report import Verdict
from stalewatch.timeline import EventKind

if TYPE_CHECKING:
    import re
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
    Verdict.ABSENT: "this layer is not cached, or what is told of it proves nothing",
}

_SHADINGS = (
    (SHADE, "shade", "the server ran old code"),
    (PROBABLE, "suspect-mark", "it probably did: from a deploy to the reload that ended it, while nobody looked"),
    (LASTS, "error", "what the sign before it stands for went on: errors, or good lines"),
)
_EVENTS = {
    EventKind.DEPLOY: "the code on the disk changed",
    EventKind.CACHE: "a cache was made or cleared",
    EventKind.RELOAD: "PHP-FPM was started or reloaded",
    EventKind.DOWN: "PHP-FPM serves nobody",
    EventKind.WORKERS: "workers came or went",
    EventKind.RESTART: "OPcache was reset: everything is compiled again",
    EventKind.ERROR: "alarming lines in a log",
    EventKind.REASSURE: "lines in a log that say that it works",
    EventKind.VERDICT: "a verdict changed, or for how long old code ran",
    EventKind.ACTION: "somebody ran a runbook",
    EventKind.LINK: "the connection was lost, or is there again",
}
_MARKS = (
    (CURSOR, "accent", "the server that keys act on"),
    (MARK, "mark", "marked: keys act on all that are"),
    (ALARM, "stale-mark", "urgent, before all that is stale: FPM is down, the host key changed, the disk is full"),
    (VERDICT_SIGN[Verdict.ABSENT], "muted", "in a pane: worth knowing, but no proof of anything"),
    ("● ○", "accent", "beside the clock: they take turns with every look that comes in"),
    ("▲ ▼", "head", "in the head of a column: it orders, growing or falling from top to bottom"),
    (PICTURE, "text", "a picture that terminals draw differently wide, such as an emoji in a log"),
)


class HelpGroup(NamedTuple):
    """What stands below one head. *rows*: each is a key or a sign with its words, in as many lines as it takes."""

    title: str
    rows: list[list[Line]]


def help_lines(context: ActionContext, width: int, wanted: re.Pattern[str] | None = None) -> list[Line]:
    """Keys by group, then verdicts, layers and signs; *wanted*: only the rows in which it is found, each below its head."""
    found = [] if wanted else _here(context, width)
    for title, rows in (*_keys(context, width), *_signs(width)):
        kept = [row for row in rows if wanted is None or any(wanted.search(part.text) for part in row)]
        if kept:
            found += [*([BLANK] if found else []), line(Span(title, "title")), *chain.from_iterable(kept)]
    return found


def _keys(context: ActionContext, width: int) -> list[HelpGroup]:
    groups: dict[str, HelpGroup] = {}
    for keys, words, action in listed():
        reason = "" if action.in_dialog else action.elsewhere(context.screen) or action.disabled(context)
        note = f"   ({reason})" if reason else ""
        role = "key-off" if reason else "text"
        head = Span(f"  {keys:<14}  ", "key-off" if reason else "key")
        groups.setdefault(action.group, HelpGroup(action.group, [])).rows.append(_row(head, words + note, width, role))
    return list(groups.values())


def _signs(width: int) -> list[HelpGroup]:
    verdicts = [_row(Span(f"  {VERDICT_SIGN[each]} {each:<12}  ", f"{each}-mark"), words, width) for each, words in MEANING.items()]
    layers = [_row(Span(f"  {spec.heading:<5}{spec.layer:<9}  ", "key"), spec.about, width) for spec in LAYERS]
    shadings = [_row(Span(f"  {mark * 3:<14}  ", role), words, width) for mark, role, words in _SHADINGS]
    events = [_row(Span(f"  {EVENT_SIGN[kind]} {EVENT_WORD[kind]:<12}  ", kind.value), words, width) for kind, words in _EVENTS.items()]
    marks = [_row(Span(f"  {mark:<14}  ", role), words, width) for mark, role, words in _MARKS]
    return [
        HelpGroup("Verdicts", verdicts),
        HelpGroup("Layers", layers),
        HelpGroup("Timeline", [*shadings, *events]),
        HelpGroup("Marks", marks),
    ]


def _row(head: Span, words: str, width: int, role: str = "text") -> list[Line]:
    first, *rest = paragraph(words, width - 18, role)
    return [Line((head, *first.spans)), *(Line((Span(" " * 18), *row.spans)) for row in rest)]


def _here(context: ActionContext, width: int) -> list[Line]:
    """What is likely to be wanted now: the keys of the last line that can be pressed."""
    now = [action for action in actions_in(context.screen) if context.screen in action.footer and not action.disabled(context)]
    rows = [BLANK]
    for action in now:
        pair = (Span(f"  {key_name(action.keys[0])}", "key"), Span(f" {action.label}"))
        if rows[-1].width + line(*pair).width > width:
            rows.append(BLANK)
        rows[-1] = Line((*rows[-1].spans, *pair))
    return [line(Span("Here, now", "title")), *rows]


class HelpView(LinesView):
    """The help, scrolling. While something is searched for, only the rows that match."""

    def __init__(self, context: ActionContext) -> None:
        super().__init__(id="help", classes="-scrolls")
        self._about = context

    def build(self, width: int, height: int) -> Sequence[Line]:
        return help_lines(self._about, width, self._pattern)

    def search(self, pattern: re.Pattern[str] | None, row: int = 0) -> None:
        """The first match is sought from the top: *row* is one of the whole help."""
        super().search(pattern)

    def drop_search(self, top: int) -> None:
        """The scrollbar, gone while few rows were shown, must be back to take its place from *top*."""
        self.search(None)
        self.call_after_refresh(self.scroll_to, y=top, animate=False, force=True)


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
            box.border_title = f"keys · {key_of('search')} finds · {key_of('close')} closes"
            yield HelpView(context)

    @property
    def scrolled(self) -> HelpView:
        return self.query_one(HelpView)

    def action_close(self) -> None:
        self.dismiss(None)
