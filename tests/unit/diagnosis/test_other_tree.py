"""Whether the pool and our login see the same tree: one of the chain's links, and what is said where it is broken."""

from __future__ import annotations

from typing import Any

import pytest

from stalewatch.diagnosis.chain.summed_up import LAYERS
from stalewatch.diagnosis.diagnose import diagnose
from stalewatch.diagnosis.memory import Memory
from stalewatch.model.chain import ChainLink, LinkName, LinkState
from stalewatch.model.report import Layer, Remedy, Report, Severity, Verdict
from stalewatch.model.snapshot import FileStat, Inputs
from tests.builders.snapshots import CONTROLLER, ROOT, file, fpm, host, looked, opcache, quiet, runtime, script, snapshot, sources

INDEX = f"{ROOT}/public/index.php"
RESTS_ON_FILES = [layer for layer in Layer if layer not in (Layer.FPM, Layer.WORKERS)]


def place(path: str, **more: Any) -> FileStat:
    return file(path, **{"dev": 1, **more})


OURS = (place(ROOT, inode=2), place(f"{ROOT}/app", inode=3), place(INDEX, inode=4))


def seen(theirs: tuple[FileStat, ...] | None, ours: tuple[FileStat, ...] | None = OURS, **more: Any) -> Report:
    parts = {"runtime": runtime(places=theirs), "host": host(places=ours), **more}
    return diagnose(Memory(), snapshot(**parts))[1]


def disk(report: Report) -> ChainLink | None:
    return next((link for link in report.chain if link.name is LinkName.DISK), None)


def test_the_same_device_and_inode_from_both_sides_are_the_same_tree() -> None:
    report = seen(OURS)
    quiet(report)
    link = disk(report)
    assert link is not None
    assert link.state is LinkState.OK


def test_another_mount_of_the_same_file_system_is_the_same_tree() -> None:
    quiet(seen(tuple(place(each.path, inode=each.inode, dev=9) for each in OURS)))


def test_without_its_device_a_file_with_other_times_is_not_taken_for_the_same() -> None:
    link = disk(seen((place(ROOT, inode=2, dev=None, ctime=-60),)))
    assert link is not None
    assert link.state is LinkState.UNSEEN


@pytest.mark.parametrize("number", range(len(OURS)))
@pytest.mark.parametrize("other", [{"inode": 99}, {"dev": 9, "ctime": -60}, {"dev": 9, "size": 90}])
def test_one_other_file_or_folder_is_another_tree_and_nothing_is_fresh(number: int, other: dict[str, Any]) -> None:
    theirs = list(OURS)
    theirs[number] = place(OURS[number].path, **{"inode": OURS[number].inode, **other})
    report = seen(tuple(theirs))
    link = disk(report)
    assert link is not None
    assert link.state is LinkState.BROKEN
    assert all(report.layers[layer] not in (Verdict.FRESH, Verdict.ABSENT) for layer in RESTS_ON_FILES)
    (finding,) = (finding for finding in report.findings if finding.code == "fpm.other-tree")
    assert (finding.verdict, finding.severity) == (Verdict.SUSPECT, Severity.WARNING)
    assert finding.remedy == (Remedy.CONFIGURE,)
    assert "restart of php8.2-fpm.service" in finding.summary
    assert {error.code for error in report.errors} == {"chain.broken"}


def test_no_link_behind_another_tree_has_the_sign_of_proof() -> None:
    """What was compared there is not what the pool runs: a link says no more than its layers do."""
    report = seen((place(ROOT, inode=99), *OURS[1:]))
    assert any(link.state is LinkState.OK for link in seen(OURS).chain if link.name is LinkName.CACHES)
    for link in report.chain:
        if any(report.layers[layer] is Verdict.UNKNOWN for layer in LAYERS.get(link.name, ())):
            assert (link.state, link.missing is not None) == (LinkState.UNSEEN, True), link.name
            assert "not judged, because a link before" in link.says
    assert {link.name for link in report.chain if link.state is LinkState.UNSEEN} >= {LinkName.CACHES, LinkName.CLASSES}


def test_older_code_in_the_pools_tree_is_stale() -> None:
    theirs = (place(ROOT, inode=99), *OURS[1:])
    newer = {**sources(), "code": Inputs(direct=(file(CONTROLLER.removeprefix(f"{ROOT}/"), -600),))}
    cache = opcache(scripts=(script(mtime=-7_200),), scripts_at=0.0)
    report = seen(theirs, host=host(places=OURS, inputs=newer), runtime=runtime(cache, places=theirs))
    (finding,) = (finding for finding in report.findings if finding.code == "fpm.other-tree")
    assert finding.verdict is report.layers[Layer.FPM] is Verdict.STALE
    assert "HomeController.php" in finding.summary
    same = seen(theirs, host=host(places=OURS, inputs=sources()), runtime=runtime(cache, places=theirs))
    assert same.layers[Layer.FPM] is Verdict.SUSPECT


def test_a_pool_that_sees_nothing_at_the_path_leaves_nothing_fresh() -> None:
    report = seen(())
    link = disk(report)
    assert link is not None
    assert link.state is LinkState.UNSEEN
    assert {error.code for error in report.errors} == {"chain.tree-hidden"}
    assert all(report.layers[layer] is Verdict.UNKNOWN for layer in (Layer.CONFIG, Layer.OPCACHE, Layer.RELEASE, Layer.FPM))


@pytest.mark.parametrize(("theirs", "ours"), [(None, OURS), (OURS, None), (OURS, ())])
def test_where_one_side_was_not_asked_nothing_that_rests_on_it_is_fresh(theirs: Any, ours: Any) -> None:
    report = seen(theirs, ours)
    link = disk(report)
    assert link is not None
    assert link.state is LinkState.UNSEEN
    assert {error.code for error in report.errors} == {"chain.tree-hidden"}
    assert all(report.layers[layer] is not Verdict.FRESH for layer in RESTS_ON_FILES)
    assert "fpm.other-tree" not in {finding.code for finding in report.findings}


def test_a_pool_that_was_not_asked_again_is_known_by_an_earlier_look() -> None:
    before, other = ((*OURS[:2], place(INDEX, inode=each)) for each in (4, 99))
    idle = snapshot(runtime=runtime(places=None, reused=True), host=host(places=OURS))
    quiet(looked(snapshot(-30, runtime=runtime(places=before), host=host(places=OURS)), idle))
    for unlike in (looked(snapshot(-30, runtime=runtime(places=other), host=host(places=OURS)), idle), looked(idle)):
        assert unlike.layers[Layer.CONFIG] is Verdict.UNKNOWN
        assert {error.code for error in unlike.errors} == {"chain.tree-hidden"}


def test_what_a_pool_sees_that_does_not_serve_the_app_does_not_matter() -> None:
    stranger = runtime(opcache(entry_points=()), places=())
    report = seen((), runtime=stranger, host=host(places=OURS, fpm=fpm(pools_on_server=2)))
    assert disk(report) is None
    assert report.layers[Layer.CONFIG] is Verdict.FRESH
