"""What artisan has cached is held against what the pool would make, by names of keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from stalewatch.model.errors import LinkTimeout
from stalewatch.model.remade import Remade
from stalewatch.model.report import Layer
from stalewatch.model.text import safe
from stalewatch.runbook.as_the_pool import compared
from stalewatch.runbook.audit_log import AuditLog
from stalewatch.runbook.plan import Choice, Outcome, Phase, Request, Status, Step
from stalewatch.runbook.step_spec import outcome
from tests.builders.runbook import plan
from tests.unit.runbook.here import Here, application
from tests.unit.runbook.test_driver import audit, cut_while_artisan_runs, pytestmark, site

__all__ = ["audit", "pytestmark", "site"]

DONE = outcome(Status.DONE, cache="written")


async def of(here: Here, proven: Outcome = DONE, layer: Layer | None = Layer.CONFIG, keeps: tuple[str, ...] = ("/c.php",)) -> Outcome:
    server = plan([here.report], Request(choice=Choice.FIX)).servers[0]
    step = Step(id="x:cache", kind="rebuild", phase=Phase.REBUILD, command="true", reason=safe(""), layer=layer, keeps=keeps)
    return await compared(here, server, step, proven)


@pytest.fixture
def here(tmp_path: Path) -> Here:
    return Here(application(tmp_path / "app", tmp_path / "audit"))


async def test_the_same_passes_in_silence(here: Here) -> None:
    assert await of(here) == DONE
    assert here.visits[0]["SCRIPT_FILENAME"] == f"{here.root}/index.php", "as a visitor's request"


async def test_another_value_fails_the_step_with_the_keys_and_what_to_do_instead(here: Here) -> None:
    here.remade = Remade(differs=(safe("database.redis.client"), safe("app.env")), more=3)
    failed = await of(here)
    assert failed.status is Status.FAILED
    assert failed.evidence["why"] == (
        "the pool would make another value of: database.redis.client, app.env and 3 more "
        "(artisan made it with another php.ini or environment)"
    )
    assert failed.evidence["instead"].endswith(f"stalewatch fix {here.report.address} --only clear,reload")


async def test_what_could_not_be_compared_is_said_and_is_no_failure(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    here.remade = Remade(why=safe("the pool does not find bootstrap/app.php"))
    assert (await of(here)).evidence["not compared"] == "with what the pool would make: the pool does not find bootstrap/app.php"
    assert "cannot be asked" in (await of(here, keeps=())).evidence["not compared"]

    async def hangs(*_: object) -> Remade:
        raise LinkTimeout("no answer")

    monkeypatch.setattr(here, "remake", hangs)
    told = await of(here)
    assert (told.status, "no answer" in told.evidence["not compared"]) == (Status.DONE, True)


@pytest.mark.parametrize(
    ("proven", "layer"), [(outcome(Status.FAILED), Layer.CONFIG), (DONE, Layer.ROUTES)], ids=["it failed anyway", "another cache"]
)
async def test_nothing_of_the_application_is_run_where_there_is_nothing_to_compare(here: Here, proven: Outcome, layer: Layer) -> None:
    assert await of(here, proven, layer) == proven
    assert here.visits == []


async def test_a_step_whose_link_was_cut_is_compared_when_it_is_back(site: Here, audit: AuditLog) -> None:
    site.remade = Remade(differs=(safe("app.env"),))
    _, told = await cut_while_artisan_runs(site, audit)
    last = [line for line in told if line.step == "config:cache"][-1]
    assert last.status is Status.FAILED
    assert "another value of: app.env" in last.evidence["why"]
    assert last.evidence["undone"] == "the old config cache is back"
    assert [verb for verb, _ in site.keepings if verb in ("exchange", "drop")] == ["exchange", "drop"]
