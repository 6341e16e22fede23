"""What memory keeps and says it keeps, and figures in findings that a person acts on. Written for mutants that lived."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from stalewatch.diagnosis.fleet import compare
from stalewatch.diagnosis.inputs import came, unchanged
from stalewatch.diagnosis.marked import marked
from stalewatch.diagnosis.memory import MAX_UNCACHED, Baseline, Memory, invalidated_by_us
from stalewatch.diagnosis.unreachable import never_seen
from stalewatch.model.report import Layer, Report, Verdict
from stalewatch.model.snapshot import AppLayout, Deploy, DeployUnderWay, PackageFacts, ReleaseFacts, Unseen
from stalewatch.model.text import safe
from tests.builders.snapshots import (
    NOT_PERMITTED,
    NOW,
    ROOT,
    at,
    codes,
    file,
    host,
    looked,
    opcache,
    remembered,
    runtime,
    snapshot,
    sources,
    with_host,
    with_opcache,
    worker,
)

LOST = Unseen(code="link.silent", message=safe("no answer for 10 s"))


def told(report: Report, code: str) -> str:
    (finding,) = [each for each in report.findings if each.code == code]
    return str(finding.summary)


# ------------------------------------------------------------------------------------------------------------------ memory


def test_of_too_many_invalidated_scripts_those_of_the_latest_are_kept() -> None:
    known = invalidated_by_us(Memory(at=5.0), (f"/z{number}.php" for number in range(MAX_UNCACHED)), 2.0)
    assert len(known.uncached) == MAX_UNCACHED
    assert known.at == 5.0
    later = invalidated_by_us(known, ("/a.php",), 3.0)
    assert len(later.uncached) == MAX_UNCACHED
    assert later.uncached["/a.php"] == 3.0
    older = invalidated_by_us(known, ("/zz.php",), 1.0)
    assert "/zz.php" not in older.uncached
    assert older.uncached == known.uncached


def test_a_script_invalidated_twice_has_the_later_time() -> None:
    assert invalidated_by_us(invalidated_by_us(Memory(), ("/a.php",), 2.0), ("/a.php",), 3.0).uncached == {"/a.php": 3.0}


# -------------------------------------------------------------------------------------------------------------------- mark


def test_a_mark_says_whose_it_is_and_what_is_kept() -> None:
    seen = with_opcache(opcache(cached_scripts=0))
    mark = marked(looked(seen), remembered(seen))
    assert (mark.server, mark.address, mark.app, mark.observed_at) == ("web1", "deploy@web1", ROOT, NOW)
    assert (mark.kept, mark.scripts, mark.complete, mark.errors) == (True, len(remembered(seen).scripts), True, ())
    assert {"config", "routes", "events"} <= set(mark.caches)
    assert "workers" not in mark.caches


@pytest.mark.parametrize(("seconds", "kept"), [(-0.1, False), (0.0, True), (1.0, True)])
def test_what_was_read_back_of_an_older_look_is_not_kept(seconds: float, kept: bool) -> None:
    assert marked(looked(snapshot()), Memory(at=at(seconds))).kept is kept


def test_more_scripts_in_the_cache_than_remembered_is_not_complete() -> None:
    assert marked(looked(with_opcache(opcache(cached_scripts=1))), Memory(at=NOW)).complete is False
    assert marked(looked(with_opcache(opcache(cached_scripts=0))), Memory(at=NOW)).complete is True


def test_where_opcache_is_off_or_not_seen_no_number_of_scripts_is_claimed() -> None:
    assert marked(looked(with_opcache(opcache(enabled=False, cached_scripts=0))), Memory(at=NOW)).scripts is None
    unseen = marked(looked(snapshot(runtime=NOT_PERMITTED)), Memory(at=NOW))
    assert unseen.scripts is None
    assert unseen.errors == (NOT_PERMITTED,)
    cache = marked(looked(snapshot(runtime=runtime(LOST))), Memory(at=NOW))
    assert cache.errors == (LOST,)
    assert marked(looked(snapshot(host=LOST)), Memory(at=NOW)).errors == (LOST,)


def test_of_a_server_never_seen_nothing_is_kept_and_the_reason_is_said() -> None:
    mark = marked(never_seen("web9", "deploy@web9", "/srv/x", LOST), Memory())
    assert (mark.server, mark.address, mark.app) == ("web9", "deploy@web9", "/srv/x")
    assert (mark.observed_at, mark.kept, mark.scripts, mark.errors) == (None, None, None, (LOST,))


def test_where_there_is_no_application_that_is_said_not_what_else_is_missing() -> None:
    report = looked(snapshot(host=host(layout=AppLayout(kind="php", exists=False)), runtime=NOT_PERMITTED))
    assert [error.code for error in marked(report, Memory()).errors] == [error.code for error in report.errors]


def test_a_server_never_seen_is_unknown_under_its_own_name() -> None:
    report = never_seen("web9", "deploy@web9", "/srv/x", LOST)
    assert (report.server, report.address, report.app, report.errors) == ("web9", "deploy@web9", "/srv/x", (LOST,))
    assert set(report.layers.values()) == {Verdict.UNKNOWN}


# ----------------------------------------------------------------------------------------------------------- words of times


def test_how_long_before_the_code_a_worker_started_is_said_rightly() -> None:
    old = with_host(queue_workers=(worker(started=-660),), inputs=sources(code=(file("app/Jobs/Call.php", -60),)))
    assert told(looked(old), "workers.older-than-code") == "1 queue worker started 10 min before app/Jobs/Call.php was changed"


@pytest.mark.parametrize(("leads_to", "same"), [("1:5", True), ("1:6", None), ("", None)])
def test_a_link_that_was_made_again_is_what_it_was_where_it_leads_to_the_same_file(leads_to: str, same: bool | None) -> None:
    """Another file may hold the same: `.env` is never read."""
    link = replace(file("./.env", -7_200), mtime=0.0, sum=safe("1:5"))
    assert unchanged(replace(link, ctime=at(-60), inode=8, sum=safe(leads_to)), link) is same


def test_a_change_came_with_its_mtime_where_that_proves_it_else_with_its_ctime_but_not_before_it_was_seen_unchanged() -> None:
    baseline = Baseline(50.0, 70.0, ())
    assert came(file("a"), at(-9_000), baseline) == at(-7_200)
    old = file("a", -7_200, -60)
    assert came(old, at(-100), None) == at(-60)
    assert came(old, at(-100), Baseline(50.0, at(-30), ())) == at(-30)
    assert came(old, at(-100), Baseline(50.0, at(-90), ())) == at(-60)


@pytest.mark.parametrize(
    ("since", "by", "code", "said"),
    [
        (-60, "", "release.deploy-under-way", "a deploy is under way (.dep/deploy.lock)"),
        (-3_600, "eva", "release.deploy-under-way", "a deploy by eva is under way (.dep/deploy.lock)"),
        (-3_601, "eva", "release.deploy-lock-left", ".dep/deploy.lock says that a deploy by eva has been running for more than an hour"),
    ],
)
def test_a_deploy_says_who_runs_it_and_whether_it_is_only_left_over(since: float, by: str, code: str, said: str) -> None:
    way = DeployUnderWay(sign=safe(".dep/deploy.lock"), since=at(since), who=safe(by))
    assert told(looked(with_host(release=ReleaseFacts(root=safe(ROOT), under_way=way))), code) == said


@pytest.mark.parametrize(("files", "said"), [(1, "1 tracked file differs from the commit"), (2, "2 tracked files differ from the commit")])
def test_edited_files_are_counted(files: int, said: str) -> None:
    assert told(looked(with_host(release=ReleaseFacts(root=safe(ROOT), dirty=files))), "release.dirty") == said


# ---------------------------------------------------------------------------------------------------------------- packages


GREETER, OTHER = safe("acme/greeter"), safe("acme/other")


@pytest.mark.parametrize(
    ("facts", "code", "said"),
    [
        (
            PackageFacts(cached=(GREETER,), installed=None),
            "packages.unseen",
            "the installed packages could not be read, so the two lists cannot be compared",
        ),
        (
            PackageFacts(cached=None, installed=(GREETER,)),
            "packages.unseen",
            "the discovered packages could not be read, so the two lists cannot be compared",
        ),
        (
            PackageFacts(cached=(GREETER,), installed=(GREETER,)),
            "packages.unseen",
            "only the names of the packages were compared, not their providers and aliases",
        ),
        (
            PackageFacts(cached=(GREETER,), installed=(OTHER,), changed=()),
            "packages.differ",
            "acme/other installed but not discovered; acme/greeter discovered but not installed",
        ),
    ],
)
def test_which_list_of_packages_could_not_be_read_or_differs_is_said(facts: PackageFacts, code: str, said: str) -> None:
    assert told(looked(with_host(packages=facts)), code) == said


def test_packages_differ_since_they_were_installed() -> None:
    installed = sources(packages=(file("vendor/composer/installed.json", -60),))
    report = looked(with_host(packages=PackageFacts(cached=(GREETER,), installed=(OTHER,), changed=()), inputs=installed))
    (finding,) = [each for each in report.findings if each.code == "packages.differ"]
    assert finding.since == at(-60)
    assert finding.subject == "bootstrap/cache/packages.php"


# ------------------------------------------------------------------------------------------------------------------ health


@pytest.mark.parametrize(("full", "free", "said"), [(True, 98_000_000, "full"), (False, 1_000_000, "nearly full")])
def test_a_cache_that_is_nearly_full_is_not_called_full(full: bool, free: int, said: str) -> None:
    summary = told(looked(with_opcache(opcache(cache_full=full, free_memory=free))), "health.opcache-memory")
    assert ("nearly full" in summary) is (said == "nearly full")
    assert said in summary


def test_a_cache_with_room_is_not_near_its_limit_because_more_is_used_than_free() -> None:
    assert "health.opcache-memory" not in codes(looked(with_opcache(opcache(used_memory=70_000_000, free_memory=58_000_000))))


# ------------------------------------------------------------------------------------------------------------------- fleet


def server(name: str, commit: str, **facts: object) -> Report:
    release = ReleaseFacts(root=safe(ROOT), commit=safe(commit), deploys=(Deploy(at=at(-600), source="git", commit=safe(commit)),))
    return looked(snapshot(server=name, host=host(release=release, **facts)))


def test_after_a_comparison_is_over_another_application_has_no_release_again() -> None:
    """A root without Laravel has no release to be fresh."""
    php = {"layout": AppLayout(kind="php"), "caches": (), "inputs": {}}
    once = compare((server("web1", "a" * 40, **php), server("web2", "b" * 40, **php), server("web3", "a" * 40, **php)))
    assert once[1].layers[Layer.RELEASE] is Verdict.SUSPECT
    over = compare((once[1], server("web1", "b" * 40, **php)))
    assert over[0].layers[Layer.RELEASE] is Verdict.ABSENT


def test_after_a_comparison_is_over_a_servers_own_findings_still_count() -> None:
    way = DeployUnderWay(sign=safe(".dep/deploy.lock"), since=at(-5))
    release = ReleaseFacts(root=safe(ROOT), commit=safe("b" * 40), under_way=way)
    deploying = looked(snapshot(server="web2", host=host(release=release)))
    once = compare((server("web1", "a" * 40), deploying, server("web3", "a" * 40)))
    over = compare((once[1], server("web1", "b" * 40)))
    assert over[0].layers[Layer.RELEASE] is Verdict.PENDING
    assert over[0].verdict is Verdict.PENDING
