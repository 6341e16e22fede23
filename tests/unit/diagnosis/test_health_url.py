"""What was read over a health URL, judged: by the rules of any pool where it says as much, and never greener where it says less."""

from __future__ import annotations

from typing import Any

import pytest

from stalewatch.diagnosis.diagnose import diagnose
from stalewatch.diagnosis.memory import Memory
from stalewatch.model import reasons
from stalewatch.model.chain import ChainLink, LinkName, LinkState
from stalewatch.model.inventory import Thresholds
from stalewatch.model.replace import replace
from stalewatch.model.report import Layer, Remedy, Report, Severity, Verdict
from stalewatch.model.runtime import HealthCheck, IniFile
from stalewatch.model.snapshot import Unseen
from stalewatch.model.text import safe
from stalewatch.model.web import WebFacts, WebSite
from stalewatch.runbook.plan import Choice, Request
from tests.builders.runbook import plan
from tests.builders.snapshots import NOT_PERMITTED, ROOT, START, at, file, host, runtime, script, snapshot, vt0

NOT_USED = reasons.FPM_NOT_USED.unseen("no PHP-FPM pool serves this app: Apache runs the PHP of shop.example itself")
SITE = WebSite(server="Apache", root=safe(f"{ROOT}/public"), names=(safe("shop.example"),), runs_php=True)
BY_APACHE = WebFacts(sites=(SITE,), undecided=safe("Apache runs the PHP of shop.example itself"), runs_php=True)
NO_STATUS = reasons.FPM_NO_STATUS.unseen("no scoreboard")


def looked(sapi: str = "apache2handler", *scripts: Any, fpm: Any = NOT_USED, web: Any = BY_APACHE, **more: Any) -> Report:
    """An app that Apache runs, asked over a health URL."""
    cache = more.pop("opcache", None) or vt0(*scripts)
    told = runtime(cache, via="health_url", sapi=safe(sapi), status=NO_STATUS, **more)
    return diagnose(Memory(), snapshot(host=host(fpm=fpm, web=web), runtime=told), Thresholds())[1]


def link(report: Report, name: LinkName) -> ChainLink:
    return next(one for one in report.chain if one.name is name)


def test_apaches_own_php_is_fresh_where_all_of_it_was_compared() -> None:
    report = looked()
    assert report.verdict is Verdict.FRESH, report.errors
    assert (report.layers[Layer.OPCACHE], report.layers[Layer.FPM]) == (Verdict.FRESH, Verdict.ABSENT)
    assert report.errors == ()
    assert link(report, LinkName.POOL).evidence["asked through"] == "health_url (apache2handler)"
    assert link(report, LinkName.WEB_SERVER).how == "its own PHP answers (apache2handler)"
    assert any("web server's own configuration" in one.what for one in report.not_judged)


def test_old_bytecode_is_proven_as_through_a_socket() -> None:
    old = script(compiled=None, mtime=-60.0, used=-300.0)
    newer = script(compiled=None, mtime=-60.0, used=-10.0)
    assert looked("apache2handler", replace(old, mtime=at(-60.0), last_used=int(at(-100.0)))).layers[Layer.OPCACHE] is Verdict.STALE
    report = looked("apache2handler", replace(old, mtime=at(-60.0), last_used=int(at(-100.0))))
    assert {remedy for finding in report.findings for remedy in finding.remedy} == {Remedy.RELOAD_WEB_SERVER}
    assert looked("apache2handler", newer).layers[Layer.OPCACHE] in (Verdict.STALE, Verdict.SUSPECT)


@pytest.mark.parametrize("sapi", ["litespeed", "cgi-fcgi", "cli-server", ""])
def test_one_process_of_several_is_never_fresh_and_may_be_stale(sapi: str) -> None:
    report = looked(sapi, web=None)
    assert report.layers[Layer.OPCACHE] is Verdict.UNKNOWN
    assert "health-url.one-process" in [error.code for error in report.errors]
    old = replace(script(compiled=None, used=-300.0), mtime=at(-60.0), ctime=at(-60.0), last_used=int(at(-100.0)))
    assert looked(sapi, old, web=None).layers[Layer.OPCACHE] is Verdict.STALE


def test_php_that_is_not_apaches_shows_nothing_of_what_apache_runs() -> None:
    report = looked("fpm-fcgi")
    assert report.layers[Layer.OPCACHE] is Verdict.UNKNOWN
    assert link(report, LinkName.WEB_SERVER).state is LinkState.UNSEEN


def test_a_cache_without_a_script_of_the_app_shows_nothing() -> None:
    report = looked(opcache=vt0(entry_points=()))
    assert report.layers[Layer.OPCACHE] is Verdict.UNKNOWN


def test_another_tree_is_not_fresh() -> None:
    report = looked(places=(file(ROOT, inode=8, dev=1),))
    assert report.layers[Layer.OPCACHE] is Verdict.UNKNOWN
    assert link(report, LinkName.DISK).state is LinkState.BROKEN


@pytest.mark.parametrize(
    "changed",
    [
        {"ini": (IniFile(safe("/etc/php/8.2/apache2/php.ini"), at(-60.0), at(-60.0)),)},
        {"ini": (IniFile(safe("/etc/php/8.2/apache2/conf.d/20-x.ini"), None, None),)},
        {"replaced": (safe("/usr/sbin/apache2"),)},
    ],
)
def test_what_php_read_when_it_started_and_is_another_now_makes_it_stale(changed: dict[str, Any]) -> None:
    report = looked(**changed)
    assert report.layers[Layer.FPM] is Verdict.STALE
    (finding,) = [finding for finding in report.findings if finding.layer is Layer.FPM]
    assert finding.code == "fpm.web-php-changed"


def test_an_ini_file_that_only_another_owner_got_is_none() -> None:
    report = looked(ini=(IniFile(safe("/etc/php/8.2/apache2/php.ini"), at(START - 60), at(-60.0)),))
    assert report.layers[Layer.FPM] is Verdict.ABSENT


def test_nothing_is_planned_through_it() -> None:
    old = replace(script(compiled=None, used=-300.0), mtime=at(-60.0), ctime=at(-60.0), last_used=int(at(-100.0)))
    report = looked("apache2handler", old)
    for choice in (Choice.FIX, Choice.RELOAD, Choice.CLEAR, Choice.REBUILD):
        (server,) = plan([report], Request(choice=choice)).servers
        assert not server.runnable
        assert "health_url" in server.blocked[0]
        assert "reload the web server" in server.blocked[0]
    assert plan([report], Request(choice=Choice.VERIFY)).servers[0].runnable


@pytest.mark.parametrize(
    ("told", "severity"),
    [
        ({"hit_rate": 0.97, "cached_scripts": 382}, Severity.INFO),
        ({"hit_rate": 0.713, "cached_scripts": 382}, Severity.WARNING),
        ({"hit_rate": 0.97, "warnings": (safe("OPCache disabled"),)}, Severity.WARNING),
        ({"enabled": False}, Severity.WARNING),
    ],
)
def test_a_health_check_is_shown_and_proves_nothing(told: dict[str, Any], severity: Severity) -> None:
    least = reasons.HEALTH_URL_LEAST.unseen("it names no script", "stalewatch init --health-file")
    seen = snapshot(host=host(fpm=NOT_USED, web=BY_APACHE), runtime=NOT_USED, problems=(least,))
    report = diagnose(Memory(), replace(seen, health_check=HealthCheck(url=safe("http://web1/health"), **told)), Thresholds())[1]
    assert report.layers[Layer.OPCACHE] is Verdict.UNKNOWN
    (finding,) = [finding for finding in report.findings if finding.code == "health.check"]
    assert (finding.verdict, finding.severity) == (Verdict.FRESH, severity)
    assert "382 cached scripts" in finding.summary or "cached_scripts" not in told
    assert "health-url.least" in [error.code for error in report.errors]


def test_a_socket_that_may_not_be_opened_and_a_pool_that_answers_over_http() -> None:
    """The login may not open the socket; the health file runs in that very pool."""
    told = runtime(vt0(), via="health_url", sapi=safe("fpm-fcgi"))
    report = diagnose(Memory(), snapshot(runtime=told), Thresholds())[1]
    assert report.verdict is Verdict.FRESH, report.errors
    assert isinstance(NOT_PERMITTED, Unseen)
