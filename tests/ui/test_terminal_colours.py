"""The theme suits the terminal by itself: what its surroundings say, and what it answers; its answers are never keys."""

from __future__ import annotations

import os
import re
import threading
from codecs import getincrementaldecoder
from typing import TYPE_CHECKING

import pytest

from stalewatch.dashboard.remembered import Remembered
from stalewatch.dashboard.terminal_answers import ESCAPE, PIECES, AnswerFilter, Sent, SevenBits
from stalewatch.dashboard.terminal_colours import TRUE_COLOUR, is_light, terminal_colours
from stalewatch.dashboard.terminal_driver import BackgroundTold
from tests.builders import incident as build
from tests.builders.fake_engine import FakeEngine
from tests.terminal import Terminal
from tests.ui.conftest import app_of, press, settle
from tests.ui.test_pty import PLAY

if TYPE_CHECKING:
    from collections.abc import Sequence

DESCRIBED = {"xterm": 8, "xterm-256color": 256, "linux": 8, "screen": 8, "tmux": 8, "vt100": 0, "xterm-mono": 0, "alacritty": 256}
DARK, LIGHT = b"48;2;13;17;23", b"48;2;251;251;250"
"""The grounds of the two themes as they are sent."""


# ------------------------------------------------------------------------------------------------------ what the surroundings say


@pytest.mark.parametrize(
    ("environ", "number"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, TRUE_COLOUR),
        ({"TERM": "xterm-256color"}, 256),
        ({"TERM": "alacritty"}, 256),
        ({"TERM": "xterm"}, 8),
        ({"TERM": "tmux"}, 8),
        ({"TERM": "linux"}, 8),
        ({"TERM": "screen", "COLORTERM": "truecolor", "STY": "7.pts"}, 8),
        ({"TERM": "screen", "COLORTERM": "truecolor", "TMUX": "/tmp/x"}, TRUE_COLOUR),
        ({"TERM": "vt100"}, 0),
        ({"TERM": "xterm-mono"}, 0),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": ""}, 0),
        ({"TERM": "of-tomorrow-256color"}, 256),
        ({"TERM": "of-tomorrow"}, 16),
        ({"TERM": "of-tomorrow-mono"}, 0),
        ({"TERM": "dumb"}, TRUE_COLOUR),
        ({}, TRUE_COLOUR),
    ],
)
def test_how_many_colours(environ: dict[str, str], number: int) -> None:
    assert terminal_colours(environ, DESCRIBED.get).number == number


@pytest.mark.parametrize(
    ("ground", "light"),
    [
        ("15;0", False),
        ("0;15", True),
        ("0;default;7", True),
        ("12;8", False),
        ("15;default", None),
        ("", None),
        ("0;99", None),
        ("0;²", None),
    ],
)
def test_the_background_that_colorfgbg_names(ground: str, light: bool | None) -> None:
    assert terminal_colours({"TERM": "xterm", "COLORFGBG": ground}, DESCRIBED.get).light is light


@pytest.mark.parametrize(
    ("said", "light"),
    [
        ("rgb:ffff/ffff/ffff", True),
        ("rgb:fd/f6/e3", True),
        ("rgb:0/2/3", False),
        ("RGBA:1E1E/1e1e/1e1e/ffff", False),
        ("#fafafa", True),
        ("#000000000000", False),
        ("rgb:ffff/ffff", None),
        ("rgb:fffff/0/0", None),
        ("?", None),
        ("", None),
    ],
)
def test_the_background_that_the_terminal_names(said: str, light: bool | None) -> None:
    assert is_light(said) is light


@pytest.mark.parametrize(
    ("environ", "theme"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "dark"),
        ({"TERM": "xterm-256color", "COLORFGBG": "0;15"}, "light"),
        ({"TERM": "linux"}, "ansi"),
        ({"TERM": "xterm", "COLORFGBG": "0;15"}, "ansi-light"),
        ({"TERM": "vt100", "COLORFGBG": "0;15"}, "ansi"),
    ],
)
def test_the_theme_that_suits(environ: dict[str, str], theme: str) -> None:
    assert terminal_colours(environ, DESCRIBED.get).theme == theme


@pytest.mark.parametrize(("term", "asks"), [("xterm", True), ("screen", True), ("linux", False), ("vt100", False), ("xterm-mono", False)])
def test_a_console_that_would_print_the_question_is_not_asked(term: str, asks: bool) -> None:
    assert terminal_colours({"TERM": term}, DESCRIBED.get).asks is asks


async def test_who_chooses_the_theme(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line, the environment, a key in an earlier run, the terminal; a name that is no theme is passed over."""
    monkeypatch.setenv("COLORFGBG", "0;15")
    kept = Remembered(theme="colour-blind")
    assert app_of(FakeEngine(build.incident())).theme == "light"
    assert app_of(FakeEngine(build.incident()), remembered=kept).theme == "colour-blind"
    monkeypatch.setenv("STALEWATCH_THEME", "high-contrast")
    assert app_of(FakeEngine(build.incident()), remembered=kept).theme == "high-contrast"
    assert app_of(FakeEngine(build.incident()), remembered=kept, theme="dark").theme == "dark"
    monkeypatch.setenv("STALEWATCH_THEME", "no such theme")
    assert app_of(FakeEngine(build.incident()), remembered=kept).theme == "colour-blind"


async def test_an_answer_changes_only_a_theme_that_nobody_chose() -> None:
    app = app_of(FakeEngine(build.incident()))
    async with app.run_test(size=(80, 24)) as pilot:
        app.post_message(BackgroundTold(light=True))
        await settle(pilot)
        assert app.theme == "light"
        assert app.to_remember.theme == "", "the next terminal may be another one"
        await press(pilot, "T")
        chosen = app.theme
        app.post_message(BackgroundTold(light=False))
        await settle(pilot)
        assert app.theme == chosen != "dark"
        assert app.to_remember.theme == chosen
    for chosen in ({"theme": "dark"}, {"remembered": Remembered(theme="dark")}):
        app = app_of(FakeEngine(build.incident()), **chosen)
        async with app.run_test(size=(80, 24)) as pilot:
            app.post_message(BackgroundTold(light=True))
            await settle(pilot)
            assert app.theme == "dark"


# ------------------------------------------------------------------------------------------------------- between the keys


def heard(pieces: Sequence[str], *, waiting: bool = True) -> list[Sent]:
    answers = AnswerFilter()
    answers.waiting = waiting
    return [answers.feed(piece, float(at)) for at, piece in enumerate(pieces)]


@pytest.mark.parametrize("end", ["\x07", "\x1b\\"])
def test_an_answer_is_taken_out_wherever_it_is_cut(end: str) -> None:
    whole = f"\x1b]11;rgb:ffff/ffff/ffff{end}\x1b[?62;4c"
    for at in range(len(whole)):
        first, second = heard([f"ab{whole[:at]}", f"{whole[at:]}cd"])
        assert first.keys + second.keys == "abcd", at
        assert first.background + second.background == "rgb:ffff/ffff/ffff"
        assert first.fence or second.fence


@pytest.mark.parametrize("keys", ["q", "\x1b", "\x1b[A", "\x1b[<35;1;1M", "\x1b[?2026;2$y", "\x1b[13u", "\x1b\x1b[A", "]11;?", "\x1b]x"])
def test_keys_go_on_as_they_are(keys: str) -> None:
    assert [sent.keys for sent in heard([keys], waiting=False)] == [keys]


@pytest.mark.parametrize("answer", ["\x1bP>|xterm(390)\x1b\\", "\x1bP1$r0m\x1b\\", "\x1bP0+r544e\x1b\\", "\x1b_Gi=31;OK\x1b\\", "\x1b[?1u"])
def test_an_answer_that_others_asked_for_is_no_key_wherever_it_is_cut(answer: str) -> None:
    for at in range(1, len(answer)):
        assert "".join(sent.keys for sent in heard([f"a{answer[:at]}", f"{answer[at:]}b"])) == "ab", at


def seven(*pieces: bytes) -> str:
    bits, decode = SevenBits(), getincrementaldecoder("utf-8")("surrogateescape").decode
    return "".join(bits.feed(decode(piece)) for piece in pieces)


@pytest.mark.parametrize(
    ("sent", "means"),
    [
        (b"\x9d11;rgb:ff/ff/ff\x9c\x9b?62c", "\x1b]11;rgb:ff/ff/ff\x1b\\\x1b[?62c"),
        ("\x9d11;#fff\x9c\x9b?62c".encode(), "\x1b]11;#fff\x1b\\\x1b[?62c"),
        (b"\x9bA\x8fP", "\x1b[A\x1bOP"),
        (b"\x90>|x\x9c", "\x1bP>|x\x1b\\"),
        (b"a\xe9\x80b", "a\ufffd\ufffdb"),
        ("é…\x85".encode(), "é…\x85"),
        (b"\x1b[200~a\x9b201~f\x1b[201~\x9bA", "\x1b[200~a\ufffd201~f\x1b[201~\x1b[A"),
        (b"\x9b200~a\x9b201~\x9bA", "\x1b[200~a\x1b[201~\x1b[A"),
        ("\x1b[200~\x9b201~".encode(), "\x1b[200~\x9b201~"),
    ],
    ids=str,
)
def test_controls_of_eight_bits_are_the_escapes_that_mean_the_same_wherever_they_are_cut(sent: bytes, means: str) -> None:
    for at in range(len(sent)):
        assert seven(sent[:at], sent[at:]) == means, at


def test_what_is_cut_off_is_a_key_only_if_it_may_be_one() -> None:
    answers = AnswerFilter()
    answers.waiting = True
    assert answers.feed("\x1b", 0.0).keys == ""
    assert answers.expired(ESCAPE / 2) == ""
    assert answers.expired(ESCAPE) == "\x1b"
    answers.feed("\x1b]11;rgb:ff", 1.0)
    assert answers.expired(1.0 + PIECES / 2) == ""
    assert answers.expired(1.0 + PIECES) == ""
    assert answers.feed("q", 3.0).keys == "q"
    assert answers.feed("\x1b]11;" + "f" * 5000, 4.0).keys == ""
    assert answers.feed("q", 5.0).keys == "q"


# ----------------------------------------------------------------------------------------------------------- a terminal that answers


class Answering(Terminal):
    """Sends *answers* so many seconds after it was asked for its background."""

    def __init__(self, *answers: tuple[float, bytes], env: dict[str, str] | None = None) -> None:
        self._answers = list(answers)
        super().__init__(PLAY, env=env)

    def _read(self, deadline: float) -> bool:
        more = super()._read(deadline)
        if b"\x1b]11;?" in self.raw:
            for seconds, answer in self._answers:
                threading.Timer(seconds, os.write, (self._master, answer)).start()
            self._answers = []
        return more

    def quits(self) -> None:
        """Nothing that it answered was a key: the fleet is shown, and one q ends it."""
        assert re.search(r"c clear", self.text), self.text
        self.type("q")
        assert self.wait_exit() == 0
        assert self.insane() == []


@pytest.mark.pty
@pytest.mark.parametrize("answer", [b"\x9d11;rgb:ffff/ffff/ffff\x9c\x9b?64;1;2c", "\x9d11;rgb:ffff/ffff/ffff\x9c\x9b?64;1;2c".encode()])
def test_an_answer_in_eight_bits_is_understood(answer: bytes) -> None:
    with Answering((0.0, answer[:9]), (0.2, answer[9:])) as terminal:
        terminal.wait_for(r"✗ STALE 24 min")
        terminal.wait_until(lambda: LIGHT in terminal.raw)
        terminal.quits()


@pytest.mark.pty
def test_nothing_that_a_terminal_answers_in_eight_bits_is_a_key() -> None:
    """Their signs by themselves would open help and plans, and copy."""
    with Answering() as terminal:
        terminal.wait_for(r"c clear")
        terminal.read_on(0.5)
        before = terminal.text.splitlines()[-3:]
        for answer in (b"\x9b?2026;2$y", b"\x90>|fcrb(390)\x9c", b"\x9d11;rgb:1e1e/1e1e/1e1e\x9c", b"\x9b?62;4c", b"\x9b?1u"):
            os.write(terminal._master, answer)
            terminal.read_on(0.3)
            assert terminal.text.splitlines()[-3:] == before
        terminal.quits()


@pytest.mark.pty
def test_it_becomes_light_when_the_terminal_says_so_and_nothing_waits_for_that() -> None:
    late = [(0.3, b"\x1b]11;rgb:ff"), (0.6, b"ff/ffff/ffff\x1b"), (0.7, b"\\\x1b[?64;1;2"), (0.8, b"c")]
    with Answering(*late) as terminal:
        terminal.wait_for(r"✗ STALE 24 min")
        assert DARK in terminal.raw
        assert LIGHT not in terminal.raw
        terminal.type("f")
        terminal.wait_for("Cancel")
        terminal.wait_until(lambda: LIGHT in terminal.raw)
        terminal.read_on(0.3)
        assert "Cancel" in terminal.wait_for("tab, enter: run")
        terminal.type("\x1b")
        terminal.wait_for(lambda text: "Cancel" not in text)
        terminal.quits()


@pytest.mark.pty
@pytest.mark.parametrize(
    "answer",
    [
        b"\x1b]11;rgb:1e1e/1e1e/1e1e\x07\x1b[?1;2c",
        b"\x1b[?62c",
        b"\x1b]11;rgb:zz/\xff\xfe/ff\x1b\\\x1b[?62c",
        b"\x1b]11;rgb:ffff/ff",
    ],
    ids=["dark", "only the fence", "garbage", "cut off"],
)
def test_it_stays_dark(answer: bytes) -> None:
    with Answering((0.0, answer)) as terminal:
        terminal.wait_for(r"✗ STALE 24 min")
        terminal.read_on(PIECES + 0.3 if answer.endswith(b"ff") else 0.2)
        assert LIGHT not in terminal.raw
        terminal.quits()


@pytest.mark.pty
@pytest.mark.parametrize(("term", "colours"), [("linux", 8), ("xterm", 8), ("xterm-16color", 16), ("vt100", 0), ("xterm-mono", 0)])
def test_no_colour_is_sent_that_the_terminal_does_not_have(term: str, colours: int) -> None:
    with Terminal(PLAY, env={"TERM": term, "COLORTERM": ""}) as terminal:
        terminal.wait_for(r"✗ STALE 24 min")
        for key, opened in (("f", "Cancel"), (":", "type an action")):
            terminal.type(key)
            terminal.wait_for(opened)
            terminal.type("\x1b")
            terminal.wait_for(lambda text, opened=opened: opened not in text)
        terminal.type("q")
        assert terminal.wait_exit() == 0
        sgr = [part for codes in re.findall(rb"\x1b\[([0-9;:]*)m", terminal.raw) for part in re.split(rb"[;:]", codes) if part]
        asked = b"\x1b]11" in terminal.raw
    coloured = {int(code) for code in sgr if int(code) >= 30}
    assert coloured <= ({*range(30, 38), 39, *range(40, 48), 49} if colours else {39, 49})
    assert bool(coloured - {39, 49}) == bool(colours)
    assert asked == (term in ("xterm", "xterm-16color"))


@pytest.mark.pty
@pytest.mark.parametrize("term", ["xterm", "xterm-16color"])
def test_of_few_colours_a_light_ground_gets_none_that_is_light_itself(term: str) -> None:
    """Yellow and cyan letters on white are not read."""
    answer = (0.0, b"\x1b]11;rgb:ffff/ffff/ffff\x07\x1b[?62c")
    with Answering(answer, env={"TERM": term, "COLORTERM": ""}) as terminal:
        terminal.wait_for(r"✗ STALE 24 min")
        terminal.wait_until(lambda: b";34m" in terminal.raw)
        before = len(terminal.raw)
        terminal.type("\x0c")
        terminal.wait_until(lambda: len(terminal.raw) > before + 2000)
        terminal.read_on(0.3)
        sent = terminal.raw[before:]
        terminal.quits()
    codes = {int(code) for sgr in re.findall(rb"\x1b\[([0-9;]*)m", sent) for code in sgr.split(b";") if code}
    assert {31, 34} <= codes
    assert not codes & {32, 33, 36, 37, *range(90, 98)}
