"""At its end a run of several servers is compared with the whole fleet again, for every face."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from stalewatch.engine import pooled_app
from stalewatch.engine.engine import Engine
from stalewatch.engine.session_pool import SessionPool
from stalewatch.model.inventory import AppKey, Fleet, Server
from stalewatch.model.snapshot import ReleaseFacts
from stalewatch.model.text import safe
from stalewatch.runbook.plan import Choice, Plan, Progress, Request, Status
from tests.builders.runbook import APP, host, plan, report

if TYPE_CHECKING:
    from collections.abc import Callable

    from stalewatch.engine.pooled_app import PooledApp
    from stalewatch.model.report import Report

FLEET = Fleet(servers=tuple(Server(target=name, name=name) for name in ("web1", "web2", "web3")))


def on(commit: str, server: str) -> Report:
    release = ReleaseFacts(root=safe(APP), commit=safe(commit * 40))
    return report(server=server, host_facts=host(release=release))


@pytest.mark.parametrize(
    ("verified", "latest", "partly"),
    [
        ("b", "b", set()),
        ("a", "b", {"web1"}),
    ],
)
async def test_a_verified_server_that_lacks_the_newest_commit_of_the_fleet_is_partly(
    monkeypatch: pytest.MonkeyPatch, verified: str, latest: str, partly: set[str]
) -> None:
    """web3 is not in the plan, and was deployed to while the others were fixed."""
    board = [on("a", "web1"), on("a", "web2"), on("a", "web3")]
    made = plan(board[:2], Request(choice=Choice.FIX))

    async def run(
        plan: Plan, apps: dict[AppKey, PooledApp], _tell: Callable[[Progress], None], stopped: Callable[[], str]
    ) -> dict[AppKey, Status]:
        assert stopped() == ""
        for (server, _), app in apps.items():
            app.report = on({"web1": verified, "web2": "b", "web3": "a"}[server], server)
        board[2] = on(latest, "web3")
        return {server.key: Status.DONE for server in plan.servers}

    monkeypatch.setattr(pooled_app.driver, "run", run)
    told: list[Progress] = []
    ended, reports = await pooled_app.run(SessionPool(FLEET), made, lambda: board, told.append)
    assert {server for (server, _), status in ended.items() if status is Status.PARTLY} == {one.server for one in told} == partly
    assert all("release.mixed" in one.evidence and one.step == "result" for one in told)
    assert [msgspec.structs.replace(one, findings=()).host for one in reports] == [
        on(commit, server).host for commit, server in ((verified, "web1"), ("b", "web2"), (latest, "web3"))
    ]


def test_the_engine_itself_runs_no_plan_that_acts_on_a_server_that_is_read_only() -> None:
    engine = Engine(Fleet(servers=(Server(target="web1", name="web1", read_only=True), Server(target="web2", name="web2"))))
    board = [report(server="web1"), report(server="web2")]
    made = plan(board, Request(choice=Choice.RELOAD))
    with pytest.raises(PermissionError, match="read-only"):
        engine.run(made)
    engine.run(plan(board[1:], Request(choice=Choice.RELOAD)))
    engine.run(plan(board, Request(choice=Choice.VERIFY)))
