"""Whose a script is that lies in no application's directories, and what may be suspected for it."""

from __future__ import annotations

import pytest

from stalewatch.diagnosis.context import Context
from stalewatch.diagnosis.diagnose import DEFAULT
from stalewatch.diagnosis.memory import Memory
from stalewatch.diagnosis.opcache.app_scope import AppScope
from stalewatch.model.report import Layer, Report, Verdict
from stalewatch.model.runtime import CodeLink
from stalewatch.model.snapshot import PoolWorker
from stalewatch.model.text import safe
from tests.builders.snapshots import ROOT, START, at, codes, host, looked, quiet, runtime, script, snapshot, status, vt0

TOOL = "/srv/tools/ping.php"
TARGET = (CodeLink(safe(f"{ROOT}/public"), safe("/srv/tools"), at(-9_000)),)


@pytest.mark.parametrize(
    ("path", "others", "ours"),
    [
        (f"{ROOT}/lib/x.php", ("/srv/shop/www",), True),
        ("/srv/shop/www/x.php", ("/srv/shop/www",), False),
        ("/srv/shop/lib/x.php", ("/srv/shop/www",), False),
        ("/home/ann/lib/x.php", ("/home/ann/www", "/home/bob/www"), False),
        ("/srv/lib/x.php", ("/srv/shop/www",), True),
        ("/usr/share/php/x.php", ("/srv/shop/www",), True),
        ("/srv/shop/lib/x.php", (), True),
    ],
)
def test_what_shares_a_directory_with_one_app_alone_is_its(path: str, others: tuple[str, ...], ours: bool) -> None:
    seen = snapshot(host=host(other_apps=tuple(map(safe, others))))
    assert AppScope(Context.of(Memory(), seen, DEFAULT)).concerns(path) is ours


def report(path: str, *ran: str, links: tuple[CodeLink, ...] = (), **times: float) -> Report:
    moved = {"parent_changed": -60, "compiled": None, "used": -30, **times}
    workers = tuple(PoolWorker(pid=100, state=safe("Idle"), started=at(START), script=safe(each)) for each in ran)
    cache = vt0(script(path, **moved), links=links)
    return looked(snapshot(host=host(other_apps=(safe("/opt/shop"),)), runtime=runtime(cache, status=status(workers=workers))))


def test_a_script_that_is_requested_itself_makes_no_app_suspect_by_its_directory() -> None:
    told = report(TOOL, TOOL)
    quiet(told)
    (one,) = told.not_judged
    assert TOOL in one.what


@pytest.mark.parametrize(
    "told",
    [
        report(TOOL),
        report(TOOL, f"{ROOT}/public/index.php"),
        report("/srv/lib/x.php", TOOL),
        report(f"{ROOT}/lib/x.php", f"{ROOT}/lib/x.php"),
        report(TOOL, TOOL, links=TARGET),
    ],
)
def test_what_an_app_can_load_makes_it_suspect(told: Report) -> None:
    assert told.layers[Layer.OPCACHE] is Verdict.SUSPECT
    assert told.not_judged == ()


def test_a_script_that_changed_itself_is_told_whoever_requests_it() -> None:
    assert "opcache.stale-bytecode" in codes(report(TOOL, TOOL, mtime=-60, used=-90))
