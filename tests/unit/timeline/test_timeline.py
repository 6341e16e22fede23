"""What the timeline tells: the past at the first look, then what changes, each once."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from stalewatch.diagnosis.unreachable import as_unreachable
from stalewatch.model.processes import SocketFacts
from stalewatch.model.replace import replace
from stalewatch.model.report import Layer, Report, Verdict
from stalewatch.model.snapshot import (
    CacheFile,
    Deploy,
    DeployUnderWay,
    FileStat,
    FpmFacts,
    LockHolder,
    LogLine,
    ReleaseFacts,
    Snapshot,
    Unseen,
)
from stalewatch.model.text import safe
from stalewatch.runbook.plan import Progress, Status
from stalewatch.timeline import Event, EventKind, changes, combine, from_progress, history, told_once
from tests.builders.snapshots import (
    CACHED,
    NOW,
    ROOT,
    START,
    at,
    caches,
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
    uncached,
    vt0,
    with_host,
    worker,
)
from tests.builders.values import process

LOST = Unseen(code="link.silent", message=safe("no answer for 10 s"))
MINUTE = 60.0


def report(seen: Snapshot) -> Report:
    return looked(seen)


def deployed(seconds: float, *files: str, **more: Any) -> ReleaseFacts:
    deploy = Deploy(
        at=at(seconds), source="git", who=safe("mara"), commit=safe("4f2a9c1" + "0" * 33), files=tuple(map(safe, files)), **more
    )
    return ReleaseFacts(root=safe(ROOT), deploys=(deploy,))


def told(events: tuple[Event, ...], kind: EventKind) -> list[Event]:
    return [event for event in events if event.kind is kind]


def one(events: tuple[Event, ...], kind: EventKind) -> Event:
    (event,) = told(events, kind)
    return event


def line(seconds: float, text: str = "production.ERROR: Call context not found", *, alarm: bool = True, **more: Any) -> LogLine:
    return LogLine(log=safe("/srv/app/storage/logs/laravel.log"), at=at(seconds), text=safe(text), alarm=alarm, **more)


# ------------------------------------------------------------------------------------------------------------------ history


INI, BINARY = "/etc/php/8.2/fpm/php.ini", "/usr/sbin/php-fpm8.2"


def configured(*files: FileStat) -> FpmFacts:
    return fpm(config_files=files, binary=safe(BINARY))


@pytest.mark.parametrize(
    ("files", "when", "what"),
    [
        ((file(BINARY, -600),), -600, "php-fpm8.2 installed"),
        ((file(BINARY, START - 900, ctime=-600),), -600, "php-fpm8.2 installed"),
        ((file(INI, -600), file(BINARY, -590)), -600, "php.ini and 1 more installed"),
        ((file(INI, -600),), -600, "php.ini changed"),
        ((file(BINARY, START - 60),), START - 60, "php-fpm8.2 installed"),
    ],
)
def test_what_php_fpm_reads_only_when_it_starts_has_a_sign_when_it_came(files: tuple[FileStat, ...], when: float, what: str) -> None:
    """So that the shade of old code does not begin at nothing; and servers that were reloaded after it show the same."""
    (event,) = [each for each in history(report(with_host(fpm=configured(*files)))) if each.source == "php"]
    assert (event.kind, event.at, event.what) == (EventKind.DEPLOY, at(when), what)


def test_what_was_installed_long_before_php_fpm_started_is_no_event_and_a_chmod_is_none() -> None:
    quiet = configured(file(BINARY, START - 90_000), file(INI, START - 90_000, ctime=-600))
    assert not [each for each in history(report(with_host(fpm=quiet))) if each.source == "php"]


def test_a_binary_that_is_replaced_while_somebody_looks_is_told_once() -> None:
    before, after = (report(with_host(fpm=configured(file(BINARY, moment)))) for moment in (START - 90_000, -5))
    assert [each.source for each in changes(before, after) if each.kind is EventKind.DEPLOY] == ["php"]
    assert not [each for each in changes(after, after) if each.kind is EventKind.DEPLOY]


def test_history_is_not_empty_and_sorted() -> None:
    events = history(report(with_host(release=deployed(-720, "app/A.php", "routes/api.php"))))
    assert [event.at for event in events] == sorted(event.at for event in events)
    assert {event.kind for event in events} >= {EventKind.DEPLOY, EventKind.CACHE, EventKind.RELOAD}
    assert {event.server for event in events} == {"web1"}
    assert len({event.key for event in events}) == len(events)


def test_a_deploy_is_told_with_commit_files_and_who() -> None:
    event = one(history(report(with_host(release=deployed(-720, "app/Http/Call.php", "b.php", "c.php", "d.php")))), EventKind.DEPLOY)
    assert event.what == "4f2a9c1 Call.php and 3 more by mara"
    assert (event.at, event.source) == (at(-720), "git")


def test_sources_edited_without_a_deploy_are_told() -> None:
    edited = sources(code=(file("app/A.php", -60), file("app/B.php", -62)))
    events = history(report(with_host(release=deployed(-9_000), inputs=edited)))
    assert [event.what for event in told(events, EventKind.DEPLOY)][-1] == "A.php and 1 more changed"
    quiet_ = history(report(with_host(release=deployed(-61), inputs=edited)))
    assert len(told(quiet_, EventKind.DEPLOY)) == 1


def test_the_pool_started_or_was_reloaded() -> None:
    assert one(history(report(snapshot())), EventKind.RELOAD).what == "started, 3 workers"
    reloaded = snapshot(runtime=runtime(opcache(start_time=int(at(-90))), status=status(started=at(-90))))
    event = one(history(report(reloaded)), EventKind.RELOAD)
    assert (event.what, event.at, event.source) == ("reloaded, 3 workers", at(-90), "fpm")


def test_what_happened_to_a_master_is_told_once_for_all_its_apps() -> None:
    def app(root: str, master: int) -> Report:
        served = with_host(fpm=fpm(master=process(master, at(START), "php-fpm: master process"), pools_on_server=3))
        return report(replace(served, app=safe(root)))

    def reloads(*reports: Report) -> list[Event]:
        events = sorted((event for each in reports for event in history(each)), key=lambda event: event.at)
        return [event for event in told_once(events) if event.kind is EventKind.RELOAD]

    assert len(reloads(app("/srv/a", 90), app("/srv/b", 90))) == 1
    assert len(reloads(app("/srv/a", 90), app("/srv/b", 91))) == 2
    assert "worker" not in reloads(app("/srv/a", 90))[0].what, "its pool is one of three"
    caches_of_both = told_once([*history(app("/srv/a", 90)), *history(app("/srv/b", 90))])
    assert len(told(tuple(caches_of_both), EventKind.CACHE)) == 2 * len(told(history(app("/srv/a", 90)), EventKind.CACHE))


def test_a_reset_and_long_running_workers_are_told() -> None:
    seen = snapshot(
        host=host(queue_workers=(worker(started=-50), worker(started=-51))), runtime=runtime(opcache(last_restart_time=int(at(-40))))
    )
    events = history(report(seen))
    assert one(events, EventKind.RESTART).at == at(-40)
    assert one(events, EventKind.WORKERS).what == "2 queue workers started"


def test_repeated_errors_are_one_event() -> None:
    lines = tuple(line(-100 + each) for each in range(14))
    event = one(history(report(with_host(log_lines=(*lines, line(-90, "production.INFO: nothing", alarm=False))))), EventKind.ERROR)
    assert (event.at, event.until, event.count) == (at(-100), at(-87), 14)
    assert event.what == '"Call context not found"'
    assert event.source == "laravel.log"


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("[2026-11-24 12:49:50] production.ERROR: no call 17", "[2026-11-24 12:49:53] production.ERROR: no call 18", True),
        ('production.ERROR: no call {"id":"a"}', 'production.ERROR: no call {"id":"b"}', True),
        ("production.ERROR: no call", "production.ERROR: no route", False),
    ],
)
def test_what_counts_as_the_same_error(first: str, second: str, same: bool) -> None:
    events = history(report(with_host(log_lines=(line(-100, first), line(-99, second)))))
    assert len(told(events, EventKind.ERROR)) == (1 if same else 2)


def test_reassurance_is_told_as_such() -> None:
    event = one(history(report(with_host(log_lines=(line(-5, "Function routing", alarm=False, reassure=True),)))), EventKind.REASSURE)
    assert event.what == '"Function routing"'


def test_no_snapshot_no_history() -> None:
    assert history(msgspec.structs.replace(report(snapshot()), snapshot=None)) == ()


# ------------------------------------------------------------------------------------------------------------------ changes


def test_nothing_changed_is_nothing() -> None:
    assert changes(report(snapshot(-2)), report(snapshot())) == ()


def test_the_same_look_published_again_is_nothing() -> None:
    seen = report(with_host(log_lines=(line(-1),)))
    assert changes(seen, msgspec.structs.replace(seen, hit_rate=0.9)) == ()


def test_each_thing_that_happens_is_told_once() -> None:
    config = file("bootstrap/cache/config.php", -1)
    rebuilt = caches(config=CacheFile(name="config", path=config.path, stat=config))
    cases: list[tuple[Snapshot, EventKind, str]] = [
        (with_host(release=deployed(-1)), EventKind.DEPLOY, "4f2a9c1 deployed by mara"),
        (with_host(caches=rebuilt), EventKind.CACHE, "configuration cached"),
        (with_host(caches=caches(config=uncached("config"))), EventKind.CACHE, "config cache removed"),
        (
            snapshot(runtime=runtime(opcache(start_time=int(at(-1))), status=status(started=at(-1)))),
            EventKind.RELOAD,
            "reloaded, 3 workers",
        ),
        (snapshot(runtime=runtime(opcache(last_restart_time=int(at(-1))))), EventKind.RESTART, "the cache was reset"),
        (with_host(queue_workers=(worker(started=-1),)), EventKind.WORKERS, "1 queue worker started"),
        (with_host(lock=LockHolder(who=safe("mara"), since=at(-1))), EventKind.ACTION, "mara runs a runbook"),
        (with_host(log_lines=(line(-1),)), EventKind.ERROR, '"Call context not found"'),
    ]
    for seen, kind, what in cases:
        event = one(changes(report(snapshot(-2)), report(seen)), kind)
        assert event.what == what
        assert at(-2) <= event.at <= NOW


def test_a_deploy_under_way_is_told_when_it_begins() -> None:
    release = ReleaseFacts(root=safe(ROOT), under_way=DeployUnderWay(sign=safe(".git/index.lock"), since=at(-1), who=safe("mara")))
    event = one(changes(report(snapshot(-2)), report(with_host(release=release))), EventKind.DEPLOY)
    assert event.what == "a deploy by mara is under way"


def test_the_same_reload_seen_by_another_source_is_not_another_one() -> None:
    by_status = report(snapshot(-2, runtime=runtime(opcache(), status=status(started=at(START)))))
    by_cache = report(snapshot(runtime=runtime(opcache(start_time=int(at(START)) + 1), status=LOST)))
    assert not told(changes(by_status, by_cache), EventKind.RELOAD)


def test_a_verdict_that_gets_worse_and_better() -> None:
    good = report(snapshot(-2))
    bad = report(snapshot(runtime=runtime(vt0(script(compiled=None, mtime=-60, used=-90)))))
    worse = one(changes(good, bad), EventKind.VERDICT)
    assert worse.what == "stale: opcache stale"
    assert one(changes(bad, report(snapshot(2))), EventKind.VERDICT).what == "fresh: opcache fresh"


def test_a_layer_that_got_better_while_the_server_did_not_says_so() -> None:
    stale = runtime(vt0(script(compiled=None, mtime=-60, used=-90)))
    both = report(snapshot(-2, runtime=stale))
    both = msgspec.structs.replace(both, layers={**both.layers, Layer.CONFIG: Verdict.STALE})
    told_of = one(changes(both, report(snapshot(runtime=stale))), EventKind.VERDICT)
    assert told_of.what == "still stale: config fresh"


def test_a_layer_that_is_no_longer_cached_is_no_verdict_event() -> None:
    after = report(with_host(caches=caches(config=uncached("config"))))
    assert not told(changes(report(snapshot(-2)), after), EventKind.VERDICT)


def test_fpm_that_goes_down() -> None:
    down = snapshot(host=host(fpm=fpm(running=False, master=None, workers=())), runtime=LOST)
    assert one(changes(report(snapshot(-2)), report(down)), EventKind.DOWN).what == "FPM is not running any more"


def test_fpm_that_is_down_at_the_first_look() -> None:
    """By whatever shows it; a stop that FPM's own log tells of is not told twice."""
    gone = Unseen(code="fpm.socket-missing", message=safe("no socket"))
    stopped = snapshot(host=host(fpm=fpm(running=False, master=None, workers=())), runtime=LOST)
    no_socket = snapshot(host=host(fpm=fpm(socket=SocketFacts(path=safe("/run/php.sock"), exists=False))), runtime=gone)
    assert one(history(report(stopped)), EventKind.DOWN).what == "down at the first look: PHP-FPM is not running"
    down = one(history(report(no_socket)), EventKind.DOWN)
    assert (down.at, down.what) == (NOW, "down at the first look: the socket /run/php.sock is not there")
    line = LogLine(log=safe("php-fpm.log"), at=at(-90), text=safe("NOTICE: exiting, bye-bye!"), alarm=False, fpm=True)
    logged = msgspec.structs.replace(stopped, host=msgspec.structs.replace(stopped.seen_host, log_lines=(line,)))
    assert one(history(report(logged)), EventKind.DOWN).at == at(-90)


def test_fpm_that_answers_again_is_no_longer_down_on_its_lane() -> None:
    gone = Unseen(code="fpm.socket-missing", message=safe("no socket"))
    no_socket = fpm(socket=SocketFacts(path=safe("/run/php.sock"), exists=False))
    down, back = report(snapshot(-2, host=host(fpm=no_socket), runtime=gone)), report(snapshot())
    assert one(changes(report(snapshot(-4)), down), EventKind.DOWN).what == "the socket /run/php.sock is not there"
    assert not told(changes(down, report(snapshot(host=host(fpm=no_socket), runtime=gone))), EventKind.DOWN), "once"
    assert told(changes(down, back), EventKind.RELOAD), "started, or answers again"


def test_a_link_that_is_lost_and_comes_back() -> None:
    seen = report(snapshot(-30))
    gone = as_unreachable(seen, LOST)
    lost = one(changes(seen, gone), EventKind.LINK)
    assert (lost.at, lost.what) == (at(-30), "lost: no answer for 10 s")
    assert changes(gone, as_unreachable(gone, LOST)) == ()
    back = changes(gone, report(snapshot()))
    assert [event.kind for event in back] == [EventKind.LINK]
    assert back[0].at == NOW


def test_what_happened_while_the_link_was_away_is_told() -> None:
    gone = as_unreachable(report(snapshot(-30)), LOST)
    assert told(changes(gone, report(with_host(release=deployed(-10)))), EventKind.DEPLOY)


# ---------------------------------------------------------------------------------------------------------- combine, actions


def test_repeats_add_up_and_the_same_history_read_again_does_not() -> None:
    first = one(history(report(with_host(log_lines=(line(-100), line(-99))))), EventKind.ERROR)
    later = one(changes(report(snapshot(-4)), report(with_host(log_lines=(line(-3), line(-2), line(-1))))), EventKind.ERROR)
    assert first.key == later.key
    both = combine(first, later)
    assert (both.at, both.until, both.count) == (at(-100), at(-1), 5)
    assert combine(first, first) == first
    assert combine(later, first).count == 5


def test_other_events_are_replaced() -> None:
    event = one(history(report(snapshot())), EventKind.RELOAD)
    newer = msgspec.structs.replace(event, what=safe("reloaded, 7 workers"))
    assert combine(event, newer) is newer


def test_a_step_is_one_event_whose_words_follow_its_status() -> None:
    def progress(status: Status, seconds: float, **evidence: str) -> Event:
        said = {key: safe(value) for key, value in evidence.items()}
        return from_progress(Progress(server="web1", app=safe(ROOT), step="reload", status=status, at=NOW + seconds, evidence=said))

    running, done = progress(Status.RUNNING, 1), progress(Status.DONE, 2, started="later than the reload")
    assert running.key == done.key
    assert done.what == "reload: done (later than the reload)"
    assert done.kind is EventKind.ACTION
    assert progress(Status.DONE, 4_000).key != done.key


def test_caches_are_told_at_the_time_they_were_written() -> None:
    assert {event.at for event in told(history(report(snapshot())), EventKind.CACHE)} == {at(CACHED)}
