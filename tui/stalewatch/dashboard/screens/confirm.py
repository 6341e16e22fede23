"""The dialog is the plan: what would be run, on which server, and why. Nothing is executed by a single key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input

from stalewatch.dashboard.actions import BY_ID, PLAN, key_of
from stalewatch.dashboard.render import markdown
from stalewatch.dashboard.render.lines import Line, Span, beside, crop, line
from stalewatch.dashboard.render.plan_lines import plan_lines, title, word_to_type
from stalewatch.dashboard.screens.asking import AskingScreen
from stalewatch.dashboard.screens.sizes import ROOMY
from stalewatch.dashboard.widgets.bindings import dialog_bindings
from stalewatch.dashboard.widgets.lines_view import LinesView
from stalewatch.model import figures
from stalewatch.model.fixing import InFlight
from stalewatch.model.replace import replace
from stalewatch.runbook.plan import Choice, Phase, Plan, Request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import ClassVar

    from textual.app import ComposeResult

    from stalewatch.dashboard.model import Model
    from stalewatch.model.inventory import AppKey

CHANGED = "The evidence changed since this plan was drawn. Nothing was run. This is the new plan: read it again."
PASTED = "type the name: a paste does not count"
TO_TYPE = "tab, then type the name below"
GENTLER = (Choice.FIX, Choice.RELOAD)
"""Where scripts can be invalidated one by one instead of a reload."""


class PlanView(LinesView):
    """The plan, scrolling."""

    def __init__(self) -> None:
        super().__init__(id="plan", classes="-scrolls")
        self.plan: Plan | None = None
        self.notice = ""
        self.why: Mapping[AppKey, str] = {}

    def rows(self, width: int) -> Sequence[Line]:
        """All of it in lines of *width*."""
        return plan_lines(self.plan, width, self.notice, self.why) if self.plan else ()

    def build(self, width: int, height: int) -> Sequence[Line]:
        return self.rows(width)


class PlanHead(LinesView):
    """Title above, and how much of the plan is not in sight."""

    def __init__(self) -> None:
        super().__init__(id="plan-head")
        self.words = ""
        self.more = ""

    def build(self, width: int, height: int) -> Sequence[Line]:
        return [beside(line(Span(self.words, "title")), line(Span(self.more, "warning")), width)]


class ConfirmScreen(AskingScreen["Plan | None"]):
    """Gives the plan when it was confirmed and its evidence still holds, else None. *copy* puts text into the clipboard and says so."""

    ACTS = "run"
    BINDINGS: ClassVar[list[BindingType]] = dialog_bindings(PLAN)
    DEFAULT_CSS = """
    ConfirmScreen > Vertical { width: 94%; min-width: 50; max-width: 150; height: auto; max-height: 100%; }
    ConfirmScreen #plan-head { height: 1; }
    ConfirmScreen #plan { height: auto; margin: 0 0 1 0; }
    ConfirmScreen #answer { height: 1; }
    ConfirmScreen #word { width: 1fr; border: none; background: $panel; height: 1; }
    ConfirmScreen #hint { width: 1fr; height: 1; }
    ConfirmScreen #keys { height: 1; }
    ConfirmScreen Button { min-width: 10; }
    ConfirmScreen #run { color: $error; text-style: bold; }
    ConfirmScreen #run:focus { text-style: bold reverse; }
    ConfirmScreen Button:disabled { text-style: dim; }
    """

    def __init__(self, model: Model, keys: Sequence[AppKey], request: Request, copy: Callable[[str], str]) -> None:
        super().__init__()
        self._model, self._keys, self._request, self._copy = model, tuple(keys), request, copy
        self._choice = request.choice
        self.plan = model.engine.plan(self._keys, request)
        self._word = ""
        self._answered = False
        self._told = (False, False)
        self._beyond = 0

    def compose(self) -> ComposeResult:
        with Vertical():
            yield PlanHead()
            yield PlanView()
            with Horizontal(id="answer"):
                yield Input(id="word", compact=True)
                yield HintView("hint")
                yield Button("Cancel", id="cancel", compact=True)
                yield Button("Run", id="run", compact=True)
            yield HintView("keys")

    def on_mount(self) -> None:
        self.watch(self.query_one(PlanView), "scroll_y", self._say_more, init=False)
        self._draw("")

    def on_resize(self) -> None:
        self.call_after_refresh(self._fit)

    def _draw(self, notice: str) -> None:
        """Show the plan as it is now, with Cancel in focus and nothing typed."""
        self._word = word_to_type(self.plan)
        view, box = self.query_one(PlanView), self.query_one("#word", Input)
        view.plan, view.notice, view.why = self.plan, notice, self._model.why(self._keys)
        box.value, box.display = "", bool(self._word)
        self.query_one("#hint", HintView).display = not self._word
        runs = self.plan.runnable
        self.query_one("#run", Button).disabled = not runs or bool(self._word)
        self.query_one("#cancel").focus()
        self._told = (False, False)
        self._say_how()
        self._fit()
        self.redrawn()

    def _keys_line(self) -> None:
        """What the keys of the table do to this plan, in long, middling and short words."""
        asked = self._request
        whole = ("only what is needed", "needed") if asked.everything else (BY_ID["everything"].label, "whole")
        cache = "without cache:clear" if asked.cache_clear else BY_ID["cache_clear"].label
        first = ("enter: run",) * 3 if self._told[1] else (f"type {self._word} to run", f"type {self._word}", f"type {self._word}")
        parts = [first] if self._word else []
        parts += [_hint("copy_plan", "copy"), _hint("everything", whole[0], whole[0], whole[1])]
        if asked.invalidate:
            parts.append(_hint("invalidate", "reload instead", "reload instead", "reload"))
        elif asked.choice in GENTLER and any(server.interrupts for server in self.plan.servers):
            gentler = BY_ID["invalidate"].label
            parts.append(_hint("invalidate", f"{gentler}, loses no request", gentler, "invalidate"))
        if running := sum(server.in_flight or 0 for server in self.plan.servers if server.interrupts):
            kills = f"reload now, kills {running}"
            parts.append(_hint("in_flight", *(("wait for idle",) if asked.in_flight is InFlight.KILL else (kills, kills, "kill"))))
        if any(server.deploying for server in self.plan.servers):
            parts.append(_hint("during_deploy", "not during the deploy" if asked.during_deploy else BY_ID["during_deploy"].label))
        parts.append(_hint("cache_clear", cache, cache, f"{'no ' if asked.cache_clear else ''}cache:clear"))
        self.query_one("#keys", HintView).say(*(" · ".join(words) for words in zip(*parts, strict=True)))

    def _fit(self) -> None:
        """The dialog is as high as its plan, as far as the screen goes; what is out of sight is said."""
        view, head = self.query_one(PlanView), self.query_one(PlanHead)
        view.redraw()
        screen = self.app.size
        width = view.room[0] if view.size.width else min(150, screen.width * 94 // 100) - 5  # the first frame is right already
        rows = len(view.rows(max(8, width)))
        most = max(3, screen.height - (7 if screen.height >= ROOMY[1] else 6))
        view.styles.height = min(rows, most)
        self._beyond = rows - most
        head.words = title(self.plan)
        self._say_more()

    def _say_more(self) -> None:
        """How much of the plan is below what is in sight."""
        head = self.query_one(PlanHead)
        below = self._beyond - self.query_one(PlanView).scroll_offset.y
        head.more = f"  {figures.count(below, 'more line')}: {key_of('scroll_down')}" if below > 0 else ""
        head.redraw()

    # --------------------------------------------------------------------------------------------------------------------- answers

    def tell(self, is_open: bool, runs: bool) -> None:
        if (told := (is_open, runs)) == self._told:
            return
        self._told = told
        self._say_how()

    def _say_how(self) -> None:
        """How to run it, once that counts."""
        is_open, runs = self._told
        how = "enter: run" if runs else "tab, enter: run"
        how = how if is_open else ""
        self.query_one("#hint", HintView).say(how if self.plan.runnable else f"nothing to run; {key_of('cancel')} closes")
        self.query_one("#word", Input).placeholder = TO_TYPE if is_open else ""
        self._keys_line()

    def pasted(self) -> None:
        if self._word:
            box = self.query_one("#word", Input)
            box.call_later(box.clear)  # behind the characters that are under way to it
            self.query_one("#keys", HintView).say(PASTED)

    def on_input_changed(self, event: Input.Changed) -> None:
        self.query_one("#run", Button).disabled = not self._may_run()

    def on_input_submitted(self) -> None:
        """Only *Run* runs: Enter leads there."""
        if self._may_run():
            self.query_one("#run").focus()

    def _may_run(self) -> bool:
        return self.plan.runnable and (not self._word or self.query_one("#word", Input).value.strip() == self._word)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "cancel":
            self._answer(None)
        elif self._may_run() and self.may_act:
            self._run()

    def _answer(self, plan: Plan | None) -> None:
        """The first answer counts: later keys may still reach a dialog that is about to close."""
        if not self._answered:
            self._answered = True
            self.dismiss(plan)

    def _run(self) -> None:
        if self._model.engine.still_valid(self.plan):
            self._answer(self.plan)
            return
        self.plan = self._model.engine.plan(self._keys, self._request)
        self._draw(CHANGED)

    def action_cancel(self) -> None:
        self._answer(None)

    def _ask(self, request: Request) -> None:
        self._request = request
        self.plan = self._model.engine.plan(self._keys, self._request)
        self._draw("")

    def action_everything(self) -> None:
        self._ask(replace(self._request, everything=not self._request.everything))

    def action_invalidate(self) -> None:
        """Scripts one by one instead of a reload, and back; also where a reload alone was asked for."""
        if self._request.invalidate:
            self._ask(replace(self._request, in_flight=InFlight.WAIT, choice=self._choice, only=()))
        elif self._request.choice is Choice.RELOAD:
            self._ask(replace(self._request, in_flight=InFlight.INVALIDATE, choice=Choice.FIX, only=(Phase.RELOAD,)))
        elif self._request.choice is Choice.FIX:
            self._ask(replace(self._request, in_flight=InFlight.INVALIDATE))

    def action_in_flight(self) -> None:
        """Reload although it kills requests in flight, or wait for them again."""
        kills = self._request.in_flight is InFlight.KILL
        if any(server.interrupts and server.in_flight for server in self.plan.servers):
            self._ask(replace(self._request, in_flight=InFlight.WAIT if kills else InFlight.KILL))

    def action_during_deploy(self) -> None:
        if any(server.deploying for server in self.plan.servers):
            self._ask(replace(self._request, during_deploy=not self._request.during_deploy))

    def action_cache_clear(self) -> None:
        self._ask(replace(self._request, cache_clear=not self._request.cache_clear))

    def action_copy_plan(self) -> None:
        self.query_one("#keys", HintView).say(self._copy(markdown.plan(self.plan)))

    @property
    def scrolled(self) -> PlanView:
        return self.query_one(PlanView)


def _hint(id: str, *words: str) -> tuple[str, str, str]:
    """A key and what it does, three times: the longest words, shorter ones, the shortest."""
    long, middling, short = words if len(words) == 3 else words * 3
    key = key_of(id)
    return f"{key} {long}", f"{key} {middling}", f"{key} {short}"


class HintView(LinesView):
    """A line of hints, in the longest words that fit."""

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._words: tuple[str, ...] = ()

    def say(self, *words: str) -> None:
        """*words*: the longest first."""
        self._words = words
        self.redraw()

    def build(self, width: int, height: int) -> Sequence[Line]:
        fitting = next((words for words in self._words if len(words) <= width), self._words[-1] if self._words else "")
        return [crop(line(Span(fitting, "muted")), width)]
