"""What FPM's own log adds to the timeline, and what it must not: the last start twice, or what another log pretends."""

from __future__ import annotations

import msgspec
import pytest

from stalewatch.model.report import Report
from stalewatch.model.snapshot import LogLine, PoolWorker, Process, Snapshot, Unseen
from stalewatch.model.text import SafeText, safe
from stalewatch.timeline import Event, EventKind, changes, history
from tests.builders.snapshots import START, at, fpm, host, looked, opcache, runtime, snapshot, status

READY, ASKED = "NOTICE: ready to handle connections", "NOTICE: Reloading in progress ..."
LOST = Unseen(code="fpm.socket-denied", message=SafeText("denied"))


def line(seconds: float, text: str, *, alarm: bool = False, own: bool = True) -> LogLine:
    return LogLine(log=SafeText("/var/log/php8.3-fpm.log"), at=at(seconds), text=safe(text), alarm=alarm, fpm=own)


def seen(*lines: LogLine, denied: bool = False) -> Snapshot:
    return snapshot(host=host(log_lines=lines), **({"runtime": LOST} if denied else {}))


def told(events: tuple[Event, ...], kind: EventKind = EventKind.RELOAD) -> list[tuple[float, str]]:
    return [(round(event.at - at(0)), str(event.what)) for event in events if event.kind is kind]


def test_reloads_before_the_last_one_are_told_by_the_log_alone() -> None:
    lines = (line(START - 9000, READY), line(START - 500, ASKED), line(START - 500, READY), line(START, ASKED), line(START + 1, READY))
    assert told(history(looked(seen(*lines)))) == [(START - 9000, "started"), (START - 500, "reloaded"), (START, "started, 3 workers")]


def test_where_the_pool_may_not_be_asked_the_log_tells_of_the_last_one_too() -> None:
    before, after = looked(seen(denied=True)), looked(seen(line(-1, ASKED), line(-1, READY), denied=True))
    assert told(changes(before, after)) == [(-1, "reloaded")]


def test_a_stop_in_the_past_is_told() -> None:
    assert told(history(looked(seen(line(START - 500, "NOTICE: exiting, bye-bye!")))), EventKind.DOWN)[0] == (START - 500, "stopped")


@pytest.mark.parametrize(
    "forged",
    [
        line(-3000, READY, own=False),
        line(-3000, READY, alarm=True),
        line(-3000, f'WARNING: child 5 said into stderr: "{READY}"'),
    ],
    ids=["of another log", "made an alarm", "said by a worker"],
)
def test_what_only_looks_like_a_reload_is_none(forged: LogLine) -> None:
    assert len(told(history(looked(seen(forged))))) == 1


def test_the_same_warning_is_one_event_in_fpms_own_words() -> None:
    words = "WARNING: [pool www] server reached pm.max_children setting (5), consider raising it"
    (event,) = [
        event
        for event in history(looked(seen(line(-100, words, alarm=True), line(-90, words.replace("5", "7"), alarm=True))))
        if event.kind is EventKind.ERROR
    ]
    assert (event.source, event.count) == ("php8.3-fpm.log", 2)
    assert event.what == '"[pool www] server reached pm.max_children setting (5), consider raising it"'


def with_workers(*starts: float, pm: str = "static") -> Report:
    """A pool whose workers started then, by /proc and by the status page alike."""
    known = fpm()
    assert known.pool is not None
    processes = tuple(Process(pid=100 + n, started=at(each), title=SafeText("php-fpm: pool www")) for n, each in enumerate(starts))
    facts = msgspec.structs.replace(known, workers=processes, pool=msgspec.structs.replace(known.pool, pm=safe(pm)))
    page = tuple(PoolWorker(pid=100 + n, state=SafeText("Idle"), started=at(each)) for n, each in enumerate(starts))
    return looked(snapshot(host=host(fpm=facts), runtime=runtime(opcache(), status=status(started=at(START), workers=page))))


def test_workers_that_were_killed_are_born_anew_without_a_reload() -> None:
    report = with_workers(START, -60, -59, -58)
    assert told(history(report), EventKind.WORKERS) == [(-60, "3 of 4 workers started, without a reload")]
    assert not told(changes(report, report), EventKind.WORKERS)


@pytest.mark.parametrize(
    "report",
    [with_workers(START, START + 1, START + 2), with_workers(START, START, START, -60), with_workers(-60, -59, pm="ondemand")],
    ids=["of the start", "one of many", "that come with load"],
)
def test_births_that_mean_nothing_are_no_events(report: Report) -> None:
    assert told(history(report), EventKind.WORKERS) == []
