"""A runbook is one event: which steps, caches and reloads are parts of it, and which are not."""

from __future__ import annotations

from itertools import pairwise

import msgspec

from stalewatch.model.snapshot import LockHolder
from stalewatch.model.step_names import LOCK
from stalewatch.model.text import safe
from stalewatch.runbook.plan import Phase, Progress, Status
from stalewatch.runbook.steps import STEPS
from stalewatch.timeline import Event, EventKind, as_runbooks, changes, from_progress, runbook_events
from tests.builders.snapshots import ROOT, at, looked, with_host

CACHED, RELOADED = EventKind.CACHE, EventKind.RELOAD


def step(second: float, what: str, server: str = "web1", who: str = "mara@laptop") -> Event:
    name, _, status = what.partition(": ")
    said = Progress(server=server, app=safe(ROOT), step=name, status=Status(status), at=second)
    return from_progress(said, who)


def happened(second: float, kind: EventKind, source: str, server: str = "web1") -> Event:
    return Event(at=second, server=server, app=safe(ROOT), kind=kind, source=source, what=safe(source), key=f"{source}:{second}|{server}")


def fix(second: float = 100.0, server: str = "web1") -> list[Event]:
    return [
        step(second, "lock: done", server),
        step(second + 0.1, "artisan: done", server),
        happened(second + 0.5, CACHED, "config", server),
        step(second + 1, "config:cache: done", server),
        happened(second + 1.5, RELOADED, "fpm", server),
        step(second + 2, "reload: done", server),
        step(second + 3, "verify: done", server),
        step(second + 3.1, "result: done", server),
    ]


def test_a_runbook_is_one_event_that_has_its_steps_and_what_they_caused() -> None:
    told = as_runbooks(fix())
    (star,) = told.events
    assert star.what == "fix by mara: config:cache, reload: done"
    assert (star.kind, star.at, star.until) == (EventKind.ACTION, 100.0, 103.1)
    assert told.parts == {star.key: tuple(fix())}


def test_what_happened_before_it_after_it_or_elsewhere_is_no_part_of_it() -> None:
    others = [
        happened(90.0, CACHED, "routes"),
        happened(101.0, EventKind.ERROR, "laravel.log"),
        happened(101.5, CACHED, "config", "web2"),
        happened(102.0, EventKind.DEPLOY, "git"),
        happened(110.0, RELOADED, "fpm"),
    ]
    events = sorted([*fix(), *others], key=lambda event: event.at)
    told = as_runbooks(events)
    assert [event for event in told.events if event.source != "runbook"] == others
    assert [event.at for event in told.events] == sorted(event.at for event in told.events)
    assert sorted(event.key for event in events) == sorted(
        event.key for shown in told.events for event in told.parts.get(shown.key, (shown,))
    ), "nothing is told twice, and nothing is lost"


def test_two_runbooks_are_two_also_on_the_same_server() -> None:
    told = as_runbooks(sorted([*fix(), *fix(400.0), *fix(100.2, "web2")], key=lambda event: event.at))
    assert [(event.server, event.at) for event in told.events] == [("web1", 100.0), ("web2", 100.2), ("web1", 400.0)]


def test_while_it_runs_it_says_so_and_keeps_its_key() -> None:
    running, done = (as_runbooks(events).events[0] for events in (fix()[:4], fix()))
    assert running.what == "fix by mara: config:cache: runs"
    assert running.key == done.key


def test_how_it_ended_is_said() -> None:
    failed = [*fix()[:5], step(102, "reload: failed"), step(103, "result: failed")]
    assert as_runbooks(failed).events[0].what == "fix by mara: config:cache, reload: failed"


def test_one_step_alone_stays_as_it_is() -> None:
    alone = [step(100, "reload: done", who="operator")]
    assert as_runbooks(alone).events == alone
    assert as_runbooks([]).events == []


def test_steps_that_only_look_are_those_of_the_runbook() -> None:
    looks = {spec.kind for spec in STEPS if spec.phase in (Phase.PREFLIGHT, Phase.VERIFY)}
    assert looks | {LOCK} == runbook_events.LOOKS


def locked(*steps: str, ended: bool = False) -> list[Event]:
    """What a look after each of *steps* of somebody else's runbook tells, and one after it was over."""
    holder = LockHolder(who=safe("anna@desk"), since=at(-60.0))
    reports = [looked(with_host()), *(looked(with_host(lock=msgspec.structs.replace(holder, step=safe(name)))) for name in steps)]
    told = [event for before, after in pairwise(reports) for event in changes(before, after)]
    over = changes(reports[-1], looked(with_host())) if ended else ()
    return [event for event in {event.key: event for event in (*told, *over)}.values() if event.kind is EventKind.ACTION]


def test_somebody_elses_runbook_is_one_event_too_by_its_lock() -> None:
    running = locked("", "config:cache", "reload")
    assert as_runbooks([*running, happened(at(-30.0), CACHED, "config")]).events[0].what == "fix by anna: config:cache, reload: runs"
    events = sorted([*locked("config:cache", ended=True), happened(at(-30.0), CACHED, "config")], key=lambda event: event.at)
    (star,) = as_runbooks(events).events
    assert star.what == "fix by anna: config:cache", "how it ended is not seen"
    assert star.until == at(0.0)


def test_of_a_lock_alone_what_was_caused_is_told() -> None:
    lock = locked("", ended=True)
    events = [*lock, happened(at(-30.0), CACHED, "config"), happened(at(-20.0), RELOADED, "fpm"), happened(at(60.0), CACHED, "views")]
    told = as_runbooks(events)
    assert [event.what for event in told.events] == ["fix by anna: config, fpm", "views"]
