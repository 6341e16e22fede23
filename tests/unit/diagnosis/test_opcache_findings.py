"""What a finding about bytecode says: since when, until when, why, with which times. Written for mutants that lived."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from stalewatch.model.report import Finding, Layer, Verdict
from stalewatch.model.runtime import MovedDirectory
from stalewatch.model.snapshot import Opcache, Process, Script, ViewFacts
from stalewatch.model.text import safe
from tests.builders.snapshots import (
    CONTROLLER,
    NOW,
    ROOT,
    START,
    WRITTEN,
    at,
    fpm,
    host,
    looked,
    opcache,
    quiet,
    runtime,
    script,
    snapshot,
    view,
    vt0,
    with_opcache,
)

NAME = "app/Http/Controllers/HomeController.php"
CHECKED = {"validate_timestamps": True}
NEVER = {"validate_timestamps": False}
KEPT = {**NEVER, "file_cache": safe("/var/cache/php"), "file_cache_seen": True}


def found(one: Script, **settings: Any) -> Finding:
    """The one finding about *one* in an OPcache with *settings*."""
    (finding,) = [each for each in looked(with_opcache(opcache(one, **settings))).findings if each.layer is Layer.OPCACHE]
    return finding


OLD = "runs old code"
SAYS = [
    # settings, script, since, until, the clause after the script's name
    (CHECKED, script(mtime=-60, used=-5), -60, None, OLD),
    (
        CHECKED,
        script(mtime=-60, used=-1, revalidate=+500),
        -60,
        500,
        "is 1 h 59 min newer on disk than the code that PHP compiled, and PHP has not checked it again yet",
    ),
    (
        CHECKED,
        script(mtime=-60, used=-120),
        -60,
        None,
        "is 1 h 59 min newer on disk than the code that PHP compiled; the next request that uses it compiles it again",
    ),
    (CHECKED, script(ctime=-60), -60, None, "changed on disk without a new modification time: a chmod, or new content"),
    (CHECKED, script(ctime=-60, parent_changed=-30), -30, None, "changed on disk without a new modification time: a chmod, or new content"),
    (CHECKED, script(ctime=None), None, None, "is on the disk, but its change time could not be read"),
    (CHECKED, script(parent_changed=-30), -30, None, "is in a directory that was renamed into place after the cache started"),
    (NEVER, script(compiled=None, mtime=-60, used=-90), -60, None, OLD),
    (
        NEVER,
        script(compiled=None, mtime=-60, used=-5),
        -60,
        None,
        "was modified after the cache started, and PHP does not say whether it was compiled before or after that",
    ),
    (
        NEVER,
        script(compiled=None, ctime=-60),
        -60,
        None,
        "changed on disk after the cache started, without a new modification time: a chmod, or new content",
    ),
    (NEVER, script(compiled=None, ctime=None), None, None, "is on the disk, but its change time could not be read"),
    (NEVER, script(compiled=None, parent_changed=-60), -60, None, "is in a directory that was renamed into place after the cache started"),
    (
        KEPT,
        script(compiled=None, kept=at(START - 600), mtime=START - 60),
        START - 60,
        None,
        "was modified 9 min after its bytecode was stored in opcache.file_cache, which PHP never checks",
    ),
    (
        KEPT,
        script(compiled=None, kept=at(START - 600), mtime=START - 599),
        START - 599,
        None,
        "was modified 1 s after its bytecode was stored in opcache.file_cache, which PHP never checks",
    ),
    (
        KEPT,
        script(compiled=None, kept=at(START - 600), mtime=START - 600),
        START - 600,
        None,
        "was modified when its bytecode was stored in opcache.file_cache, which PHP never checks",
    ),
    (
        KEPT,
        script(compiled=None, kept=at(START - 600), ctime=START - 60),
        START - 60,
        None,
        "changed on disk after its bytecode was stored in opcache.file_cache, without a new modification time",
    ),
    (
        KEPT,
        script(compiled=None, kept=None),
        None,
        None,
        "has no file in opcache.file_cache any more, and PHP may have loaded it from an old one",
    ),
    (
        {**CHECKED, "preload": safe(CONTROLLER)},
        script(timestamp=0, mtime=-60, used=-5),
        -60,
        None,
        "was preloaded when PHP started and changed after that; PHP never checks preloaded scripts",
    ),
]


NOT_DUE = "PHP did not look at the disk when it was due (revalidate_freq=2): "
BLIND = "the pool never looks at the disk (validate_timestamps=0): "
PROOFS = [
    (CHECKED, script(mtime=-60, used=-5), "is 1 h 59 min newer on disk than the code that PHP compiled"),
    (CHECKED, script(mtime=-9_000, ctime=-60, used=-5), "is 30 min older on disk than the code that PHP compiled"),
    (NEVER, script(compiled=None, mtime=-60, used=-90), "was modified 30 s after it was last used from the cache"),
    (NEVER, script(compiled=None, mtime=-60, used=-61), "was modified 1 s after it was last used from the cache"),
    (NEVER, script(compiled=None, mtime=-60, used=-60), "was modified after it was compiled"),
]


@pytest.mark.parametrize(("settings", "one", "why"), PROOFS)
def test_how_old_code_is_proven_stands_in_the_evidence_alone(settings: dict[str, Any], one: Script, why: str) -> None:
    finding = found(one, **settings)
    assert (finding.verdict, finding.since) == (Verdict.STALE, at(-60))
    assert finding.summary == f"{BLIND if settings is NEVER else NOT_DUE}{NAME} {OLD}"
    assert times(finding)["proof"] == f"{NAME} {why}"


@pytest.mark.parametrize(("settings", "one", "since", "until", "why"), SAYS)
def test_a_finding_says_since_when_and_why(
    settings: dict[str, Any], one: Script, since: float | None, until: float | None, why: str
) -> None:
    finding = found(one, **settings)
    cause, _, said = finding.summary.rpartition(f"{NAME} ")
    assert said == why
    seen = why == OLD or why.startswith("was modified after the cache started")
    assert cause == ((NOT_DUE if settings is CHECKED else BLIND) if seen else ""), "where that is the cause itself, nothing comes before it"
    assert finding.since == (None if since is None else at(since))
    assert finding.until == (None if until is None else at(until))


def test_what_memory_proves_is_told_with_the_time_of_the_change() -> None:
    first = with_opcache(vt0(scripts=(script(compiled=None, used=-100, digest="a"),), scripts_at=at(-90)), -90)
    touched = script(compiled=None, ctime=-60, used=-5, hits=50, digest="b")
    (finding,) = looked(first, with_opcache(vt0(touched))).findings
    assert (finding.verdict, finding.since) == (Verdict.STALE, at(-60))
    assert finding.summary == f"{BLIND}{NAME} {OLD}"
    assert times(finding)["proof"] == f"{NAME} changed after it was cached"


# -------------------------------------------------------------------------------------------------------------------- evidence


def times(finding: Finding) -> dict[str, Any]:
    """Label -> value of what is no command, moments relative to the look."""
    return {
        each.label: each.value - NOW if each.kind == "time" and isinstance(each.value, int | float) else each.value
        for each in finding.evidence
        if each.kind != "command"
    }


def test_the_times_that_a_person_compares_are_all_there() -> None:
    """Where PHP tells when it compiled, that; where not, the bounds."""
    checked = found(script(mtime=-60, used=-5, revalidate=-30))
    assert times(checked) == {
        "modified": -60,
        "proof": f"{NAME} is 1 h 59 min newer on disk than the code that PHP compiled",
        "changed": -60,
        "compiled from": WRITTEN,
        "last used": -5,
        "hits": 40,
        "checked again": -30,
        "cache since": START,
        "workers since": START,
    }
    never = found(script(compiled=None, mtime=-60, ctime=-50, used=-90, parent_changed=-40), **NEVER)
    assert times(never) == {
        "modified": -60,
        "proof": f"{NAME} was modified 30 s after it was last used from the cache",
        "changed": -50,
        "not compiled after": -90,
        "last used": -90,
        "hits": 40,
        "directory renamed": -40,
        "cache since": START,
        "workers since": START,
    }
    kept = found(script(compiled=None, kept=at(START - 600), mtime=START - 60), **KEPT)
    assert times(kept) == {"modified": START - 60, "changed": START - 60, "bytecode file": START - 600, "cache since": START}


def test_the_lower_bound_of_a_compile_is_told_where_it_is_known_better_than_by_the_start_of_the_cache() -> None:
    other = script(f"{ROOT}/public/index.php", compiled=None)
    first = with_opcache(vt0(scripts=(other,), scripts_at=at(-90), compared=1), -90)
    (finding,) = looked(first, with_opcache(vt0(script(compiled=None, mtime=-60, used=-5)))).findings
    assert times(finding)["compiled after"] == -91


def test_the_oldest_worker_counts_and_without_one_nothing_is_said_of_them() -> None:
    one = script(mtime=-60, used=-5)
    workers = tuple(Process(pid=100 + each, started=at(START + 10 * each), title=safe("php-fpm: pool www")) for each in range(3))
    (aged,) = looked(snapshot(host=host(fpm=fpm(workers=workers)), runtime=runtime(opcache(one)))).findings
    assert times(aged)["workers since"] == START
    (alone,) = looked(snapshot(host=host(fpm=fpm(workers=())), runtime=runtime(opcache(one)))).findings
    assert "workers since" not in times(alone)


def many(count: int, **facts: Any) -> tuple[Script, ...]:
    made = {"mtime": -60, "used": -900, **facts}
    return tuple(script(f"{ROOT}/app/F{each:03}.php", compiled=None, **made) for each in range(count))


def told(*scripts: Script, moved: tuple[MovedDirectory, ...] = (), **settings: Any) -> list[Finding]:
    """The findings about OPcache of one look at a pool with vt=0 unless *settings* say otherwise."""
    return list(looked(with_opcache(opcache(*scripts, moved=moved, **{**NEVER, **settings}))).findings)


def test_scripts_that_every_request_uses_do_not_change_places_between_two_looks() -> None:
    """One look may see one of them a request earlier than the other."""
    pairs = [
        tuple(msgspec.structs.replace(one, hits=hits) for one, hits in zip(many(2), counts, strict=True))
        for counts in ((700, 701), (702, 701))
    ]
    assert [told(*pair)[0].subject for pair in pairs] == [f"{ROOT}/app/F000.php"] * 2


def test_one_deploy_is_one_finding_that_names_the_most_used_scripts() -> None:
    busy = tuple(msgspec.structs.replace(one, hits=hits) for one, hits in zip(many(24), (3, 900, 40, 9), strict=False))
    (finding,) = told(*busy, *many(24)[4:])
    assert (finding.subject, finding.verdict, finding.since) == (f"{ROOT}/app/F001.php", Verdict.STALE, at(-60))
    assert finding.summary == (f"{BLIND}app/F001.php and 23 more run old code")
    assert times(finding)["proof"] == "app/F001.php was modified 14 min after it was last used from the cache"
    assert times(finding)["scripts"] == 24
    assert times(finding)["most used"] == "app/F001.php (900 hits), app/F002.php (40 hits), app/F004.php (40 hits)"
    assert len(finding.paths) == 24


def test_what_is_only_probable_of_a_deploy_joins_what_is_proven_of_it_and_may_lead() -> None:
    """The controller that everybody asks for says nothing of its compile; a script that nobody asks for proves the cause."""
    asked = script(f"{ROOT}/app/Z.php", compiled=None, mtime=-61, used=-2, hits=5_000)
    (finding,) = told(asked, *many(2))
    assert finding.code == "opcache.stale-bytecode"
    assert finding.summary == f"{BLIND}app/Z.php and 2 more: 2 run old code, 1 may"
    assert times(finding)["proof"] == "app/F000.php was modified 14 min after it was last used from the cache"
    assert len(finding.paths) == 3


def test_changes_that_lie_far_apart_are_told_apart_and_the_oldest_together() -> None:
    days = [script(f"{ROOT}/app/D{day}.php", compiled=None, mtime=-60 - 700 * day, used=-3_500) for day in range(5)]
    found = told(*days)
    assert [len(each.paths) for each in found] == [1, 1, 3]
    assert [each.since for each in found] == [at(-60), at(-760), at(-2_860)]
    near = [script(f"{ROOT}/app/D{day}.php", compiled=None, mtime=-60 - 600 * day, used=-3_500) for day in range(5)]
    assert [len(each.paths) for each in told(*near)] == [5]


def test_a_sweep_over_owners_is_one_finding_that_names_the_directories() -> None:
    """chown -R: the change times of all scripts and of their directories."""
    below = [
        script(f"{ROOT}/{name}/{n}.php", compiled=None, ctime=-60 + n, parent_changed=-58) for name in ("app", "config") for n in range(9)
    ]
    moved = tuple(MovedDirectory(safe(f"{ROOT}/{name}"), at(-60)) for name in ("app", "config", "app/1.php", "storage"))
    (finding,) = told(*below, moved=moved)
    assert finding.code == "opcache.suspect-bytecode"
    assert finding.summary == (
        "18 cached scripts below app and config changed on disk without a new modification time: a chmod or chown, "
        "a copy that kept times, or new content; most used app/0.php"
    )
    assert times(finding)["directory"] == f"{ROOT}/app and {ROOT}/config"
    assert finding.subject == f"{ROOT}/app/0.php"


def test_a_directory_that_overlayfs_copied_up_is_one_finding_that_names_it() -> None:
    """The first log line: every directory above it has a new change time, and nothing else."""
    one_app = [script(f"{ROOT}/app/{n}.php", compiled=None, parent_changed=-60) for n in range(30)]
    views = [script(f"{ROOT}/storage/framework/views/{n}.php", compiled=None, parent_changed=-59) for n in range(5)]
    moved = (MovedDirectory(safe(ROOT), at(-60)), MovedDirectory(safe(f"{ROOT}/storage"), at(-59)))
    (finding,) = told(*one_app, *views, moved=moved)
    assert finding.code == "opcache.directory-renamed"
    assert f": {ROOT}, with 35 cached scripts, most used app/0.php" in finding.summary
    assert times(finding)["directory"] == ROOT


def test_the_applications_own_scripts_lead_however_often_a_library_is_used() -> None:
    (finding,) = told(*many(1), script("/usr/share/php/View.php", compiled=None, mtime=-60, used=-900, hits=9_000))
    assert finding.subject == f"{ROOT}/app/F000.php"
    assert "app/F000.php and 1 more run old code" in finding.summary


def test_several_rebuilt_views_are_said_to_be_so_in_one_finding() -> None:
    views = [script(f"{ROOT}/storage/framework/views/{n}.php", compiled=None, mtime=-60, used=-90) for n in range(3)]
    (finding,) = told(*views)
    assert finding.code == "opcache.stale-view"
    assert finding.summary == f"{BLIND}the compiled view 0.php runs old code; the same is so of 2 more scripts"


def test_pending_scripts_end_with_the_last_of_them_if_all_have_an_end() -> None:
    waiting = [script(f"{ROOT}/app/F{each:03}.php", mtime=-60, used=-1, revalidate=100 + each) for each in range(23)]
    assert looked(with_opcache(opcache(*waiting))).findings[-1].until == at(122)
    open_end = [script(f"{ROOT}/app/G{each:03}.php", mtime=-60, used=-120) for each in range(2)]
    assert looked(with_opcache(opcache(*waiting, *open_end))).findings[-1].until is None


# ------------------------------------------------------------------------------------------------------------------- the bounds


def preloading(one: Script, path: str, **more: Any) -> set[str]:
    return {each.code for each in looked(with_opcache(opcache(one, preload=safe(path), **more))).findings}


def test_only_what_a_pool_loaded_when_it_started_is_preloaded() -> None:
    entry = f"{ROOT}/preload.php"
    assert preloading(script(entry, timestamp=0, mtime=-60), entry) == {"opcache.preload-changed"}
    assert preloading(script(entry, compiled=None, mtime=-60, used=-90), entry, **NEVER) == {"opcache.preload-changed"}
    assert preloading(script(timestamp=0, mtime=-60), entry) == {"opcache.preload-changed"}, "T = 0 under vt=1: loaded by the entry"
    assert preloading(script(mtime=-60, used=-5), entry) == {"opcache.stale-bytecode"}
    assert preloading(script(compiled=None, mtime=-60, used=-90), entry, **NEVER) == {"opcache.stale-bytecode"}
    assert preloading(script(timestamp=0, mtime=-60, used=-90), "") == {"opcache.stale-bytecode"}
    at_start = script(entry, timestamp=0, mtime=START)
    assert preloading(at_start, entry) == {"opcache.suspect-bytecode"}, "in the second in which the pool started"


COMPILED = f"{ROOT}/storage/framework/views/home.php"


def rendered(source_ctime: float, **facts: Any) -> Any:
    views = ViewFacts(views=(view(compiled=-60, source=WRITTEN, source_ctime=source_ctime),))
    one = script(COMPILED, compiled=None, mtime=-60, ctime=-50, **facts)
    return snapshot(facts.pop("later", 0.0), host=host(views=views), runtime=runtime(vt0(one)))


def test_a_compiled_view_is_cleared_of_doubt_up_to_the_second_in_which_the_cache_began() -> None:
    quiet(looked(rendered(START, used=-5)))
    assert looked(rendered(START + 1, used=-5)).layers[Layer.OPCACHE] is Verdict.SUSPECT


def test_a_view_that_was_cleared_of_doubt_is_what_later_looks_compare_with() -> None:
    views = ViewFacts(views=(view(compiled=-60, source=WRITTEN, source_ctime=START - 60),))
    first = script(COMPILED, compiled=None, mtime=-60, ctime=-50, used=-45, digest="a")
    seen = snapshot(-40, host=host(views=views), runtime=runtime(vt0(first)))
    quiet(looked(seen))
    edited = script(COMPILED, compiled=None, mtime=-30, ctime=-30, used=-5, hits=50, digest="b")
    assert looked(seen, with_opcache(vt0(edited))).layers[Layer.OPCACHE] is Verdict.STALE


def pending(used: float, revalidate: float) -> Verdict:
    return looked(with_opcache(opcache(script(mtime=-60, used=used, revalidate=revalidate)))).layers[Layer.OPCACHE]


def test_a_window_ends_in_its_second_and_a_use_within_a_second_of_it_proves_nothing() -> None:
    assert found(script(mtime=-60, used=-1, revalidate=0)).until is None, "over now"
    assert found(script(mtime=-60, used=-1, revalidate=1)).until == at(1)
    assert [pending(used, -10) for used in (-11, -10, -9, -8)] == [*[Verdict.PENDING] * 3, Verdict.STALE]


def scopes(*paths: str, others: tuple[str, ...] = (), entries: tuple[str, ...] = ()) -> int:
    """How many of *paths*, all stale, are said to be this application's."""
    each = tuple(script(path, compiled=None, mtime=-60, used=-90) for path in paths)
    cache: Opcache = vt0(*each, entry_points=tuple(map(script, entries)))
    seen = host(other_apps=tuple(map(safe, others)))
    return sum(finding.verdict is Verdict.STALE for finding in looked(snapshot(host=seen, runtime=runtime(cache))).findings)


def test_a_public_folder_is_an_application_only_where_it_is_deep_enough() -> None:
    """/var/www/html is a place for applications as well as one."""
    assert scopes("/srv/shop/app/Cart.php", entries=("/srv/shop/public/index.php",)) == 0
    assert scopes("/srv/shop/app/Cart.php", entries=("/srv/shop/index.php",)) == 1
    assert scopes("/srv/lib/Cart.php", entries=("/srv/public/index.php",)) == 1
    assert scopes(f"{ROOT}/a.php", entries=(f"{ROOT}/public/index.php",), others=("/srv/shop",)) == 1
