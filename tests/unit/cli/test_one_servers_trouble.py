"""One server's trouble, whatever it is, is that server's ``unknown`` under every face; the others are looked at and reported."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

import msgspec
import pytest

from stalewatch.engine import failures, server_session
from stalewatch.engine.engine import Engine
from stalewatch.engine.session_pool import SessionPool
from stalewatch.model.inventory import Fleet, Server
from stalewatch.model.report import Verdict
from tests.builders.snapshots import snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

    from stalewatch.diagnosis.memory import Memory
    from stalewatch.model.report import Report
    from stalewatch.model.snapshot import Snapshot

    Stalewatch = Callable[..., Result]

NESTED = b"[" * 200_000


class Link:
    """A link that nobody can start anything on, and that never dies."""

    alive = True

    async def coprocess(self, command: str) -> None:
        raise TimeoutError("nobody foresaw this")

    async def close(self) -> None:
        pass


@pytest.fixture
def trouble(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[[], None]]:
    """Servers whose looks are made up; by name, what happens before web1, web2, … answers."""
    before: dict[str, Callable[[], None]] = {}

    async def connect(*_: object) -> Link:
        return Link()

    class Probe:
        def __init__(self, _link: object, server: Server, _fleet: object) -> None:
            self._name = server.name

        async def start(self) -> None:
            pass

        async def tick(self, full: bool = False) -> tuple[Snapshot, ...]:
            before.get(self._name, lambda: None)()
            return (msgspec.structs.replace(snapshot(), server=self._name, address=self._name),)

        async def close(self) -> None:
            pass

    monkeypatch.setattr(server_session, "connect", connect)
    monkeypatch.setattr(server_session, "ServerProbe", Probe)
    return before


def nested() -> None:
    """What one pool answered."""
    msgspec.json.decode(NESTED)


def timeout() -> None:
    raise TimeoutError("nobody foresaw this")


def broken(original: Callable[..., tuple[Memory, Report]]) -> Callable[..., tuple[Memory, Report]]:
    """A rule with a bug that only web1 has the facts for."""

    def diagnose(memory: Memory, seen: Snapshot, *rest: object) -> tuple[Memory, Report]:
        if seen.server == "web1":
            raise KeyError("a bug in one rule")
        return original(memory, seen, *rest)

    return diagnose


@pytest.fixture(params=["deeply nested JSON", "a timeout that nobody foresaw", "a bug in one rule"])
def said(request: pytest.FixtureRequest, trouble: dict[str, Callable[[], None]], monkeypatch: pytest.MonkeyPatch) -> str:
    """web1 is in trouble; what its reason must say."""
    if request.param == "deeply nested JSON":
        trouble["web1"] = nested
        return "RecursionError"
    if request.param == "a bug in one rule":
        monkeypatch.setattr(server_session, "diagnose", broken(server_session.diagnose))
        return "a bug in one rule"
    trouble["web1"] = timeout
    return "TimeoutError"


def test_check(stalewatch: Stalewatch, said: str) -> None:
    result = stalewatch("check", "web1", "web2", "--format", "json")
    web1, web2 = json.loads(result.stdout)["servers"]
    assert (web1["name"], web1["verdict"]) == ("web1", "unknown")
    assert said in web1["errors"][0]["message"]
    assert web2["verdict"] != "unknown"
    assert result.exit_code in (1, 3)
    assert "internal error" not in result.stderr


def test_mark(stalewatch: Stalewatch, said: str) -> None:
    result = stalewatch("mark", "web1", "web2", "--format", "json")
    web1, web2 = json.loads(result.stdout)["servers"]
    assert (web1["remembered"], web2["remembered"]) == (False, True)
    assert said in web1["errors"][0]["message"]
    assert result.exit_code == 3


@pytest.mark.parametrize("asked", ["--yes", "--dry-run"])
def test_fix(stalewatch: Stalewatch, said: str, asked: str) -> None:
    result = stalewatch("fix", "web1", "web2", asked, "--format", "json")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    blocked = next(line for line in lines if line["server"] == "web1")
    assert (blocked["step"], blocked["status"]) == ("result" if asked == "--yes" else "plan", "unknown")
    assert result.exit_code == 3
    assert said in blocked["evidence"]["blocked"]
    assert asked == "--dry-run" or any(line["server"] == "web2" for line in lines)
    assert "internal error" not in result.stderr


def test_the_dashboard(said: str) -> None:
    engine = Engine(Fleet(servers=tuple(Server(target=name, name=name) for name in ("web1", "web2")), timeout=5.0))
    both = threading.Event()

    def shown() -> dict[str, Report]:
        return {pane.server: pane.report for pane in engine.board.consume().panes if pane.report is not None}

    engine.board.listen(lambda: both.set() if len(shown()) == 2 else None)
    engine.start()
    try:
        assert both.wait(20)
        reports = shown()
        assert reports["web1"].verdict is Verdict.UNKNOWN
        assert said in reports["web1"].errors[0].message
        assert reports["web2"].verdict is not Verdict.UNKNOWN
    finally:
        engine.stop()


def test_a_timeout_that_nobody_foresaw_in_one_servers_step_leaves_every_server_a_result(
    stalewatch: Stalewatch, trouble: dict[str, Callable[[], None]]
) -> None:
    result = stalewatch("fix", "web1", "web2", "--yes", "--all", "--format", "json")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    results = {line["server"]: line for line in lines if line["step"] == "result"}
    assert (results["web1"]["status"], results["web2"]["status"]) == ("unknown", "skipped")
    assert "TimeoutError" in results["web1"]["evidence"]["why"]
    assert result.exit_code == 3
    assert "internal error" not in result.stderr


def test_what_it_was_is_logged(stalewatch: Stalewatch, trouble: dict[str, Callable[[], None]], caplog: pytest.LogCaptureFixture) -> None:
    trouble["web1"] = nested
    stalewatch("check", "web1", "web2")
    (record,) = (record for record in caplog.records if record.name == failures.log.name)  # whatever asyncio says of earlier tests
    assert record.exc_info
    assert record.exc_info[0] is RecursionError


async def test_a_session_is_opened_once_however_many_ask_and_again_only_when_it_has_died(trouble: dict[str, Callable[[], None]]) -> None:
    opened: list[str] = []
    pool = SessionPool(Fleet(servers=(Server(target="web1", name="web1"),)), on_open=opened.append)
    first, same = await pool.open("web1"), await pool.open("web1")
    assert first is same is pool.session("web1")
    await first.close()
    first.link.alive = False  # type: ignore[misc]
    again = await pool.open("web1")
    assert again is not first
    assert pool.session("web1") is again
    await pool.close(first)
    assert pool.session("web1") is again, "who closes an old session does not take the new one away"
    await pool.close_all()
    assert opened == ["web1", "web1"]
