"""The bytecode of one script against its file: every row of the rules, with and without memory of an earlier look."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from stalewatch.diagnosis.memory import invalidated_by_us
from stalewatch.model.report import Layer, Remedy, Severity, Verdict
from stalewatch.model.snapshot import CacheFile, Process, Script, Unseen, ViewFacts
from stalewatch.model.text import safe
from tests.builders.snapshots import (
    CONTROLLER,
    ROOT,
    START,
    WRITTEN,
    at,
    caches,
    codes,
    file,
    fpm,
    host,
    looked,
    only,
    opcache,
    quiet,
    remembered,
    runtime,
    script,
    snapshot,
    sources,
    view,
    vt0,
    with_opcache,
)

FRESH, PENDING, SUSPECT, STALE, UNKNOWN = Verdict.FRESH, Verdict.PENDING, Verdict.SUSPECT, Verdict.STALE, Verdict.UNKNOWN

VT1 = [
    ("as it was compiled, long ago", script(), FRESH, ""),
    ("an ordinary deploy that recompiled by itself", script(compiled=-60, mtime=-60), FRESH, ""),
    ("the same, written within a second", script(compiled=-60, mtime=-59.6, ctime=-58.9), FRESH, ""),
    ("chmod before the cache began", script(ctime=START - 5), FRESH, ""),
    ("chmod since, or the same mtime with other content", script(ctime=-60), SUSPECT, "opcache.suspect-bytecode"),
    ("when its content came could not be read", script(ctime=None), SUSPECT, "opcache.suspect-bytecode"),
    ("chmod, but its first compile came after it", script(ctime=-60, used=-30, hits=0), FRESH, ""),
    ("changed, not used since, freq over", script(mtime=-60, used=-120), PENDING, "opcache.pending"),
    ("changed a second ago", script(mtime=-1, used=-0.5), PENDING, "opcache.pending"),
    ("changed, used within the window W", script(mtime=-60, used=-20, revalidate=-10), PENDING, "opcache.pending"),
    ("changed, W is still to come", script(mtime=-60, used=-1, revalidate=+500), PENDING, "opcache.pending"),
    ("changed, used long after W", script(mtime=-60, used=-5, revalidate=-30), STALE, "opcache.stale-bytecode"),
    ("changed, used long after the window of an older PHP", script(mtime=-60, used=-5), STALE, "opcache.stale-bytecode"),
    ("went back in time, used long after", script(mtime=-9_000, ctime=-60, used=-5), STALE, "opcache.stale-bytecode"),
    ("went back in time, not used since", script(mtime=-9_000, ctime=-60, used=-90), PENDING, "opcache.pending"),
    ("never checked (T = 0), changed after its last use", script(timestamp=0, mtime=-60, used=-90), STALE, "opcache.stale-bytecode"),
    ("never checked (T = 0), changed and used", script(timestamp=0, mtime=-60, used=-5), SUSPECT, "opcache.suspect-bytecode"),
    ("never checked (T = 0), unchanged", script(timestamp=0), FRESH, ""),
    ("invalidated and not compiled again", script(timestamp=0, mtime=-60, used=-5, cached=False), FRESH, ""),
    ("gone from disk, not used", script(compiled=-90, used=-80, mtime=None, ctime=-70), FRESH, ""),
]
VT0 = [
    ("when its content came could not be read", script(compiled=None, ctime=None), SUSPECT, "opcache.suspect-bytecode"),
    ("nothing since the cache began", script(compiled=None), FRESH, ""),
    ("changed in the second in which the cache began", script(compiled=None, mtime=START, used=-10), SUSPECT, "opcache.suspect-bytecode"),
    ("changed after its last use", script(compiled=None, mtime=-60, used=-90), STALE, "opcache.stale-bytecode"),
    ("changed in the second of its last use", script(compiled=None, mtime=-60, used=-60), STALE, "opcache.stale-bytecode"),
    ("changed, and used since", script(compiled=None, mtime=-60, used=-5), SUSPECT, "opcache.suspect-bytecode"),
    ("changed, first compiled after that", script(compiled=None, mtime=-60, used=-30, hits=0), FRESH, ""),
    (
        "changed, compiled before that and not used since",
        script(compiled=None, mtime=-60, used=-90, hits=0),
        STALE,
        "opcache.stale-bytecode",
    ),
    ("only its ctime moved", script(compiled=None, ctime=-60), SUSPECT, "opcache.suspect-bytecode"),
    ("a directory was renamed over it", script(compiled=None, parent_changed=-60), SUSPECT, "opcache.directory-renamed"),
    ("a directory was renamed over it before the cache began", script(compiled=None, parent_changed=START - 60), FRESH, ""),
    ("not cached any more", script(compiled=None, mtime=-60, used=-90, cached=False), FRESH, ""),
]


@pytest.mark.parametrize(("case", "one", "verdict", "code"), VT1, ids=[case[0] for case in VT1])
def test_a_script_that_php_checks(case: str, one: Script, verdict: Verdict, code: str) -> None:
    report = looked(with_opcache(opcache(one)))
    if verdict is FRESH:
        quiet(report)
    else:
        finding = only(report, Layer.OPCACHE, verdict, code)
        assert finding.subject == CONTROLLER
        assert finding.paths == (CONTROLLER,)
        assert Remedy.INVALIDATE in finding.remedy


@pytest.mark.parametrize(("case", "one", "verdict", "code"), VT0, ids=[case[0] for case in VT0])
def test_a_script_that_php_never_checks(case: str, one: Script, verdict: Verdict, code: str) -> None:
    report = looked(with_opcache(vt0(one)))
    if verdict is FRESH:
        quiet(report)
    else:
        only(report, Layer.OPCACHE, verdict, code)


@pytest.mark.parametrize(("changed", "verdict"), [(-0.3, FRESH), (0.3, SUSPECT)])
def test_deploy_and_reload_in_one_second_are_told_apart_by_the_workers_birth(changed: float, verdict: Verdict) -> None:
    """PHP tells whole seconds; the host probe saw the file's ctime and the workers' start with their fractions."""
    born = START + 0.5
    workers = tuple(Process(pid=100 + each, started=at(born + each / 100), title=safe("php-fpm: pool www")) for each in range(3))
    edited = file("app/Http/Controllers/HomeController.php", born + changed)
    seen = host(fpm=fpm(workers=workers), inputs=sources(code=(edited,)))
    one = script(compiled=None, mtime=START, used=-10)
    report = looked(snapshot(host=seen, runtime=runtime(vt0(one))))
    assert report.layers[Layer.OPCACHE] is verdict, report.findings


@pytest.mark.parametrize("look", [0.3, 1.1])
def test_workers_that_came_after_a_look_at_this_cache_are_not_those_that_it_began_with(look: float) -> None:
    """All of the first ones were killed in the same two seconds: what they compiled is still served."""
    born = START + 1.5
    workers = tuple(Process(pid=100 + each, started=at(born + each / 100), title=safe("php-fpm: pool www")) for each in range(3))
    before = script(compiled=None, used=START, hits=1, digest="a")
    first = with_opcache(vt0(scripts=(before,), scripts_at=at(START + look)), START + look)
    edited = script(compiled=None, mtime=START + 1.3, used=-5, hits=50, digest="b")
    after = snapshot(host=host(fpm=fpm(workers=workers)), runtime=runtime(vt0(edited)))
    for report in (looked(first, after), looked(first, after, after)):
        assert report.layers[Layer.OPCACHE] is STALE, report.findings


@pytest.mark.parametrize(
    ("memory", "wasted", "digest", "verdict"),
    [
        (9_000, 5_000, "b", STALE),
        (9_000, 8_000, "b", STALE),
        (9_000, 14_000, "b", SUSPECT),
        (9_100, 5_000, "b", SUSPECT),
        (9_000, 14_000, "a", FRESH),
    ],
    ids=["nothing was invalidated", "too little was", "it may be what was", "another compile", "the same content"],
)
def test_more_hits_prove_the_same_compile_only_where_it_cannot_have_been_invalidated(
    memory: int, wasted: int, digest: str, verdict: Verdict
) -> None:
    """Somebody else's fix invalidates a script with few hits between two looks of who only watches."""
    before = script(compiled=None, used=-100, hits=0, digest="a", memory=9_000)
    first = with_opcache(vt0(scripts=(before,), scripts_at=at(-90), wasted_memory=5_000), -90)
    later = script(compiled=None, mtime=-60, used=-5, hits=1, digest=digest, memory=memory)
    report = looked(first, with_opcache(vt0(later, wasted_memory=wasted)))
    assert report.layers[Layer.OPCACHE] is verdict, report.findings


BEFORE = script(compiled=None, used=-100, hits=40, digest="a")
REMEMBERED = [
    ("content changed, hits grew", script(compiled=None, mtime=-60, used=-5, hits=50, digest="b"), STALE),
    ("content changed under the old mtime", script(compiled=None, ctime=-60, used=-5, hits=50, digest="b"), STALE),
    ("size changed, no digest", script(compiled=None, mtime=-60, used=-5, hits=50, size=120), STALE),
    ("chmod: the same content", script(compiled=None, ctime=-60, used=-5, hits=50, digest="a"), FRESH),
    ("chmod, no digest: the same time, size and inode", script(compiled=None, ctime=-60, used=-5, hits=50), SUSPECT),
    ("touched, the same content", script(compiled=None, mtime=-60, used=-5, hits=50, digest="a"), FRESH),
    ("copied over with its times: another inode", script(compiled=None, ctime=-60, used=-5, hits=50, inode=8), SUSPECT),
    ("a directory was renamed over it, the same content", script(compiled=None, parent_changed=-60, hits=50, digest="a"), FRESH),
    ("a directory was renamed over it, other content", script(compiled=None, parent_changed=-60, hits=50, digest="b"), STALE),
    ("fewer hits: compiled again, but who knows when", script(compiled=None, mtime=-60, used=-5, hits=3, digest="b"), SUSPECT),
    ("fewer hits, and the change came before the earlier look", script(compiled=None, ctime=-95, used=-5, hits=3, digest="b"), FRESH),
]


@pytest.mark.parametrize(("case", "now", "verdict"), REMEMBERED, ids=[case[0] for case in REMEMBERED])
def test_an_earlier_look_settles_what_one_look_cannot(case: str, now: Script, verdict: Verdict) -> None:
    first = with_opcache(vt0(scripts=(BEFORE,), scripts_at=at(-90)), -90)
    report = looked(first, with_opcache(vt0(now)))
    assert report.verdict is verdict, report.findings
    assert report.layers[Layer.OPCACHE] is verdict


@pytest.mark.parametrize(("digest", "verdict"), [("a", FRESH), ("b", STALE)])
def test_a_check_sum_outlives_the_looks_that_had_no_time_for_one(digest: str, verdict: Verdict) -> None:
    first = with_opcache(vt0(scripts=(BEFORE,), scripts_at=at(-90)), -90)
    hurried = with_opcache(vt0(scripts=(msgspec.structs.replace(BEFORE, digest="", hits=45),), scripts_at=at(-80)), -80)
    swapped = script(compiled=None, parent_changed=-60, hits=50, inode=8, digest=digest)
    report = looked(first, hurried, with_opcache(vt0(swapped)))
    assert report.verdict is verdict, report.findings


def test_what_was_proven_stays_proven_while_the_old_code_is_used_on() -> None:
    """Its last use moves past the change, which alone would make the proof a suspicion."""
    proof = with_opcache(vt0(script(compiled=None, mtime=-60, used=-90)), -50)
    later = with_opcache(vt0(script(compiled=None, mtime=-60, used=-1, hits=90)), 0)
    assert looked(proof, later).verdict is STALE


def test_another_start_of_the_cache_voids_the_memory() -> None:
    first = with_opcache(vt0(scripts=(BEFORE,), scripts_at=at(-90)), -90)
    reloaded = vt0(script(compiled=None, mtime=-60, used=-5, hits=50, digest="b"), start_time=int(at(-30)))
    quiet(looked(first, with_opcache(reloaded)))


@pytest.mark.parametrize(("earlier", "verdict"), [(-5, FRESH), (600, SUSPECT)], ids=["the look before", "a look that is yet to come"])
def test_a_memory_of_the_future_is_none(earlier: float, verdict: Verdict) -> None:
    """A machine that was put back to an image of itself has the same S, and code that memory thinks was compiled again since."""
    renewed = remembered(with_opcache(vt0(script(compiled=None, mtime=-60, used=-90, cached=False)), earlier))
    report = looked(with_opcache(vt0(script(compiled=None, mtime=-60, used=-1, hits=90))), memory=renewed)
    assert report.layers[Layer.OPCACHE] is verdict, report.findings


def test_a_memory_of_the_future_shows_no_script_where_the_host_was_not_seen() -> None:
    """Its time is kept then, because ours may be behind; what it says of this cache is not believed."""
    known = remembered(with_opcache(vt0(script(compiled=None), entry_points=()), 600))
    blind = Unseen(code="link.lost", message=safe("gone"))
    report = looked(msgspec.structs.replace(with_opcache(vt0(entry_points=())), host=blind), memory=known)
    assert report.layers[Layer.OPCACHE] is UNKNOWN


def test_a_look_that_saw_nothing_does_not_set_the_clock_of_the_memory() -> None:
    """Its time is ours, and the server's clock may be behind."""
    first = with_opcache(vt0(scripts=(BEFORE,), scripts_at=at(-90)), -90)
    blind = Unseen(code="link.lost", message=safe("gone"))
    lost = msgspec.structs.replace(snapshot(300), host=blind, runtime=blind)
    edited = with_opcache(vt0(script(compiled=None, mtime=-60, used=-5, hits=50, digest="b")))
    assert looked(first, lost, edited).verdict is STALE


def test_a_reset_counts_as_a_new_cache() -> None:
    first = with_opcache(vt0(scripts=(BEFORE,), scripts_at=at(-90)), -90)
    reset = vt0(script(compiled=None, mtime=-60, used=-5, hits=50, digest="b"), last_restart_time=int(at(-30)))
    quiet(looked(first, with_opcache(reset)))


def test_what_we_invalidated_after_the_change_is_fresh() -> None:
    suspect = with_opcache(vt0(script(compiled=None, mtime=-60, used=-5, hits=50)), -4)
    assert looked(suspect).verdict is SUSPECT
    known = invalidated_by_us(remembered(suspect), [CONTROLLER], at(-3))
    later = with_opcache(vt0(script(compiled=None, mtime=-60, used=-1, hits=2)))
    quiet(looked(later, memory=known))


@pytest.mark.parametrize(("invalidated", "verdict"), [(-59.3, FRESH), (-59.9, SUSPECT)])
def test_a_cache_made_and_invalidated_in_one_second_is_told_by_the_fraction_of_its_time(invalidated: float, verdict: Verdict) -> None:
    """PHP tells whole seconds; the host probe saw when the file was written."""
    path = f"{ROOT}/bootstrap/cache/config.php"
    made = CacheFile(name="config", path=safe(path), stat=file("bootstrap/cache/config.php", -59.6), complete=True, named=(), shared=False)
    seen = host(caches=caches(config=made))
    known = invalidated_by_us(remembered(with_opcache(vt0(), -100)), [path], at(invalidated))
    report = looked(snapshot(host=seen, runtime=runtime(vt0(script(path, compiled=None, mtime=-60, used=-1, hits=2)))), memory=known)
    assert report.layers[Layer.OPCACHE] is verdict, report.findings


def test_a_script_seen_uncached_was_compiled_after_that() -> None:
    gone = with_opcache(vt0(script(compiled=None, mtime=-60, used=-90, cached=False)), -30)
    again = with_opcache(vt0(script(compiled=None, mtime=-60, used=-5, hits=12)))
    quiet(looked(gone, again))


def test_vt1_the_same_mtime_with_other_content_is_never_noticed_by_php() -> None:
    first = with_opcache(opcache(scripts=(script(digest="a"),), scripts_at=at(-90)), -90)
    finding = only(looked(first, with_opcache(opcache(script(ctime=-60, digest="b")))), Layer.OPCACHE, STALE, "opcache.same-mtime")
    assert finding.since == at(-60)


def test_vt1_chmod_while_watching_is_quiet() -> None:
    first = with_opcache(opcache(scripts=(script(digest="a"),), scripts_at=at(-90)), -90)
    quiet(looked(first, with_opcache(opcache(script(ctime=-60, digest="a")))))


def test_vt1_a_preserved_time_that_php_has_taken_over_is_fresh_once_seen() -> None:
    """rsync -t brings an older mtime; PHP notices the inequality and compiles again."""
    first = with_opcache(opcache(scripts=(script(),), scripts_at=at(-90)), -90)
    waiting = with_opcache(opcache(script(mtime=-9_000, ctime=-60, used=-70)), -59)
    healed = with_opcache(opcache(script(compiled=-9_000, mtime=-9_000, ctime=-60, used=-5)))
    assert looked(first, waiting).verdict is PENDING
    quiet(looked(first, waiting, healed))
    quiet(looked(first, healed))


@pytest.mark.parametrize(("used", "until"), [(-0.5, True), (-300, True)])
def test_pending_says_when_it_ends(used: float, until: bool) -> None:
    report = looked(with_opcache(opcache(script(mtime=-60, used=used, revalidate=540), revalidate_freq=600)))
    finding = only(report, Layer.OPCACHE, PENDING, "opcache.pending")
    assert finding.until == int(at(540))
    assert finding.severity is Severity.INFO


def test_gone_from_disk_and_still_used_is_stale() -> None:
    gone = script(compiled=None, mtime=None, ctime=None, used=-20, hits=5)
    used = msgspec.structs.replace(gone, hits=9, last_used=int(at(-1)))
    first, second = with_opcache(vt0(gone), -10), with_opcache(vt0(used))
    only(looked(first), Layer.OPCACHE, SUSPECT, "opcache.deleted-unseen")
    only(looked(first, second), Layer.OPCACHE, STALE, "opcache.deleted-script")
    third = with_opcache(vt0(used), 2)
    only(looked(first, second, third), Layer.OPCACHE, STALE, "opcache.deleted-script")


GONE = [
    # last used, until when it can have been there, its verdict
    (-5, -60, STALE),
    (-60, -60, FRESH),
    (-90, -60, FRESH),
    (-5, None, SUSPECT),
]


@pytest.mark.parametrize(("used", "until", "verdict"), GONE)
def test_one_look_tells_that_a_script_was_used_after_it_was_gone(used: float, until: float | None, verdict: Verdict) -> None:
    gone = script(f"{ROOT}/bootstrap/cache/config.php", compiled=None, mtime=None, ctime=until, used=used)
    report = looked(with_opcache(vt0(gone)))
    if verdict is FRESH:
        quiet(report)
        return
    finding = only(report, Layer.OPCACHE, verdict, "opcache.deleted-script" if verdict is STALE else "opcache.deleted-unseen")
    if verdict is SUSPECT:
        assert finding.remedy == (Remedy.RELOAD,)
        return
    assert finding.since == at(-60)
    assert finding.remedy == (Remedy.RELOAD,), "PHP does not invalidate what it cannot find"
    assert {each.label for each in finding.evidence} >= {"there until", "last used"}
    assert not {each.label for each in finding.evidence} & {"modified", "changed"}


@pytest.mark.parametrize(
    ("used", "revalidate", "freq", "verdict"),
    [
        (-5, None, 600, PENDING),
        (-5, 30, 2, PENDING),
        (-5, -30, 2, STALE),
        (-31, -30, 2, FRESH),
        (-59, None, 2, FRESH),
        (-50, None, 2, STALE),
    ],
)
def test_where_php_checks_a_script_that_is_gone_runs_until_its_window_is_over(
    used: float, revalidate: float | None, freq: int, verdict: Verdict
) -> None:
    gone = script(mtime=None, ctime=-60, used=used, revalidate=revalidate)
    assert looked(with_opcache(opcache(gone, revalidate_freq=freq))).layers[Layer.OPCACHE] is verdict


NAMED = [
    ("bootstrap/cache/config.php", "opcache.stale-config-cache", "configuration cache"),
    ("bootstrap/cache/routes-v7.php", "opcache.stale-route-cache", "route cache"),
    ("bootstrap/cache/events.php", "opcache.stale-event-cache", "event cache"),
    ("bootstrap/cache/packages.php", "opcache.stale-package-manifest", "package manifest"),
    ("storage/framework/views/0a1b.php", "opcache.stale-view", "compiled view"),
    ("app/Models/User.php", "opcache.stale-bytecode", "app/Models/User.php"),
]


@pytest.mark.parametrize(("path", "code", "word"), NAMED)
def test_laravels_own_php_files_are_named_as_what_they_are(path: str, code: str, word: str) -> None:
    rebuilt = script(f"{ROOT}/{path}", compiled=None, mtime=-60, used=-90)
    finding = only(looked(with_opcache(vt0(rebuilt))), Layer.OPCACHE, STALE, code)
    assert word in finding.summary
    assert finding.since == at(-60)


COMPILED = f"{ROOT}/storage/framework/views/home.php"


@pytest.mark.parametrize("cache", [vt0, opcache])
@pytest.mark.parametrize(("source_changed", "verdict"), [(START - 60, FRESH), (START + 60, SUSPECT)])
def test_a_view_compiled_since_the_cache_began_is_as_fresh_as_its_source(cache: Any, source_changed: float, verdict: Verdict) -> None:
    one = script(COMPILED, compiled=None if cache is vt0 else -60, mtime=-60, ctime=-50, used=-5)
    views = ViewFacts(views=(view(compiled=-60, source=WRITTEN, source_ctime=source_changed),))
    report = looked(snapshot(host=host(views=views), runtime=runtime(cache(one))))
    assert report.layers[Layer.OPCACHE] is verdict, report.findings


def test_a_preloaded_script_that_changed_needs_a_reload() -> None:
    loaded = script(f"{ROOT}/preload.php", timestamp=0, mtime=-60, used=-5)
    report = looked(with_opcache(opcache(loaded, preload=safe(f"{ROOT}/preload.php"))))
    assert only(report, Layer.OPCACHE, STALE, "opcache.preload-changed").remedy == (Remedy.RELOAD,)


def test_a_file_cache_that_is_never_checked_is_suspect() -> None:
    finding = only(looked(with_opcache(vt0(file_cache=safe("/var/cache/php")))), Layer.OPCACHE, SUSPECT, "opcache.file-cache")
    assert Remedy.WIPE in finding.remedy
    quiet(looked(with_opcache(opcache(file_cache=safe("/var/cache/php")))))


OTHER = script(f"{ROOT}/public/index.php", compiled=None)


@pytest.mark.parametrize(
    ("mtime", "whole", "verdict"),
    [(-200, True, FRESH), (-60, True, SUSPECT), (-91, True, SUSPECT), (-200, False, SUSPECT)],
    ids=["changed before that list", "changed after it", "changed while it may have been compiled", "the list was not whole"],
)
def test_what_was_not_in_a_whole_list_was_compiled_after_it(mtime: float, whole: bool, verdict: Verdict) -> None:
    """A request between clear and rebuild has PHP compile the sources of a cache: they are new, although vt=0 does not tell."""
    first = with_opcache(vt0(scripts=(OTHER,), scripts_at=at(-90), compared=1 if whole else 2), -90)
    later = with_opcache(vt0(script(compiled=None, mtime=mtime, used=-5)))
    assert looked(first, later).layers[Layer.OPCACHE] is verdict
    restarted = with_opcache(vt0(script(compiled=None, mtime=mtime, used=-5), start_time=int(at(-3_000))))
    assert looked(first, restarted).layers[Layer.OPCACHE] is SUSPECT


KEPT_AT = START + 5
KEPT = [
    ("kept after it was written", {"kept": at(KEPT_AT)}, FRESH, ""),
    ("kept in an earlier life of the cache", {"kept": at(START - 600), "mtime": START - 900}, FRESH, ""),
    (
        "modified before this cache began, after it was kept",
        {"kept": at(START - 600), "mtime": START - 60},
        STALE,
        "opcache.stale-file-cache",
    ),
    ("the same, by ctime only", {"kept": at(START - 600), "ctime": START - 60}, SUSPECT, "opcache.file-cache"),
    ("modified in the second in which it was kept", {"kept": at(START - 600), "mtime": START - 600}, STALE, "opcache.stale-file-cache"),
    ("modified too late to be what was kept", {"kept": at(START - 600), "mtime": START - 601}, STALE, "opcache.stale-file-cache"),
    ("changed in that second, by ctime only", {"kept": at(START - 600), "ctime": START - 600}, SUSPECT, "opcache.file-cache"),
    ("its file is gone", {"kept": None}, SUSPECT, "opcache.file-cache"),
]


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        ({"kept": at(START - 600), "ctime": START - 60, "mtime": START - 900}, SUSPECT),
        ({"kept": at(START - 30), "ctime": START - 60, "mtime": START - 900}, FRESH),
        ({"kept": at(START - 600), "ctime": START - 60, "mtime": START - 60}, FRESH),
        ({"kept": None, "ctime": START - 60, "mtime": START - 900}, FRESH),
    ],
    ids=["stored before the content came", "stored after it", "with a new time, which PHP compares", "not stored"],
)
def test_a_file_cache_outlives_a_reload_where_only_the_mtime_is_compared(facts: dict[str, Any], verdict: Verdict) -> None:
    cache = opcache(script(compiled=facts["mtime"], **facts), file_cache=safe("/var/cache/php"), file_cache_seen=True)
    report = looked(with_opcache(cache))
    if verdict is FRESH:
        quiet(report)
    else:
        assert Remedy.WIPE in only(report, Layer.OPCACHE, SUSPECT, "opcache.file-cache").remedy


def test_a_file_cache_alone_tells_of_no_script() -> None:
    cache = opcache(file_cache=safe("/var/cache/php"), file_cache_only=True, enabled=False)
    only(looked(with_opcache(cache)), Layer.OPCACHE, UNKNOWN, "opcache.not-compared")


@pytest.mark.parametrize(("facts", "verdict", "code"), [row[1:] for row in KEPT], ids=[row[0] for row in KEPT])
def test_a_file_cache_that_can_be_seen_is_judged_script_by_script(facts: dict[str, Any], verdict: Verdict, code: str) -> None:
    cache = vt0(script(compiled=None, **facts), file_cache=safe("/var/cache/php"), file_cache_seen=True)
    report = looked(with_opcache(cache))
    if verdict is FRESH:
        quiet(report)
        return
    finding = only(report, Layer.OPCACHE, verdict, code)
    assert finding.subject == CONTROLLER
    assert finding.remedy == (Remedy.WIPE, Remedy.RELOAD)


def test_switched_off_is_absent_and_a_pending_reset_is_not_switched_off() -> None:
    assert looked(with_opcache(opcache(enabled=False))).layers[Layer.OPCACHE] is Verdict.ABSENT
    waiting = opcache(enabled=False, restart_pending=True)
    finding = only(looked(with_opcache(waiting)), Layer.OPCACHE, PENDING, "opcache.restart-pending")
    assert finding.severity is Severity.INFO
    late = looked(with_opcache(waiting, -100), with_opcache(waiting))
    finding = only(late, Layer.OPCACHE, PENDING, "opcache.restart-pending")
    assert finding.severity is Severity.WARNING
    assert finding.until == at(80)


@pytest.mark.parametrize("cache", [opcache(compared=0), opcache(truncated=True), opcache(changed_total=3)])
def test_what_was_not_compared_is_never_green(cache: object) -> None:
    only(looked(with_opcache(cache)), Layer.OPCACHE, UNKNOWN, "opcache.not-compared")  # type: ignore[arg-type]


def test_many_stale_scripts_are_one_finding_with_a_count_and_a_reloads_work() -> None:
    many = [script(f"{ROOT}/app/F{each:03}.php", compiled=None, mtime=-60, used=-90) for each in range(120)]
    report = looked(with_opcache(vt0(*many)))
    found = [finding for finding in report.findings if finding.layer is Layer.OPCACHE]
    assert len(found) == 1
    assert {path for finding in found for path in finding.paths} == {one.path for one in many}
    assert "and 119 more run old code" in found[-1].summary
    assert {finding.remedy for finding in found} == {(Remedy.RELOAD,)}


def test_a_path_that_cannot_be_shown_exactly_is_never_acted_on() -> None:
    odd = script(f"{ROOT}/app/a\\x1b.php", compiled=None, mtime=-60, used=-90, exact=False)
    (finding,) = [each for each in looked(with_opcache(vt0(odd))).findings if each.layer is Layer.OPCACHE]
    assert finding.paths == ()
    assert finding.remedy == (Remedy.RELOAD,)
    assert [one.value for one in finding.evidence if one.kind == "command"] == ["(a name in it cannot be shown exactly)"]


def test_the_other_applications_of_the_same_cache_are_their_own_panes() -> None:
    """All pools of one master share one OPcache; a stale script of another root is not ours, a shared library is."""
    other = script("/srv/shop/app/Cart.php", compiled=None, mtime=-60, used=-90)
    shared = script("/usr/share/php/Illuminate/View.php", compiled=None, mtime=-60, used=-90)
    told = host(other_apps=(safe("/srv/shop"),))
    quiet(looked(snapshot(runtime=runtime(vt0(other)), host=told)))
    entry = script("/srv/shop/public/index.php")
    quiet(looked(with_opcache(vt0(other, entry_points=(entry,)))))
    only(looked(snapshot(runtime=runtime(vt0(shared)), host=told)), Layer.OPCACHE, STALE, "opcache.stale-bytecode")


def test_the_workers_age_is_evidence_and_no_verdict() -> None:
    report = looked(with_opcache(vt0(script(compiled=None, mtime=-60, used=-90))))
    (finding,) = [each for each in report.findings if each.verdict is STALE]
    assert {each.label: each.value for each in finding.evidence}["workers since"] == at(START)
    quiet(looked(with_opcache(opcache(script(compiled=-60, mtime=-60)))))


def test_stale_since_is_the_oldest_change_that_does_not_run() -> None:
    first = script(f"{ROOT}/a.php", compiled=None, mtime=-300, used=-400)
    second = script(f"{ROOT}/b.php", compiled=None, mtime=-60, used=-90)
    suspected = script(f"{ROOT}/c.php", compiled=None, mtime=-2_000, used=-5)
    report = looked(with_opcache(vt0(second, suspected, first)))
    assert report.stale_since == at(-300)
    assert codes(report) == {"opcache.stale-bytecode", "opcache.suspect-bytecode"}
    assert report.findings[0].verdict is STALE


def test_written_times_are_what_the_summary_compares() -> None:
    report = looked(with_opcache(opcache(script(mtime=WRITTEN + 720, used=-5))))
    (proof,) = [str(one.value) for one in report.findings[0].evidence if one.label == "proof"]
    assert "12 min newer on disk" in proof
