"""Five questions that a stranger answers from one picture, 80×24, without colour: which server, since when, what runs instead of what, why,
and what to press."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import pytest

from stalewatch.dashboard.app import StalewatchApp
from stalewatch.engine.board import Board
from stalewatch.model.report import Verdict
from stalewatch.recording.reader import Recording
from tests.builders import incident as build
from tests.builders.fake_engine import FakeEngine
from tests.night import FILE
from tests.ui import recorded
from tests.ui.conftest import app_of, screen_text, settle
from tests.ui.hands import HandClock

if TYPE_CHECKING:
    from collections.abc import Callable


class Answers(NamedTuple):
    """As a stranger would write them down."""

    which: str
    since: str
    runs: str
    instead_of: str
    why: str
    press: str


def read(text: str) -> Answers:
    """The answers on the screen, each where its question is answered. No sign, and no place, is looked for. Where since when cannot be
    proven, it is when the code came; where no key helps, what to press is what to type."""
    sentence = re.search(r"(\S+) runs old code(?: since (\d\d:\d\d))?", text)
    deployed = re.search(r"deployed (\d\d:\d\d)", text)
    opening = re.search(r"runs: (.+?)(?: \| (?:on disk|current is): (.+?))? *┃", text)
    reason = re.search(r"why: (.+?)(?: \| press: (\w))? *┃", text)
    by_hand = re.search(r"do: (.+?) *┃", text)
    assert sentence, text
    assert opening, text
    assert reason, text
    since = sentence[2] or (deployed[1] if deployed else "")
    return Answers(sentence[1], since, opening[1], opening[2] or "", reason[1], reason[2] or (by_hand[1] if by_hand else ""))


def the_incident() -> StalewatchApp:
    return app_of(FakeEngine(build.incident()))


def three_real_hosts() -> StalewatchApp:
    engine = recorded.engine()
    recorded.go_on(engine)
    return recorded.app(engine)


def the_demo() -> StalewatchApp:
    """Its recording, at the moment when only web1 still runs old code."""
    for frame in Recording(FILE).frames():
        verdicts = {report.server: report.verdict for report in frame.reports}
        if verdicts == {"web1": Verdict.STALE, "web2": Verdict.FRESH, "web3": Verdict.FRESH}:
            board = Board()
            for report in frame.reports:
                board.put(build.pane(report))
            board.add(frame.events)
            return shown_at(frame.at, board)
    raise AssertionError("it has no such moment")


def shown_at(now: float, board: Board) -> StalewatchApp:
    app = StalewatchApp(FakeEngine(board), now=lambda: now, monotonic=lambda: 100.0)
    app.key_clock = HandClock()
    return app


WHY = "the pool never looks at the disk (validate_timestamps=0)"
HANDLER = "RetellFunctionCallHandler.php as compiled 12:27"
INCIDENTS = {
    the_incident: Answers("web1", "12:38", HANDLER, "12:38", WHY, "f"),
    three_real_hosts: Answers("web1", "12:38", "HomeController.php as compiled 12:27", "12:38", WHY, "f"),
    the_demo: Answers("web1", "12:38", HANDLER, "12:38", WHY, "f"),
}


@pytest.mark.parametrize("made", INCIDENTS, ids=[made.__name__ for made in INCIDENTS])
async def test_one_picture_answers_all_five(made: Callable[[], StalewatchApp], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = made()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        text = screen_text(app)
    assert read(text) == INCIDENTS[made]
    assert re.search(r"\bf fix\b", text.splitlines()[-1]), "and the row of keys says what f is"
    assert "…" not in text.partition("timeline")[0], "nothing of it is cut"
