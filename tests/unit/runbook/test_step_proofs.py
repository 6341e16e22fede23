"""What counts as proof of each step, where a mistake in it would call a server fixed that is not: written for mutants that lived."""

from __future__ import annotations

import pytest

from stalewatch.model.replace import replace
from stalewatch.model.report import Finding, Layer, Remedy, Report, Verdict
from stalewatch.model.snapshot import CompiledView, QueueWorker, Unseen, ViewFacts
from stalewatch.model.text import safe
from stalewatch.model.times import utc
from stalewatch.runbook.plan import Choice, Justification, Request, ServerPlan, Status, Step
from stalewatch.runbook.verify import is_fixed, judge, prove, still_needed
from tests.builders.runbook import T0, bytecode, finding, fpm, host, plan, process, report, runtime, vt0
from tests.builders.values import file

LATER = T0 + 3
NOT_SEEN = Unseen(code="link.lost", message=safe("gone"))


def planned(before: Report, **asked: object) -> ServerPlan:
    return plan([before], Request(**({"choice": Choice.FIX} | asked))).servers[0]  # type: ignore[arg-type]


def step_of(server: ServerPlan, name: str) -> Step:
    return next(step for step in server.steps if step.id == name)


# -------------------------------------------------------------------------------------------------------------- compiled views

VIEWS = report(finding(Layer.VIEWS, Verdict.STALE, Remedy.REBUILD))
VIEWS_PLAN = planned(VIEWS)


def compiled(*views: tuple[float, float | None]) -> Report:
    """After the step; each view: when it was compiled, and its source changed."""
    made = tuple(
        CompiledView(
            compiled=file(f"storage/framework/views/{number}.php", then),
            source=None if source is None else file(f"resources/views/{number}.blade.php", source),
        )
        for number, (then, source) in enumerate(views)
    )
    return report(at=LATER, host_facts=host(views=ViewFacts(views=made)))


@pytest.mark.parametrize(
    ("after", "status", "words"),
    [
        (compiled(), Status.FAILED, "view:cache left no compiled view"),
        (compiled((LATER, T0 - 60)), Status.DONE, "1"),
        (compiled((LATER, T0 - 60), (LATER, None)), Status.DONE, "2"),
        (compiled((LATER, LATER + 0.9)), Status.DONE, "1"),  # the same second: PHP compares whole ones
        (compiled((LATER, LATER + 1), (LATER, T0 - 60)), Status.FAILED, "1 of 2 older than their source"),
    ],
)
def test_rebuilt_views_are_proven_by_every_view_and_its_source(after: Report, status: Status, words: str) -> None:
    proven = prove(step_of(VIEWS_PLAN, "view:cache"), VIEWS_PLAN, VIEWS, after)
    assert proven.status is status
    assert words in proven.evidence.values()


# ------------------------------------------------------------------------------------------------------- compiled files of OPcache

WIPED = report(
    finding(Layer.OPCACHE, Verdict.SUSPECT, Remedy.WIPE, Remedy.RELOAD),
    runtime_facts=runtime(opcache=vt0(file_cache=safe("/var/cache/opcache"))),
)
WIPE_PLAN = planned(WIPED)


@pytest.mark.parametrize(
    ("left", "status"),
    [
        ((), Status.DONE),
        ((finding(Layer.OPCACHE, Verdict.STALE, Remedy.WIPE, summary=safe("old files are left")),), Status.FAILED),
        ((finding(Layer.OPCACHE, Verdict.SUSPECT, Remedy.WIPE, summary=safe("old files are left")),), Status.FAILED),
        ((finding(Layer.OPCACHE, Verdict.STALE, Remedy.WIPE, Remedy.RELOAD),), Status.DONE),  # the reload that follows is for that
        ((finding(Layer.OPCACHE, Verdict.PENDING, Remedy.WIPE),), Status.DONE),
        ((finding(Layer.CONFIG, Verdict.STALE, Remedy.REBUILD),), Status.DONE),  # no business of this step
    ],
)
def test_wiped_compiled_files_are_proven_by_what_is_found_of_them(left: tuple[Finding, ...], status: Status) -> None:
    wipe = next(step for step in WIPE_PLAN.steps if step.kind == "wipe-file-cache")
    proven = prove(wipe, WIPE_PLAN, WIPED, report(*left, at=LATER))
    assert proven.status is status
    assert list(proven.evidence.values()) == ["old files are left" if status is Status.FAILED else "by the reload and the look that follow"]


# --------------------------------------------------------------------------------------------------------------------- workers


Workers = tuple[tuple[int, float], ...]
"""pid and start of each."""


def workers(kind: str, *each: tuple[int, float]) -> tuple[QueueWorker, ...]:
    return tuple(QueueWorker(kind=kind, process=process(pid, started)) for pid, started in each)  # type: ignore[arg-type]


def restarted(
    kind: str, before: tuple[tuple[int, float], ...], after: tuple[tuple[int, float], ...], *found: Finding
) -> tuple[Status, str]:
    """What the restart of workers of *kind* is judged as, and what is said of them. Other kinds are there before and after."""
    other = workers("queue" if kind != "queue" else "horizon", (900, T0 - 9000))
    old = report(finding(Layer.WORKERS, Verdict.STALE), host_facts=host(queue_workers=(*workers(kind, *before), *other)))
    server = planned(old)
    name = {"queue": "queue:restart", "horizon": "horizon:terminate", "octane": "octane:reload", "reverb": "reverb:restart"}[kind]
    now = report(*found, at=LATER, host_facts=host(queue_workers=(*workers(kind, *after), *other)))
    proven = prove(step_of(server, name), server, old, now)
    return proven.status, proven.evidence["workers"]


OLD, NEW = T0 - 5000, LATER


@pytest.mark.parametrize("kind", ["queue", "horizon", "reverb"])
def test_workers_are_proven_by_new_processes_of_their_own_kind(kind: str) -> None:
    assert restarted(kind, ((7, OLD), (8, OLD)), ((17, NEW), (18, NEW))) == (Status.DONE, "2 now, 2 before, 0 still the old ones")
    assert restarted(kind, ((7, OLD), (8, OLD)), ((17, NEW), (8, OLD))) == (Status.RUNNING, "2 now, 2 before, 1 still the old ones")
    assert restarted(kind, ((7, OLD), (8, OLD)), ((17, NEW),)) == (Status.RUNNING, "1 now, 2 before, 0 still the old ones")
    assert restarted(kind, ((7, OLD),), ((7, NEW),)) == (Status.DONE, "1 now, 1 before, 0 still the old ones"), "a pid may come again"
    assert restarted(kind, ((7, OLD),), ((17, NEW),), finding(Layer.WORKERS))[0] is Status.RUNNING


def test_octane_keeps_its_master_so_only_the_verdict_tells() -> None:
    assert restarted("octane", ((7, OLD),), ((7, OLD),)) == (Status.DONE, "1 now, 1 before, 1 still the old ones")
    assert restarted("octane", ((7, OLD),), ((7, OLD),), finding(Layer.WORKERS))[0] is Status.RUNNING


def test_workers_that_stay_or_do_not_come_back_are_told_with_what_to_do() -> None:
    seen = report(finding(Layer.WORKERS, Verdict.STALE), host_facts=host(queue_workers=workers("horizon", (7, OLD), (8, OLD))))
    server = planned(seen)

    def said(*after: tuple[int, float]) -> str:
        now = report(at=LATER, host_facts=host(queue_workers=workers("horizon", *after)))
        return prove(step_of(server, "horizon:terminate"), server, seen, now).evidence.get("by hand", safe(""))

    assert said((8, OLD), (17, NEW)).startswith("kill 8 (as their user)")
    assert "horizon:purge" in said((8, OLD))
    assert said((17, NEW)).startswith("nobody started those that are missing: cd /srv/app && ")
    assert said((17, NEW), (18, NEW)) == ""


def test_queue_restart_says_whom_it_reaches_and_whom_not() -> None:
    mine, apart = QueueWorker(kind="queue", process=process(7)), QueueWorker(kind="queue", process=process(8), release=safe("/srv/old"))
    told = planned(report(finding(Layer.WORKERS), host_facts=host(queue_workers=(mine,)))).warnings
    (store,) = (line for line in told if "cache store" in line)
    assert store.startswith("queue:restart is a key in the cache store of /srv/app: it reaches 1 worker here, and those of other servers")
    told = planned(report(finding(Layer.WORKERS), host_facts=host(queue_workers=(mine, apart)))).warnings
    (line,) = (line for line in told if "another release" in line)
    assert "kill 8 " in line
    signalled = planned(report(finding(Layer.WORKERS), host_facts=host(queue_workers=workers("horizon", (7, OLD))))).warnings
    assert not [line for line in signalled if "cache store" in line]


# ----------------------------------------------------------------------------------------------------------------------- rights


@pytest.mark.parametrize(
    "refusal",
    [
        "sudo: a password is required",
        "Sorry, user deploy is not allowed to execute '/usr/bin/systemctl' as root on web1.",
        "sudo: deploy may not run sudo on web1.",
    ],
)
def test_a_refusal_of_sudo_is_one_whatever_its_exit_code(refusal: str) -> None:
    before = report(finding(Layer.FPM))
    server = planned(before)
    rights = step_of(server, "rights")
    refused = judge(rights, server, before, refusal, 126)
    assert refused.status is Status.FAILED
    assert refused.evidence["grant"].startswith("in sudoers: deploy ALL=(root) NOPASSWD: /usr/sbin/php-fpm8.2")
    assert refused.evidence["grant"].endswith(" (every line: stalewatch init --sudoers web1)")
    assert judge(rights, server, before, "sudo: unknown option", 126).status is Status.DONE


def test_a_test_that_is_not_permitted_names_the_login_and_the_exact_line() -> None:
    master = fpm(config_path=safe("/opt/shop/fpm.conf"), binary=safe("/opt/php/sbin/php-fpm"))
    before = report(finding(Layer.FPM), host_facts=host(login=safe("u07"), fpm=master))
    server = planned(before)
    test = step_of(server, "fpm-test")
    told = judge(test, server, before, "sudo: a password is required", 1)
    line = f"in sudoers: u07 ALL=(root) NOPASSWD: {test.command.removeprefix('sudo -n ')}"
    assert (told.status, line in told.evidence["unknown"]) == (Status.DONE, True), told


@pytest.mark.parametrize(
    ("warning", "lost"),
    [
        ("PHP Startup: Unable to load dynamic library 'redis.so' (tried: /usr/lib/php/20220829/redis.so (", "redis."),
        ("PHP Startup: Unable to load dynamic library '/opt/ext/redis.so' (tried: ", "redis."),
        ("PHP Startup: redis: Unable to initialize module", "redis."),
        ("Failed loading Zend extension 'opcache.so' (tried: ", "zend opcache."),
        ("PHP Startup: Unable to load dynamic library 'imagick' (tried: ", ""),  # it has not run before either
    ],
)
def test_a_valid_configuration_that_loads_less_than_runs_stops_the_plan(warning: str, lost: str) -> None:
    before = report(finding(Layer.FPM), runtime_facts=replace(runtime(), extensions=(safe("redis"), safe("zend opcache"))))
    server = planned(before)
    notice = "[30-Nov-2026 12:50:00] NOTICE:"
    said = f"{notice} PHP message: PHP Warning:  {warning}\n{notice} configuration file /etc/php-fpm.conf test is successful\n"
    told = judge(step_of(server, "fpm-test"), server, before, said, 0)
    assert told.status is (Status.FAILED if lost else Status.DONE)
    assert (f"cannot be loaded again: {lost}" in told.evidence["php-fpm -t"]) is bool(lost)


# ------------------------------------------------------------------------------------------------------- is it fixed, is it needed

CONFIG = finding(Layer.CONFIG, summary=safe("config/app.php is newer"))
SERVER = replace(planned(report(CONFIG)), tolerated=())


def test_a_server_that_was_not_looked_at_is_not_judged() -> None:
    for blind in (replace(report(), snapshot=None), replace(report(), observed_at=None)):
        outcome = is_fixed(SERVER, blind)
        assert outcome.status is Status.RUNNING
        assert outcome.evidence == {"why": "the server could not be looked at"}


def test_what_is_not_fixed_is_named_with_its_finding_before_what_only_waits() -> None:
    waiting = finding(Layer.ROUTES, Verdict.PENDING, until=T0 + 60, summary=safe("until the file is checked"))
    outcome = is_fixed(SERVER, report(waiting, CONFIG))
    assert outcome.status is Status.FAILED
    assert outcome.evidence == {"verdict": "stale", "config": "stale: config/app.php is newer"}
    outcome = is_fixed(SERVER, report(waiting))
    assert outcome.status is Status.RUNNING
    assert outcome.evidence == {"verdict": "pending", "routes": "pending: until the file is checked"}


def test_what_is_fixed_is_told_with_the_artefacts_that_a_person_would_look_at() -> None:
    outcome = is_fixed(SERVER, report())
    assert outcome.status is Status.DONE
    assert outcome.evidence == {
        "verdict": "fresh",
        "bootstrap/cache/config.php": utc(T0 - 900),
        "bootstrap/cache/routes-v7.php": utc(T0 - 900),
        "bootstrap/cache/events.php": utc(T0 - 900),
        "opcache since": utc(T0 - 1000),
    }


def test_layers_that_the_plan_does_not_answer_for_are_told_apart() -> None:
    two = (finding(Layer.ROUTES), finding(Layer.EVENTS))
    outcome = is_fixed(replace(SERVER, tolerated=(Layer.ROUTES, Layer.EVENTS)), report(*two))
    assert outcome.status is Status.PARTLY
    assert outcome.evidence["not fixed by this plan"] == "routes stale, events stale"


def test_a_window_that_ends_with_this_look_is_over() -> None:
    assert is_fixed(SERVER, report(finding(Layer.OPCACHE, Verdict.PENDING, until=T0))).status is Status.DONE
    assert is_fixed(SERVER, report(finding(Layer.OPCACHE, Verdict.PENDING, until=None))).status is Status.DONE


def test_invalidated_scripts_answer_for_the_bad_findings_of_their_layer_only() -> None:
    """A finding of another layer, or one that is no reason for the verdict, is neither held against the scripts nor for them."""
    script = "/srv/app/a.php"
    health = finding(Layer.OPCACHE, Verdict.FRESH)
    outcome = is_fixed(SERVER, report(bytecode(script), health), invalidated=frozenset({script}))
    assert outcome.status is Status.DONE


def test_a_step_is_needed_as_long_as_its_layer_is_not_fresh() -> None:
    step = step_of(SERVER, "config:cache")
    assert step.causes == (Justification(layer=Layer.CONFIG, code="config.test", subject=safe("config")),)
    other = finding(Layer.CONFIG, code="config.other", subject=safe("another file"))
    assert still_needed(step, report(other)).status is Status.DONE, "the same layer, for another reason by now"
    assert still_needed(step, report(finding(Layer.ROUTES))).status is Status.SKIPPED
    healed = still_needed(step, report(replace(CONFIG, verdict=Verdict.FRESH)))
    assert healed.status is Status.SKIPPED
    assert healed.evidence["why"].startswith("no longer needed")
    assert still_needed(replace(step, causes=()), report()).status is Status.DONE, "asked for, not justified by a finding"
    blind = still_needed(step, report(host_facts=NOT_SEEN))
    assert blind.status is Status.UNKNOWN
    assert "could not be checked again" in blind.evidence["why"]
