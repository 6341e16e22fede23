"""What memory makes of files with the times and size that they had: content decides, then identity; what neither tells is suspect."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from stalewatch.diagnosis.memory import Baseline
from stalewatch.model.report import Layer, Verdict
from stalewatch.model.snapshot import Inputs, Snapshot, ViewFacts
from stalewatch.model.text import safe
from tests.builders.snapshots import CACHED, at, file, looked, only, quiet, remembered, sources, view, with_host

FRESH, STALE, SUSPECT, PENDING = Verdict.FRESH, Verdict.STALE, Verdict.SUSPECT, Verdict.PENDING


@pytest.mark.parametrize(("then", "now"), [("", ""), ("4711", ""), ("", "4711")])
def test_times_and_size_alone_do_not_settle_a_newer_ctime(then: str, now: str) -> None:
    """Another content may have got the old modification time, and the same size."""
    before = with_host(-90, inputs=sources(config=(file("config/services.php", sum=safe(then)),)))
    touched = with_host(inputs=sources(config=(file("config/services.php", -7_200, -60, sum=safe(now)),)))
    report = looked(before, touched)
    only(report, Layer.CONFIG, SUSPECT, "config.suspect")
    only(looked(before, touched, touched), Layer.CONFIG, SUSPECT, "config.suspect")


def test_a_memory_without_sums_and_devices_is_read_as_it_is() -> None:
    """Written by an earlier version: what has not moved since stays fresh, what has moved is suspect."""
    touched = sources(config=(file("config/services.php", -7_200, -3_000),))
    known = remembered(with_host(-90))
    old = Baseline(at(CACHED), at(-90), touched["config"].direct)
    known = msgspec.structs.replace(known, baselines={**known.baselines, "config": old})
    quiet(looked(with_host(inputs=touched), memory=known))
    more = sources(config=(file("config/services.php", -7_200, -60), file("config/extra.php", dev=1)))
    only(looked(with_host(inputs=more), memory=known), Layer.CONFIG, SUSPECT, "config.suspect")


ANOTHER: list[tuple[str, dict[str, Any], dict[str, Any], Verdict]] = [
    ("another tree, other content", {"inode": 8, "sum": safe("2"), "ctime": -9_000}, {"sum": safe("1")}, STALE),
    ("another tree, the same content", {"inode": 8, "sum": safe("1"), "ctime": -9_000}, {"sum": safe("1")}, FRESH),
    ("another tree, content not known", {"inode": 8, "ctime": -9_000}, {"sum": safe("1")}, SUSPECT),
    ("another size", {"inode": 8, "size": 90, "ctime": -9_000}, {}, STALE),
    ("the same file after a boot that numbered the devices anew", {"dev": 9, "ctime": -7_100.5}, {"ctime": -7_100.5}, FRESH),
    ("another device, whole seconds only", {"dev": 9}, {}, SUSPECT),
    ("another inode, whole seconds only", {"inode": 8}, {}, SUSPECT),
]


@pytest.mark.parametrize(("now", "then", "verdict"), [row[1:] for row in ANOTHER], ids=[row[0] for row in ANOTHER])
def test_sources_with_old_times_are_still_compared_with_what_they_were(now: Any, then: Any, verdict: Verdict) -> None:
    def look(later: float, ctime: float = -7_150.0, **more: Any) -> Snapshot:
        return with_host(later, inputs=sources(config=(file("config/services.php", -7_200, ctime, **{"dev": 1, **more}),)))

    report = looked(look(-90, **then), look(0, **now))
    assert report.layers[Layer.CONFIG] is verdict


@pytest.mark.parametrize(
    ("then", "now", "verdict"),
    [
        ({}, {}, FRESH),
        ({}, {"inode": 8}, SUSPECT),
        ({"sum": safe("1")}, {"sum": safe("1"), "inode": 8}, FRESH),
        ({"sum": safe("1")}, {"sum": safe("2"), "inode": 8}, STALE),
    ],
    ids=["the same file", "another file with the same times", "another file, the same content", "another file, other content"],
)
def test_a_link_that_was_made_again_counts_by_what_it_leads_to(then: Any, now: Any, verdict: Verdict) -> None:
    def look(later: float, made: float, ctime: float = -7_150.5, **more: Any) -> Snapshot:
        link, leads = file("./config/x.php", -9_000, made), file("config/x.php", -7_200, ctime, **{"dev": 1, "inode": 7, **more})
        return with_host(later, inputs=sources(config=(link, leads)))

    assert looked(look(-90, -7_000, **then), look(0, -60, **now)).layers[Layer.CONFIG] is verdict
    assert looked(look(0, -60, **now)).layers[Layer.CONFIG] is SUSPECT


def test_a_source_that_came_with_old_times_proves_too() -> None:
    """A folder was renamed into place: that moves no time of what is in it."""
    known = tuple(msgspec.structs.replace(one, dev=1) for one in sources()["config"].direct)
    before = with_host(-90, inputs={**sources(), "config": Inputs(direct=known)})
    now = with_host(inputs={**sources(), "config": Inputs(direct=(*known, file("config/more.php", -9_000, dev=1)))})
    finding = only(looked(before, now), Layer.CONFIG, STALE, "config.stale")
    assert (finding.subject, finding.since) == ("config/more.php", at(-90))
    cut = with_host(-90, inputs={**sources(), "config": Inputs(direct=known, truncated=True)})
    quiet(looked(cut, now))


VIEWS: list[tuple[str, str, Verdict, str]] = [
    ("1", "1", FRESH, ""),
    ("1", "2", STALE, "views.older-source"),
    ("1", "", SUSPECT, "views.suspect"),
    ("", "1", SUSPECT, "views.suspect"),
]


@pytest.mark.parametrize(("then", "now", "verdict", "code"), VIEWS)
def test_a_view_source_with_its_old_times_and_size(then: str, now: str, verdict: Verdict, code: str) -> None:
    before = with_host(-90, views=ViewFacts(views=(view(sum=safe(then)),)))
    after = with_host(views=ViewFacts(views=(view(source_ctime=-60, sum=safe(now)),)))
    report = looked(before, after)
    assert report.layers[Layer.VIEWS] is verdict
    assert {finding.code for finding in report.findings} == ({code} if code else set())


def test_a_view_source_from_another_folder_is_compared_although_its_times_are_old() -> None:
    before = with_host(-90, views=ViewFacts(views=(view(sum=safe("1")),)))
    other = view(source_ctime=-7_199.5, sum=safe("2"), inode=8)
    only(looked(before, with_host(views=ViewFacts(views=(other,)))), Layer.VIEWS, STALE, "views.older-source")


def test_the_new_source_of_a_pending_view_is_not_what_was_compiled() -> None:
    """It was edited, and then got its old time back before anybody rendered it."""
    before = with_host(-90, views=ViewFacts(views=(view(sum=safe("1")),)))
    edited = with_host(-60, views=ViewFacts(views=(view(-65, sum=safe("2")),)))
    set_back = with_host(views=ViewFacts(views=(view(source_ctime=-30, sum=safe("2")),)))
    only(looked(before, edited), Layer.VIEWS, PENDING, "views.source-newer")
    only(looked(before, edited, set_back), Layer.VIEWS, STALE, "views.older-source")
    only(looked(edited, set_back), Layer.VIEWS, SUSPECT, "views.suspect")
