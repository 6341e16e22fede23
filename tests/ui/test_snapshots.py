"""Every screen, the main ones at five sizes, as text, of an incident recorded on real hosts: a changed picture says what changed."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import msgspec
import pytest

from stalewatch.dashboard.screens.progress import ProgressScreen
from stalewatch.dashboard.widgets.theme import files
from stalewatch.diagnosis import fpm
from stalewatch.model.report import Verdict
from stalewatch.runbook.plan import Status
from tests.builders import incident as build
from tests.builders.fake_engine import FakeEngine
from tests.ui import recorded
from tests.ui.conftest import app_of, press, settle

if TYPE_CHECKING:
    from rich.style import Style
    from syrupy.assertion import SnapshotAssertion
    from textual.pilot import Pilot

    from stalewatch.dashboard.app import StalewatchApp

THEMES = [*files(), "NO_COLOR"]
SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)], ids=lambda size: f"{size[0]}x{size[1]}")
SCREENS = {
    "fleet": (),
    "table": ("t",),
    "timeline": ("tab", "down", "down"),
    "frozen": ("p",),
    "server": ("enter",),
    "caches": ("enter", "2"),
    "bytecode": ("enter", "3"),
    "workers": ("enter", "4"),
    "pool": ("enter", "5"),
    "log": ("L",),
    "confirm": ("f",),
    "help": ("question_mark",),
    "palette": ("colon",),
    "finding": ("enter", "n", "n"),
    "explanation": ("enter", "n", "x"),
    "filter": ("slash", *"!fresh"),
}
MORE_SIZES = {
    (50, 15): ("fleet", "table", "timeline", "server", "finding", "confirm", "help", "log"),
    (100, 30): ("fleet", "table", "server", "confirm", "timeline"),
}
LONG = ("api-gateway-production-eu-central-1-web-a1.internal", "api-gateway-production-eu-central-1-web-a2.internal", "worker🔧-服务器-3")
ENDS = {"verified": Status.DONE, "failed": Status.FAILED}


async def at_the_end(app: StalewatchApp, pilot: Pilot[int], copies: int = 0) -> None:
    """It watched until 12:50, and looks again at 13:02."""
    await settle(pilot)
    recorded.go_on(app.model.engine, copies)  # type: ignore[arg-type]
    app.flush()
    await settle(pilot)


EACH = [(name, size) for size in ((80, 24), (120, 40), (200, 60)) for name in SCREENS]
EACH += [(name, size) for size, names in MORE_SIZES.items() for name in names]


@pytest.mark.parametrize(("name", "size"), EACH, ids=lambda value: value if isinstance(value, str) else f"{value[0]}x{value[1]}")
async def test_screen(name: str, size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    app = recorded.app(recorded.engine())
    async with app.run_test(size=size) as pilot:
        await at_the_end(app, pilot)
        text = await press(pilot, *SCREENS[name])
    assert text == snapshot


async def test_the_text_alone_retells_the_incident() -> None:
    """Which server is stale, since when and why; that the others ran old code until their reload; what the log says of both."""
    app = recorded.app(recorded.engine())
    async with app.run_test(size=(120, 40)) as pilot:
        await at_the_end(app, pilot)
        text = await press(pilot)
    assert "✗ STALE  web1 runs old code since 12:38: HomeController.php runs as compiled 12:27, the disk has 12:38;" in text
    assert re.search(r"config +✗ 11 min older than source", text)
    assert re.search(r"opcache +✗ 1 of 315 older than disk", text)
    assert "why: the pool never looks at the " in text
    assert re.search(r"disk \(validate_timestamps=0\) ", text)
    assert re.search(r"runs: HomeController\.php as compiled", text)
    assert "on disk: 12:38" in text
    assert re.search(r"! 13 alarms, last 13:02", text)
    assert '"Call context not found"' in text
    assert re.search(r"\+ 6 good lines", text)
    lanes = {name: line for line in text.splitlines() for name in recorded.NAMES if re.match(rf"[ ▸]+{name} +─", line)}
    assert re.search(r"▲ reload ─+◆ deploy ▒+! errors ×11 ▒+", lanes["web1"])
    assert re.search(r"▲ reload ─+◆ deploy ▒+! ×7 ▒+■▒*▲ reload ─+$", lanes["web2"])
    assert {name: app.model.fleet.stale_spans[name] for name in recorded.NAMES} == {
        "web1": ((build.at("12:38"), math.inf),),
        "web2": ((build.at("12:38"), build.at("12:55")),),
        "web3": ((build.at("12:38"), build.at("12:55")),),
    }, "old code ended with what fixed it, not when somebody looked again"


@SIZES
async def test_connecting(size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    app = recorded.app(recorded.connecting())
    async with app.run_test(size=size) as pilot:
        text = await press(pilot)
    assert text == snapshot


@SIZES
@pytest.mark.parametrize("keys", [(), ("S", "S", "S", "S", "S")], ids=["grouped", "by hit rate"])
async def test_many_servers(keys: tuple[str, ...], size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    app = recorded.app(recorded.engine())
    async with app.run_test(size=size) as pilot:
        await at_the_end(app, pilot, copies=37)
        text = await press(pilot, *keys)
    assert text == snapshot


@pytest.mark.parametrize("size", [(50, 15), (80, 24), (120, 40)], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("count", [4, 12, 200])
async def test_so_many_servers(count: int, size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    app = recorded.app(recorded.engine())
    async with app.run_test(size=size) as pilot:
        await at_the_end(app, pilot, copies=count - 3)
        text = await press(pilot)
    assert text == snapshot


@pytest.mark.parametrize("size", [(50, 15), (80, 24), (120, 40)], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("what", ["long names", "FPM down", "changed host key"])
async def test_a_fleet_with(what: str, size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    board = build.incident()
    if what == "long names":
        board = build.Board()
        for report in (build.fresh(LONG[1]), build.stale(LONG[0]), build.stale(LONG[2])):
            board.put(build.pane(report))
        names = dict(zip(("web1", "web2", "web3"), LONG, strict=True))
        board.add(msgspec.structs.replace(event, server=names[event.server]) for event in build.history())
    elif what == "FPM down":
        down = fpm.NOT_RUNNING.finding("php8.3-fpm.service", "PHP-FPM is not running", ())
        board.put(build.pane(build.fresh("web3", findings=(down,), verdict=Verdict.UNKNOWN)))
    else:
        board.put(build.unreachable("db1"))
    app = app_of(FakeEngine(board))
    async with app.run_test(size=size) as pilot:
        text = await press(pilot)
    assert text == snapshot


@SIZES
@pytest.mark.parametrize("how", ["running", "verified", "failed", "leave"])
async def test_a_runbook(how: str, size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    engine = recorded.engine()
    app = recorded.app(engine)
    async with app.run_test(size=size) as pilot:
        await at_the_end(app, pilot)
        await press(pilot, "f", "tab", *"app", "enter", "enter")
        assert isinstance(app.screen, ProgressScreen)
        plan, future = app.model.fleet.runs[-1]
        recorded.run(engine, plan.servers[0], ENDS.get(how, Status.RUNNING), until=0 if how == "verified" else 5)
        app.flush()
        if how in ENDS:
            future.set_result({("web1", str(plan.servers[0].app)): ENDS[how]})
            app.screen.redraw()
        text = await press(pilot, *(("escape", "q") if how == "leave" else ()))
        future.cancel()
    assert text == snapshot


@pytest.mark.parametrize(("screen", "size"), [("fleet", (120, 40)), ("confirm", (80, 24))], ids=["fleet", "confirm"])
@pytest.mark.parametrize("theme", THEMES)
async def test_a_screen_in_every_theme(
    theme: str, screen: str, size: tuple[int, int], snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each run of cells with the style it is sent in."""
    if theme == "NO_COLOR":
        monkeypatch.setenv("NO_COLOR", "1")
    app = recorded.app(recorded.engine(), theme="" if theme == "NO_COLOR" else theme)
    async with app.run_test(size=size) as pilot:
        await at_the_end(app, pilot)
        await press(pilot, *SCREENS[screen])
        rows = app.screen._compositor.render_strips()
    styled = ["  ".join(f"{part.text.strip()} [{_plain(part.style)}]" for part in row if part.text.strip(" ─│")) for row in rows]
    assert "\n".join(styled) == snapshot


@pytest.mark.parametrize("theme", [name for name, source in files().items() if source.ansi])
async def test_what_is_sent_to_a_terminal_of_eight_colours(
    theme: str, snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bytes themselves, without where each row begins."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("COLORTERM")
    app = recorded.app(recorded.engine(), theme=theme)
    async with app.run_test(size=(80, 24)) as pilot:
        await at_the_end(app, pilot)
        await press(pilot)
        sent = "\n".join(row.render(app.console) for row in app.screen._compositor.render_strips())
    assert not re.search(r"\x1b\[[0-9;]*\b(38|48|9[0-7]|10[0-7])\b[0-9;]*m", sent)
    assert sent.replace("\x1b", "␛") == snapshot


def _plain(style: Style | None) -> str:
    """*style* without what a click does."""
    return str(style.clear_meta_and_links()) if style else ""
