"""The real engine (transport, probes, diagnosis, runbook) over the embedded servers: seen, understood, put right, proven."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tui.demo.embedded import Embedded
from tui.engine import Engine
from tui.report import Layer, Report, Severity, Verdict
from tui.runbook.plan import Choice, Request, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tui.demo.world import World

ALARM = "Call context not found"


def eventually(condition: Callable[[], bool], within: float = 45.0) -> bool:
    deadline = time.monotonic() + within
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[World, Engine]]:
    for variable in ("XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(variable, str(tmp_path))
    with Embedded() as world:
        engine = Engine(world.fleet)
        engine.start()
        try:
            assert eventually(lambda: len(reports(engine)) == 3)
            yield world, engine
        finally:
            engine.stop()


def reports(engine: Engine) -> dict[str, Report]:
    return {pane.server: pane.report for pane in engine.board.peek().panes if pane.report is not None}


def steps(engine: Engine) -> list[str]:
    return [f"{line.step} {line.status} {line.evidence}" for pane in engine.board.peek().panes for line in pane.progress]


def loud(report: Report) -> list[str]:
    return [f"{finding.severity} {finding.code} {finding.summary}" for finding in report.findings if finding.severity is not Severity.INFO]


def test_only_web1_is_stale_and_it_says_why(watched: tuple[World, Engine]) -> None:
    seen = reports(watched[1])
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
    assert eventually(lambda: reports(engine)["web1"].verdict is Verdict.FRESH), (steps(engine), reports(engine)["web1"])
    size = log.stat().st_size
    world.hosts[0].gateway.call(time.time(), "check_availability_v17")
    told = log.read_bytes()[size:].decode()
    assert "Function routing" in told
    assert ALARM not in told
    for name, before in others.items():
        assert reports(engine)[name].snapshot.runtime.opcache.start_time == before  # type: ignore[union-attr]
    assert ALARM in log.read_text()
