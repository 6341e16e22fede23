"""The real engine (transport, probes, diagnosis, runbook) over the embedded servers: seen, understood, put right, proven."""

from __future__ import annotations

import asyncio
import re
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from stalewatch.dashboard.app import StalewatchApp
from stalewatch.demo import story
from stalewatch.demo.embedded import Embedded
from stalewatch.demo.scenarios import INCIDENT, scenario
from stalewatch.engine.engine import Engine
from stalewatch.model.report import Layer, Report, Severity, Verdict
from stalewatch.runbook.plan import Choice, Request, Status
from tests.builders.watching import eventually, reports
from tests.ui.conftest import press, screen_text, settle
from tests.ui.hands import HandClock

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from stalewatch.demo.world import World

ALARM = "Call context not found"


@contextmanager
def living(folder: Path) -> Iterator[tuple[World, Engine]]:
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
            patch.setenv(variable, str(folder))
        with Embedded() as world:
            engine = Engine(world.fleet)
            engine.start()
            try:
                assert eventually(lambda: len(reports(engine)) == 3)
                yield world, engine
            finally:
                engine.stop()


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[tuple[World, Engine]]:
    with living(tmp_path) as both:
        yield both


@pytest.fixture(scope="module")
def looked_at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """For the tests that only look: built once."""
    with living(tmp_path_factory.mktemp("looked-at")) as (_, engine):
        yield engine


def steps(engine: Engine) -> list[str]:
    return [f"{line.step} {line.status} {line.evidence}" for pane in engine.board.snapshot().panes for line in pane.progress]


def loud(report: Report) -> list[str]:
    return [f"{finding.severity} {finding.code} {finding.summary}" for finding in report.findings if finding.severity is not Severity.INFO]


def drawn(engine: Engine, size: tuple[int, int], *words: str, keys: Sequence[str] = ()) -> str:
    """The first screen without its colours, once *words* stand on it after *keys*."""

    async def draw() -> str:
        app = StalewatchApp(engine, title="api-gateway")
        app.key_clock = HandClock()
        async with app.run_test(size=size) as pilot:
            for key in keys:
                await press(pilot, key)
            deadline = time.monotonic() + 60
            while not all(word in screen_text(app) for word in words) and time.monotonic() < deadline:
                await settle(pilot)
                await asyncio.sleep(0.1)
            return screen_text(app)

    return asyncio.run(draw())


def lanes(text: str) -> dict[str, str]:
    """The rows of the timeline, by server."""
    below = text.partition(" timeline ")[2].splitlines()[1:4]
    return {row.split()[0].removeprefix("▸"): row for row in below}


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_the_text_alone_retells_the_incident(looked_at: Engine, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Which server is stale, since when, what runs instead of what, why, and what to press; its deploy came after its last reload."""
    engine = looked_at
    monkeypatch.setenv("NO_COLOR", "1")
    text = drawn(engine, size, "✗ 1 stale", "✓ 2 fresh")
    since = reports(engine)["web1"].stale_since
    assert since is not None
    start = since - story.at(0, scenario(INCIDENT).scenes[0].deployed)
    moments = (scenario(INCIDENT).scenes[0].deployed, story.CACHED, story.RESTARTED)
    deployed, cached, restarted = (time.strftime("%H:%M", time.localtime(story.at(start, clock))) for clock in moments)
    assert re.search(r"web1.* ✗ STALE \d\d min", text)
    assert re.search(r"web2.* ✓ FRESH", text)
    assert re.search(r"web3.* ✓ FRESH", text)
    for layer in ("config", "routes"):
        assert re.search(rf"{layer} +✗ (cache )?11 min older than source", text), text
        assert f"({cached} → {deployed})" in text or size[0] == 120, text
    assert re.search(r"opcache +✗ \d of \d+ (scripts )?older than disk", text)
    said = " ".join(text.split())
    assert (
        f"web1 runs old code since {deployed}: RetellFunctionCallHandler.php runs as compiled {restarted}, the disk has {deployed}" in said
    )
    assert re.search(r"the pool never looks at the disk( \(validate_timestamps=0\))?[ ·]+f fix", said), text
    if size == (120, 40):
        assert re.search(rf"workers +· 7 since {restarted}", text)
    assert re.search(r"log +! .*\d\d alarms", text)
    row = lanes(text)
    assert re.search(r"▲ reload ─*◆ deploy ▒+[^◆▲]*!", row["web1"]), "no reload after the deploy, old code, then errors"
    for healed in ("web2", "web3"):
        assert row[healed].rindex("◆") < row[healed].rindex("▲"), "a reload after the deploy"
        assert "▒" not in row[healed]
        assert "!" not in row[healed]
    assert re.search(r"▒ (ran )?old code", text)
    assert re.search(r'web1 +! laravel\.log +"Call context not found" ×\d+ +(until|to) \d\d:\d\d:\d\d', text)


def test_only_web1_is_stale_and_it_says_why(looked_at: Engine) -> None:
    seen = reports(looked_at)
    web1 = seen["web1"]
    assert web1.verdict is Verdict.STALE
    stale = {layer for layer, verdict in web1.layers.items() if verdict is Verdict.STALE}
    assert stale == {Layer.OPCACHE, Layer.CONFIG, Layer.ROUTES}
    subjects = {finding.subject.rpartition("/")[2] for finding in web1.findings if finding.layer is Layer.OPCACHE}
    assert {"RetellFunctionCallHandler.php", "CallLifecycleService.php"} & subjects
    for name in ("web2", "web3"):
        assert seen[name].verdict is Verdict.FRESH, seen[name].findings
        assert not loud(seen[name])
        assert not seen[name].errors


def test_the_runbook_ends_the_incident(watched: tuple[World, Engine]) -> None:
    world, engine = watched
    web1 = reports(engine)["web1"]
    plan = engine.plan([web1.key], Request(choice=Choice.FIX))
    (server,) = plan.servers
    assert not server.blocked
    commands = "\n".join(step.command for step in server.steps)
    assert "config:cache" in commands
    assert "route:cache" in commands
    assert "cache:clear" not in commands
    others = {name: reports(engine)[name].snapshot.runtime.opcache.start_time for name in ("web2", "web3")}  # type: ignore[union-attr]
    log = world.hosts[0].root / "storage/logs/laravel.log"

    statuses = engine.run(plan).result(timeout=60)

    assert statuses == {web1.key: Status.DONE}, steps(engine)
    assert "not compared" not in str(steps(engine)), "its pools would make the same configuration"
    assert eventually(lambda: reports(engine)["web1"].verdict is Verdict.FRESH), (steps(engine), reports(engine)["web1"])
    size = log.stat().st_size
    world.hosts[0].gateway.call(time.time(), "check_availability_v17")
    told = log.read_bytes()[size:].decode()
    assert "Function routing" in told
    assert ALARM not in told
    for name, before in others.items():
        assert reports(engine)[name].snapshot.runtime.opcache.start_time == before  # type: ignore[union-attr]
    assert ALARM in log.read_text()
