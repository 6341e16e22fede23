"""The chain: what shows which pool serves an app, and that no layer is greener for what was not observed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stalewatch.diagnosis.chain.document import document
from stalewatch.diagnosis.chain.link import ok
from stalewatch.diagnosis.chain.premises import PREMISES, rest_on
from stalewatch.diagnosis.chain.table import LINKS
from stalewatch.diagnosis.context import Ruling
from stalewatch.diagnosis.diagnose import diagnose
from stalewatch.diagnosis.memory import Memory
from stalewatch.model.chain import ChainLink, LinkName, LinkState
from stalewatch.model.inventory import Thresholds
from stalewatch.model.layers import Layer
from stalewatch.model.processes import SocketFacts
from stalewatch.model.replace import replace
from stalewatch.model.report import Report, Verdict
from stalewatch.model.snapshot import PoolWorker, Unseen
from stalewatch.model.text import safe
from tests.builders.anything import Anything
from tests.builders.pages import ROOT as ROOT_OF_PROJECT
from tests.builders.snapshots import ROOT, at, fpm, host, opcache, runtime, script, snapshot, status

SILENT = {"entry_points": (), "cached_scripts": 40, "compared": 40}
"""A cache without a script of this app."""


def looked(memory: Memory = Memory(), **parts: Any) -> tuple[Memory, Report]:  # noqa: B008
    return diagnose(memory, snapshot(**parts), Thresholds())


def link(report: Report, name: LinkName) -> ChainLink:
    (found,) = [one for one in report.chain if one.name is name]
    return found


def of_two(**more: Any) -> Any:
    return host(fpm=fpm(pools_on_server=2, **more))


def test_scripts_in_the_cache_show_that_the_pool_serves_the_app() -> None:
    _, report = looked(host=of_two())
    assert report.verdict is Verdict.FRESH
    assert link(report, LinkName.POOL).state is LinkState.OK
    assert link(report, LinkName.POOL).how == "scripts of this app in its cache"


def test_of_two_pools_the_one_without_a_script_of_the_app_proves_nothing() -> None:
    _, report = looked(host=of_two(), runtime=runtime(opcache(**SILENT)))
    assert report.layers[Layer.OPCACHE] is report.layers[Layer.FPM] is report.verdict is Verdict.UNKNOWN
    (error,) = report.errors
    assert error.code == "chain.pool-unproven"
    assert "socket" in error.grant
    assert report.layers[Layer.CONFIG] is Verdict.FRESH, "no pool decides whether the cached file is newer than its sources"


def test_a_script_on_the_status_page_shows_it_too() -> None:
    worker = PoolWorker(pid=100, state=safe("Idle"), started=at(-60.0), script=safe(f"{ROOT}/public/index.php"))
    _, report = looked(host=of_two(), runtime=runtime(opcache(**SILENT), status=status(workers=(worker,))))
    assert report.layers[Layer.OPCACHE] is Verdict.ABSENT
    assert report.verdict is Verdict.FRESH


def test_an_earlier_look_shows_it_also_after_a_reload() -> None:
    memory, _ = looked(host=of_two())
    _, report = looked(memory, host=of_two(), runtime=runtime(opcache(start_time=int(at(-5.0)), **SILENT)))
    assert link(report, LinkName.POOL).how == "seen at an earlier look"
    assert report.layers[Layer.OPCACHE] is Verdict.ABSENT, "nothing was requested since the reload"
    assert report.verdict is Verdict.FRESH


CONTAINED = Unseen(code="fpm.in-container", message=safe("PHP-FPM runs in container 0123456789ab"), grant=safe("look in there"))


def test_beside_an_fpm_in_a_container_an_idle_pool_proves_nothing() -> None:
    _, report = looked(host=host(contained=CONTAINED), runtime=runtime(opcache(**SILENT)))
    assert report.layers[Layer.OPCACHE] is report.layers[Layer.FPM] is Verdict.UNKNOWN
    assert report.errors == (CONTAINED,)


def test_beside_an_fpm_in_a_container_a_pool_that_serves_the_app_is_judged() -> None:
    _, report = looked(host=host(contained=CONTAINED))
    assert report.verdict is Verdict.FRESH
    assert not report.errors


def test_where_only_the_container_has_an_fpm_nothing_is_called_down() -> None:
    _, report = looked(host=host(contained=CONTAINED, fpm=fpm(running=None, master=None, workers=())), runtime=CONTAINED)
    assert report.layers[Layer.FPM] is Verdict.UNKNOWN
    assert [error.code for error in report.errors] == ["fpm.in-container"]
    assert not [finding for finding in report.findings if finding.layer is Layer.FPM]


def test_beside_an_fpm_in_a_container_one_that_is_only_configured_is_not_called_down() -> None:
    missing = SocketFacts(path=safe("/run/php/www.sock"), exists=False)
    gone = Unseen(code="fpm.socket-missing", message=safe("/run/php/www.sock does not exist"))
    idle = fpm(running=None, master=None, workers=(), socket=missing)
    _, report = looked(host=host(contained=CONTAINED, fpm=idle), runtime=gone)
    assert report.layers[Layer.FPM] is Verdict.UNKNOWN
    assert not [finding for finding in report.findings if finding.layer is Layer.FPM]
    _, report = looked(host=host(fpm=idle), runtime=gone)
    assert [str(finding.code) for finding in report.findings if finding.layer is Layer.FPM] == ["fpm.socket-missing"]


def test_a_look_at_another_pool_is_no_witness_for_this_one() -> None:
    memory, _ = looked(host=of_two())
    pool = replace(fpm().pool, listen=safe("/run/php/other.sock"))
    _, report = looked(memory, host=of_two(pool=pool), runtime=runtime(opcache(**SILENT)))
    assert report.layers[Layer.OPCACHE] is Verdict.UNKNOWN


def test_a_pool_that_nobody_can_reach_is_broken_whoever_names_it() -> None:
    gone = Unseen(code="fpm.socket-missing", message=safe("no socket"))
    _, report = looked(host=host(fpm=fpm(socket=SocketFacts(path=safe("/run/php.sock"), exists=False))), runtime=gone)
    seen = link(report, LinkName.POOL)
    assert (seen.state, seen.says) == (LinkState.BROKEN, "PHP-FPM is down")
    assert report.layers[Layer.CONFIG] is Verdict.FRESH, "a file is compared with files all the same"


def test_where_there_is_one_pool_it_is_that() -> None:
    _, report = looked(runtime=runtime(opcache(**SILENT)))
    assert link(report, LinkName.POOL).how == "the only pool on this server"
    assert report.layers[Layer.OPCACHE] is Verdict.ABSENT


def test_stale_stays_stale_whoever_serves_the_app() -> None:
    changed = script("/usr/share/php/a.php", compiled=-9_000.0)
    _, report = looked(host=of_two(), runtime=runtime(opcache(changed, **SILENT)))
    assert report.layers[Layer.OPCACHE] is Verdict.STALE


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.integers(0, 2**64))
def test_taking_a_premise_away_makes_no_layer_greener(seed: int) -> None:
    """Whatever was seen: without one of its premises a fresh layer is not fresh, and no layer is better than with it."""
    _, report = diagnose(Memory(), Anything(seed).story()[0], Thresholds())
    rulings = {layer: Ruling(verdict) for layer, verdict in report.layers.items()}
    whole = tuple(ok(name, "", "").link for name in LinkName)
    for name in LinkName:
        for state in (LinkState.UNSEEN, LinkState.BROKEN):
            lacking = tuple(replace(one, state=state) if one.name is name else one for one in whole)
            rested = rest_on(rulings, lacking)
            for layer, ruling in rested.rulings.items():
                before = rulings[layer].verdict
                assert ruling.verdict.rank >= before.rank
                if name in PREMISES[layer]:
                    assert ruling.verdict is not Verdict.FRESH
                    assert before is not Verdict.FRESH or rested.missing


def test_every_premise_is_a_link_that_is_observed() -> None:
    named = {name for premises in PREMISES.values() for name in premises}
    assert named <= {spec.name for spec in LINKS}


def test_the_page_in_the_documentation_is_what_the_tables_say() -> None:
    assert (ROOT_OF_PROJECT / "docs" / "PREMISES.md").read_text(encoding="utf-8") == document(), "the links have changed: make docs"


@pytest.mark.parametrize("layer", Layer)
def test_every_layer_has_its_premises(layer: Layer) -> None:
    assert set(PREMISES[layer]) <= set(LinkName)
