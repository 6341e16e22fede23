"""The parts of a report that were seen: the facts themselves, or None in the place of every Unseen."""

from __future__ import annotations

import msgspec
import pytest

from stalewatch.diagnosis.unreachable import never_seen
from stalewatch.model.report import Report
from stalewatch.model.snapshot import Snapshot, Unseen
from stalewatch.model.text import safe
from tests.builders.snapshots import fpm, host, looked, opcache, runtime, snapshot, status

PARTS = ("host", "fpm", "runtime", "opcache", "status")
NOT = Unseen(code="host.down", message=safe("no route to host"))


def seen(report: Report) -> set[str]:
    return {part for part in PARTS if getattr(report, part) is not None}


def test_every_part_that_was_seen_is_the_one_in_the_snapshot() -> None:
    whole = snapshot(host=host(fpm=fpm()), runtime=runtime(opcache(), status=status()))
    report = looked(whole)
    assert report.host is whole.host
    assert report.runtime is whole.runtime
    assert [report.fpm, report.opcache, report.status] == [fpm(), opcache(), status()]


@pytest.mark.parametrize(
    ("blind", "left"),
    [
        (snapshot(host=NOT), {"runtime", "opcache", "status"}),
        (snapshot(host=host(fpm=NOT)), {"host", "runtime", "opcache", "status"}),
        (snapshot(runtime=NOT), {"host", "fpm"}),
        (snapshot(runtime=runtime(NOT)), {"host", "fpm", "runtime", "status"}),
        (snapshot(runtime=runtime(opcache(), status=NOT)), {"host", "fpm", "runtime", "opcache"}),
    ],
)
def test_a_part_that_was_not_seen_is_none_and_so_is_what_is_in_it(blind: Snapshot, left: set[str]) -> None:
    assert seen(looked(blind)) == left


def test_of_a_server_that_was_never_seen_there_is_nothing() -> None:
    assert seen(never_seen("web1", "web1", "/srv/app", NOT)) == set()
    assert seen(msgspec.structs.replace(looked(snapshot()), snapshot=None)) == set()
