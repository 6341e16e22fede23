"""Borders stay where they are, whatever servers write and whichever table of widths the terminal has."""

from __future__ import annotations

import ctypes
import locale
import re
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import rich.cells
import wcwidth

import stalewatch.dashboard
from stalewatch.dashboard.render.cells import PICTURE, cell_len, set_cell_size, steady
from stalewatch.dashboard.render.lines import MORE, Span, cut, line, middle_crop, text_crop
from stalewatch.dashboard.widgets.content import strip
from stalewatch.dashboard.widgets.theme import palette
from stalewatch.model.replace import replace
from stalewatch.model.text import safe
from tests.builders import incident as build
from tests.builders.fake_engine import FakeEngine
from tests.ui.conftest import app_of, press

if TYPE_CHECKING:
    from collections.abc import Callable

HARD = {
    "picture": "🔧 Function routing",
    "family": "\U0001f468\u200d\U0001f469\u200d\U0001f467 logged in",
    "skin": "\U0001f44d\U0001f3fd ok",
    "variant": "⚠\ufe0f careful ❤\ufe0f",
    "keycap": "1\ufe0f\u20e3 first",
    "flag": "\U0001f1e9\U0001f1ea Berlin",
    "half a flag": "\U0001f1e9 x",
    "new": "\U0001fae0 melting",
    "narrow picture": "\U0001f321 hot",
    "combining": "Mu\u0308nchen e\u0301\u0302",
    "Chinese": "服务器 已更新",
    "Korean": "서버 업데이트",
    "fullwidth": "ＡＢＣ１２３",
    "Hebrew": "השרת עודכן 12:30",
    "Arabic": "تم تحديث الخادم",
    "Thai": "ที่เซิร์ฟเวอร์",
}
LETTERS = {"combining", "Chinese", "Korean", "fullwidth", "Hebrew", "Arabic", "Thai"}


def each(width: Callable[[str], int]) -> Callable[[str], int]:
    """A terminal that counts character by character."""
    return lambda text: sum(width(char) for char in text)


def old(char: str) -> int:
    """As before Unicode 9: wide is only what East Asia writes."""
    wide = unicodedata.east_asian_width(char) in "WF" and unicodedata.category(char) != "So"
    return 0 if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me") else 2 if wide else 1


def libc() -> Callable[[str], int]:
    """The table of this machine's C library: tmux, and many terminals, ask it."""
    locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
    return ctypes.CDLL(None).wcwidth


TABLES = {
    "rich": rich.cells.cell_len,
    "the newest, by clusters": wcwidth.wcswidth,
    "the newest, by characters": each(wcwidth.wcwidth),
    "of the C library": each(lambda char: libc()(ctypes.c_wchar(char))),
    "before emoji": each(old),
}


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("kind", HARD)
def test_every_table_gives_the_width_that_was_counted(kind: str, table: str) -> None:
    text = safe(HARD[kind])
    assert TABLES[table](steady(text)) == cell_len(text)
    for width in range(1, 12):
        assert TABLES[table](steady(text_crop(text, width))) <= width
        assert TABLES[table](set_cell_size(text, width)) == width
        drawn = strip(line("│", text_crop(text, width), "│"), palette("dark"), 20)
        assert TABLES[table](drawn.text) == 20


def test_the_tables_do_disagree_about_what_is_replaced() -> None:
    apart = {kind for kind, text in HARD.items() if len({table(text) for table in TABLES.values()}) > 1}
    assert {"picture", "family", "skin", "variant", "keycap", "flag", "new"} <= apart
    assert not apart & LETTERS


def test_the_words_stay_as_they_were() -> None:
    assert steady("🔧 Function routing 🔧") == f"{PICTURE} Function routing {PICTURE}"
    assert steady("\U0001f1e9\U0001f1ea 1\ufe0f\u20e3 ⚠\ufe0f \U0001f44d\U0001f3fd") == f"DE 1 ⚠ {PICTURE}"
    letters = "".join(
        text for kind, text in HARD.items() if kind in ("Chinese", "Korean", "Hebrew", "Arabic", "Thai", "combining", "fullwidth")
    )
    assert steady(letters) == letters


def test_no_sign_of_ours_is_one_that_they_disagree_about() -> None:
    for path in Path(stalewatch.dashboard.__file__).parent.rglob("*.py"):
        text = path.read_text("utf-8")
        assert steady(text) == text, path
        for char in set(text) - {"\n"}:
            assert {table(char) for table in TABLES.values()} == {1}, (path, char)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_borders_stay_where_they_are(size: tuple[int, int]) -> None:
    """Every row of the screen is as wide as the terminal by every table, whatever the servers are called."""
    board, panes = build.Board(), build.incident().snapshot().panes
    for pane, text in zip(panes, (HARD["family"] + HARD["flag"], HARD["Chinese"], HARD["variant"] + HARD["Arabic"]), strict=True):
        assert pane.report is not None
        summary = safe(f"{text} {HARD['picture']} {HARD['keycap']}")
        findings = tuple(replace(finding, summary=summary) for finding in pane.report.findings)
        board.put(replace(pane, server=safe(text), report=replace(pane.report, server=safe(text), findings=findings)))
    app = app_of(FakeEngine(board))
    async with app.run_test(size=size) as pilot:
        for keys in ((), ("enter",), ("escape", "t")):
            await press(pilot, *keys)
            for row in app.screen._compositor.render_strips():
                assert {name: table(row.text) for name, table in TABLES.items()} == dict.fromkeys(TABLES, size[0])
        assert re.search("▯|服务器", "".join(row.text for row in app.screen._compositor.render_strips()))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_columns_behind_names_of_east_asia_stay_in_line(size: tuple[int, int]) -> None:
    board = build.Board()
    names = {"web1": "web1.internal", "web2": "worker\U0001f527-服务器", "web3": "서버-3"}
    board.put(build.pane(build.stale("web1.internal")))
    board.add(replace(event, server=names[event.server]) for event in build.history())
    app = app_of(FakeEngine(board))
    async with app.run_test(size=size) as pilot:
        rows = (await press(pilot, "tab")).splitlines()
    ends = {cell_len(row[: row.index(sign)]) for row in rows if re.match(r".\d\d:\d\d:\d\d ", row) for sign in "▲■!◆" if sign in row[:45]}
    assert len(ends) == 1, rows


@pytest.mark.parametrize("at", range(-1, 14))
def test_a_row_is_cut_at_any_cell_and_nothing_moves(at: int) -> None:
    row = line(Span("ab"), Span("好c", "stale"), Span("ü●", "fresh"), Span("efgh"), base="band")
    left, right = cut(row, at)
    assert (left.width, right.width) == (min(max(0, at), 11), 11 - min(max(0, at), 11))
    assert left.text + right.text == (row.text.replace("好", "  ") if at == 3 else row.text)
    assert left.base == right.base == "band"


@pytest.mark.parametrize("width", range(2, 12))
def test_what_follows_the_cut_begins_with_a_sign_of_its_own(width: int) -> None:
    """Else its accent would be drawn on the dots, as if that were what the server is called."""
    told = middle_crop("e\u0301" * 30, width)
    assert cell_len(told) <= width
    assert told.partition(MORE)[2][:1] != "\u0301"
