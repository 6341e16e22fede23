"""When a server probably ran old code before anybody looked, and what is not claimed; repeats that go on are one event."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from stalewatch.model.report import Finding, Layer, Report, Severity, Verdict
from stalewatch.model.snapshot import Deploy, ReleaseFacts, RuntimeFacts
from stalewatch.model.text import safe
from stalewatch.timeline import Event, EventKind, doubted_since, healed_spans, joined
from tests.builders.snapshots import ROOT, at, looked, opcache, runtime, snapshot, status, with_host

DEPLOYED, RELOADED = -1200.0, -600.0


def seen(
    *deploys: float, reloaded: float = RELOADED, vt: bool = False, files: tuple[str, ...] = (), source: str = "git", **cache: Any
) -> Report:
    """A look at a server that was deployed to and then reloaded (seconds from now)."""
    told = tuple(Deploy(at=at(each), source=source, files=tuple(map(safe, files))) for each in deploys or (DEPLOYED,))  # type: ignore[arg-type]
    php = runtime(opcache(validate_timestamps=vt, start_time=int(at(reloaded)), **cache), status=status(started=at(reloaded)))
    report = looked(with_host(release=ReleaseFacts(root=safe(ROOT), deploys=told)))
    assert report.snapshot is not None
    assert isinstance(php, RuntimeFacts)
    return msgspec.structs.replace(report, snapshot=msgspec.structs.replace(report.snapshot, runtime=php))


def event(kind: EventKind, seconds: float, what: str = "reloaded", app: str = ROOT) -> Event:
    return Event(at=at(seconds), server="web1", app=safe(app), kind=kind, source="fpm", what=safe(what), key=f"{kind}:{seconds}|web1|{app}")


def spans(report: Report, *events: Event, since: float = 0.0) -> list[tuple[float, float]]:
    return [(begin - at(0), end - at(0)) for begin, end in healed_spans(report, events, at(since))]


def test_from_the_deploy_to_the_reload_that_ended_it() -> None:
    assert spans(seen()) == [(DEPLOYED, RELOADED)]


@pytest.mark.parametrize(
    "report",
    [
        seen(vt=True),
        seen(-300.0),
        seen(files=("README.md", "app.css")),
        seen(source="mtime"),
        seen(-9000.0),
        looked(snapshot()),
        msgspec.structs.replace(seen(), snapshot=None),
    ],
    ids=["the pool checks its files", "reloaded before it", "no code", "a guess", "who knows what was in between", "no deploy", "not seen"],
)
def test_nothing_is_claimed_that_is_not_probable(report: Report) -> None:
    assert spans(report) == []


def test_a_pool_that_checks_rarely_ran_old_code_until_its_next_check() -> None:
    assert spans(seen(vt=True, revalidate_freq=300)) == [(DEPLOYED, DEPLOYED + 300)]


def test_what_happened_while_somebody_looked_is_left_to_the_verdicts() -> None:
    assert spans(seen(), since=-700.0) == []


def test_each_deploy_ends_with_the_first_reload_after_it() -> None:
    earlier = event(EventKind.RELOAD, -3000.0)
    assert spans(seen(-3300.0, DEPLOYED), earlier) == [(-3300.0, -3000.0), (DEPLOYED, RELOADED)]
    assert spans(seen(-3300.0), event(EventKind.RELOAD, -3000.0, app="/srv/other")) == [(-3300.0, RELOADED)], "another app's"


def test_a_log_that_tells_of_reloads_before_the_deploy_tells_of_all_after_it() -> None:
    assert spans(seen(-9000.0), event(EventKind.RELOAD, -9500.0)) == [(-9000.0, RELOADED)]


def test_a_reset_or_our_own_invalidation_ends_it_too() -> None:
    assert spans(seen(last_restart_time=int(at(-900.0)))) == [(DEPLOYED, int(at(-900.0)) - at(0))]
    assert spans(seen(), event(EventKind.ACTION, -1000.0, "invalidate: done (2 scripts)")) == [(DEPLOYED, -1000.0)]


def suspect(*deploys: float, since: float = DEPLOYED, files: tuple[str, ...] = ()) -> Report:
    """The same before the reload: bytecode that may be of before the change at *since*."""
    report = seen(*deploys, reloaded=-5000.0, files=files)
    finding = Finding(
        layer=Layer.OPCACHE,
        code="opcache.suspect-bytecode",
        severity=Severity.WARNING,
        verdict=Verdict.SUSPECT,
        subject=safe("A.php"),
        summary=safe("may be old"),
        since=at(since),
    )
    return msgspec.structs.replace(report, verdict=Verdict.SUSPECT, findings=(finding,))


def test_a_deploy_whose_bytecode_is_suspect_probably_does_not_run() -> None:
    assert doubted_since(suspect(since=DEPLOYED + 2)) == at(DEPLOYED)
    assert doubted_since(suspect(since=-10.0)) is None, "a chmod long after it"
    assert doubted_since(suspect(files=("README.md",))) is None
    assert doubted_since(seen()) is None


def test_it_stays_probable_when_a_reload_has_ended_it_under_our_eyes() -> None:
    assert healed_spans(seen(), (), at(-1100.0)) == ()
    assert healed_spans(seen(), (), at(-1100.0), {at(DEPLOYED)}) == ((at(DEPLOYED), at(RELOADED)),)


def line(seconds: float, until: float | None = None, count: int = 1, what: str = "no call", server: str = "web1") -> Event:
    return Event(
        at=at(seconds),
        server=server,
        app=safe(ROOT),
        kind=EventKind.ERROR,
        source="laravel.log",
        what=safe(what),
        key=f"log:error:laravel.log:{what}:{int(at(seconds) // 900)}|{server}|{ROOT}",
        until=None if until is None else at(until),
        count=count,
    )


def test_errors_that_go_on_are_one_event_with_begin_end_and_count() -> None:
    (one,) = joined([line(-1800, -1000, 40), line(-950, -100, 30), line(-50)])
    assert (one.at, one.until, one.count) == (at(-1800), at(-50), 71)
    assert one.key == line(-1800).key, "a cursor stays on it"


def test_after_a_quiet_time_and_for_others_it_is_another_event() -> None:
    apart = [line(-3000, -2900, 5), line(-1000, -900, 5)]
    assert joined(apart) == tuple(apart)
    others = [line(-100), line(-90, what="no route"), line(-80, server="web2"), event(EventKind.RELOAD, -70)]
    assert joined(others) == tuple(others)
