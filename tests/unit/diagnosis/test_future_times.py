"""A modification time that is later than the file's own change time, or than the clock, proves nothing."""

from __future__ import annotations

from typing import Any

import pytest

from stalewatch.diagnosis.inputs import compare
from stalewatch.model.report import Layer, Verdict
from stalewatch.model.snapshot import PoolWorker, Script, ViewFacts
from stalewatch.model.text import safe
from stalewatch.model.times import is_writing_time, written_by
from tests.builders import values
from tests.builders.snapshots import (
    CACHED,
    NOW,
    START,
    WRITTEN,
    at,
    codes,
    file,
    fpm,
    host,
    looked,
    opcache,
    runtime,
    script,
    snapshot,
    sources,
    status,
    view,
    vt0,
    with_host,
    with_opcache,
    worker,
)

FRESH, SUSPECT, STALE = Verdict.FRESH, Verdict.SUSPECT, Verdict.STALE


@pytest.mark.parametrize(
    ("mtime", "ctime", "tells"),
    [
        (-60, -60, True),
        (-60, -62, True),
        (-60, -63, False),
        (-9_000, -60, True),
        (60, -60, False),
        (60, 60, False),
        (1, 1, True),
        (-60, None, True),
    ],
)
def test_writing_moves_both_times_and_never_beyond_the_clock(mtime: float, ctime: float | None, tells: bool) -> None:
    assert is_writing_time(at(mtime), None if ctime is None else at(ctime), NOW) is tells


def test_what_was_set_by_hand_was_there_when_it_was_set() -> None:
    assert written_by(at(7_200), at(-60)) == at(-60)
    assert written_by(at(-60), at(-10)) == at(-60)


AHEAD = [
    # mtime, ctime of a source; the verdict of what was cached at CACHED from it
    ("ahead, there before it was cached", 7_200, WRITTEN, FRESH),
    ("ahead once, and its time has passed", CACHED + 600, WRITTEN, FRESH),
    ("ahead, and it came after that", 7_200, -60, SUSPECT),
    ("after a clock was set back", 7_200, 7_200, SUSPECT),
    ("an ordinary edit", -60, -60, STALE),
]


@pytest.mark.parametrize(("mtime", "ctime", "verdict"), [row[1:] for row in AHEAD], ids=[row[0] for row in AHEAD])
def test_a_cached_layer(mtime: float, ctime: float, verdict: Verdict) -> None:
    report = looked(with_host(inputs=sources(config=(file("config/services.php", mtime, ctime),))))
    assert report.layers[Layer.CONFIG] is verdict
    assert ("health.future-times" in codes(report)) is (mtime > 0)


def test_a_source_with_a_time_ahead_does_not_hide_the_edited_one_behind_it() -> None:
    inputs = (file("config/a.php", 7_200, WRITTEN), file("config/b.php", -60), file("config/c.php"))
    assert [one.path for one in compare(inputs, at(CACHED), at(CACHED), None, NOW).proven] == ["config/b.php"]


def test_a_provider_with_a_time_ahead_adds_nothing() -> None:
    seen = sources()
    ahead = seen["config"].__class__(direct=seen["config"].direct, indirect=(file("app/Providers/A.php", 7_200, WRITTEN),))
    assert looked(with_host(inputs={**seen, "config": ahead})).layers[Layer.CONFIG] is FRESH


@pytest.mark.parametrize(("ctime", "verdict"), [(WRITTEN, FRESH), (-60, SUSPECT)])
def test_a_view_is_compared_by_its_change_time(ctime: float, verdict: Verdict) -> None:
    views = ViewFacts(views=(view(source=7_200, source_ctime=ctime),), check_timestamps=True, writable=True)
    assert looked(with_host(views=views)).layers[Layer.VIEWS] is verdict


@pytest.mark.parametrize(("mtime", "ctime", "verdict"), [(7_200, START - 60, FRESH), (-60, START - 60, FRESH), (-60, -60, STALE)])
def test_fpms_configuration(mtime: float, ctime: float, verdict: Verdict) -> None:
    files = (file("/etc/php/8.2/fpm/php.ini", mtime, ctime),)
    assert looked(with_host(fpm=fpm(config_files=files))).layers[Layer.FPM] is verdict


@pytest.mark.parametrize(("ctime", "verdict"), [(WRITTEN, FRESH), (-60, SUSPECT)])
@pytest.mark.parametrize("all_of_it", [True, False])
def test_workers_and_code_from_a_zone_ahead(ctime: float, verdict: Verdict, all_of_it: bool) -> None:
    seen = sources(code=(file("app/Jobs/WriteVersion.php", 7_200, ctime),))
    if all_of_it:
        seen["code"] = seen["code"].__class__(direct=seen["code"].direct[:1])
    assert looked(with_host(inputs=seen, queue_workers=(worker(),))).layers[Layer.WORKERS] is verdict


NEVER: list[tuple[str, Script, Verdict]] = [
    ("ahead since before the cache began", script(compiled=None, mtime=7_200, ctime=START - 60), FRESH),
    ("set ahead since", script(compiled=None, mtime=7_200, ctime=-60), SUSPECT),
    ("its time has passed", script(compiled=None, mtime=-30, ctime=START - 60, used=-90), FRESH),
    ("after a clock was set back", script(compiled=None, mtime=7_200, ctime=7_200), SUSPECT),
    ("compiled after it was set", script(compiled=None, mtime=7_200, ctime=-60, used=-30, hits=0), FRESH),
]


@pytest.mark.parametrize(("one", "verdict"), [row[1:] for row in NEVER], ids=[row[0] for row in NEVER])
def test_a_script_that_php_never_checks(one: Script, verdict: Verdict) -> None:
    assert looked(with_opcache(vt0(one))).layers[Layer.OPCACHE] is verdict


@pytest.mark.parametrize(("ctime", "verdict"), [(START - 60, FRESH), (-60, SUSPECT)])
def test_a_script_that_was_compiled_from_a_time_ahead_may_have_been_written_again_with_it(ctime: float, verdict: Verdict) -> None:
    assert looked(with_opcache(opcache(script(compiled=7_200, mtime=7_200, ctime=ctime)))).layers[Layer.OPCACHE] is verdict


def test_a_warning_names_the_files_and_how_far_ahead_they_are() -> None:
    inputs = sources(config=(file("config/services.php", 7_200, WRITTEN),), routes=(file("routes/api.php", 3_600, WRITTEN),))
    report = looked(snapshot(host=host(inputs=inputs)))
    (finding,) = [one for one in report.findings if one.code == "health.future-times"]
    assert report.verdict is FRESH
    assert (finding.verdict, finding.subject) == (FRESH, "config/services.php")
    assert finding.summary == "config/services.php and routes/api.php were modified in the future, by up to 2 h"
    told: dict[str, Any] = {each.label: each.value for each in finding.evidence}
    assert (told["files"], told["modified"], told["changed"]) == (2, at(7_200), at(WRITTEN))


def test_files_that_are_written_while_a_look_goes_on_are_not_ahead() -> None:
    report = looked(with_host(inputs=sources(views=(file("resources/views/home.blade.php", 4),))))
    assert "health.future-times" not in codes(report)


HOUR = 3_600.0
BACK = {"start_time": int(at(HOUR)), "validate_timestamps": False}
"""A cache that began by a clock that was hours ahead, and was set back since: today its workers came at START."""


def set_back(one: Script, **more: Any) -> Verdict:
    return looked(snapshot(host=host(), runtime=runtime(opcache(one, **{**BACK, **more})))).layers[Layer.OPCACHE]


def test_an_edit_before_the_start_of_a_cache_that_another_clock_told_is_no_proof() -> None:
    edited = script(compiled=None, timestamp=0, mtime=START + 1_200, ctime=START + 1_200)
    assert set_back(edited) is SUSPECT
    assert set_back(script(compiled=None, timestamp=0, mtime=START - 60, ctime=START - 60)) is FRESH, "it was there before any worker"
    assert set_back(edited, last_restart_time=int(at(HOUR + 9))) is SUSPECT


PASSED = -30.0
"""When that time is over, nothing lies ahead any more: only the kernel and FPM's own notes tell."""


def passed(one: Script, *, born: float = START, noted: float = PASSED, listed: bool = True, master: float = START) -> Verdict:
    """A cache that began at PASSED by a clock that was set back since. *born*: its worker by the kernel; *noted*: by FPM; *listed*: FPM
    tells of it (one that ends after a reload is none of the new pool's)."""
    worker = PoolWorker(pid=100, state=safe("Idle"), started=at(noted))
    others = () if listed else (PoolWorker(pid=101, state=safe("Idle"), started=at(PASSED)),)
    seen = status(started=at(PASSED), workers=(worker,) if listed else others)
    processes = (values.process(100, at(born)), *((values.process(101, at(PASSED)),) if not listed else ()))
    cache = opcache(one, start_time=int(at(PASSED)), validate_timestamps=False)
    facts = host(fpm=fpm(workers=processes, master=values.process(90, at(master), "php-fpm: master process")))
    return looked(snapshot(host=facts, runtime=runtime(cache, status=seen))).layers[Layer.OPCACHE]


EDITED = script(compiled=None, timestamp=0, mtime=START + 300, ctime=START + 300)


def test_once_that_time_is_over_an_older_worker_tells_that_the_clock_was_set_back() -> None:
    assert passed(EDITED) is SUSPECT
    assert passed(script(compiled=None, timestamp=0, mtime=START - 60, ctime=START - 60)) is FRESH, "it was there before any worker"
    assert passed(EDITED, born=PASSED) is FRESH, "the clock was never set"
    assert passed(EDITED, born=PASSED + 1, noted=PASSED + 40) is SUSPECT, "FPM noted a later time than the kernel has"


def test_a_worker_that_came_later_does_not_tell_since_when_the_cache_is_there() -> None:
    assert passed(EDITED, born=START + 500, noted=PASSED + 200) is SUSPECT


def test_a_worker_of_before_the_reload_that_still_works_tells_nothing() -> None:
    assert passed(EDITED, listed=False) is FRESH


def test_a_restart_of_the_cache_that_lies_ahead_is_as_good_as_its_start() -> None:
    edited = script(compiled=None, timestamp=0, mtime=START + 1_200, ctime=START + 1_200)
    assert set_back(edited, start_time=int(at(START)), last_restart_time=int(at(HOUR))) is SUSPECT


def test_a_configuration_that_came_after_a_start_by_another_clock_is_newer() -> None:
    ini = file("/etc/php/8.2/fpm/php.ini", START + 1_200)
    seen = looked(snapshot(host=host(fpm=fpm(config_files=(ini,))), runtime=runtime(opcache(**BACK))))
    assert "fpm.config-newer" in codes(seen)
