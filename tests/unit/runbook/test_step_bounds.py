"""The bounds of proofs and plans: one more, one second later, one thing unseen. Written for mutants that lived."""

from __future__ import annotations

import pytest

from stalewatch.model.replace import replace
from stalewatch.model.report import MAX_INVALIDATED, Finding, Layer, Remedy, Report, Verdict
from stalewatch.model.snapshot import CacheFile, CompiledView, HostFacts, PoolStatus, RuntimeFacts, Script, Unseen, ViewFacts
from stalewatch.model.text import safe
from stalewatch.model.times import utc
from stalewatch.runbook.needs import from_findings, why
from stalewatch.runbook.plan import Choice, Request, ServerPlan, Status, Step
from stalewatch.runbook.preflight import in_flight
from stalewatch.runbook.verify import is_fixed, judge, prove
from tests.builders.runbook import APP, CONTROLLER, T0, bytecode, finding, fpm, host, plan, process, report, runtime, vt0, vt1
from tests.builders.values import file

LATER = T0 + 3
DENIED = Unseen(code="fpm.socket-denied", message=safe("no"))


def planned(before: Report, **asked: object) -> ServerPlan:
    return plan([before], Request(**({"choice": Choice.FIX} | asked))).servers[0]  # type: ignore[arg-type]


def step_of(server: ServerPlan, kind: str) -> Step:
    return next(step for step in server.steps if step.kind == kind)


# ---------------------------------------------------------------------------------------------------------------------- reload

BEFORE = report(finding(Layer.FPM))
RELOAD_PLAN = planned(BEFORE)


def after(
    since: float = LATER, pool: float = LATER, pids: tuple[int, ...] = (201, 202), runtime_facts: RuntimeFacts | Unseen | None = None
) -> Report:
    facts = host(fpm=fpm(workers=tuple(process(pid, LATER) for pid in pids)))
    asked = runtime(opcache=vt1(start_time=int(since)), started=pool)
    return report(at=LATER, host_facts=facts, runtime_facts=runtime_facts or asked)


def reloaded(then: Report, before: Report = BEFORE) -> tuple[Status, dict[str, str]]:
    proven = prove(step_of(RELOAD_PLAN, "reload"), RELOAD_PLAN, before, then)
    return proven.status, {key: str(value) for key, value in proven.evidence.items()}


def test_a_reload_says_what_it_left() -> None:
    seen = {"workers": "2 new, no old pid left", "pool start time": utc(LATER), "opcache since": utc(LATER)}
    assert reloaded(after()) == (Status.DONE, seen)
    assert reloaded(after(since=T0, pool=T0))[0] is Status.DONE, "in the second in which the reload was sent"
    stopped = report(at=LATER, host_facts=host(fpm=fpm(running=False)))
    assert reloaded(stopped) == (Status.RUNNING, {"fpm": "does not run"})


def test_a_pool_that_answered_before_and_does_not_answer_now_is_no_proof() -> None:
    status, evidence = reloaded(after(runtime_facts=DENIED))
    assert status is Status.RUNNING
    assert (evidence["pool start time"], evidence["opcache since"]) == ("not seen", "not seen")


def test_old_workers_keep_a_reload_waiting_also_where_the_pool_cannot_be_asked() -> None:
    """What the pool does not tell, before or after, must not end the waiting that the old workers asked for."""
    blind = replace(BEFORE, snapshot=replace(BEFORE.snapshot, runtime=DENIED))
    kept = after(pids=(201,), runtime_facts=DENIED)
    old = report(at=LATER, host_facts=host(fpm=fpm(workers=(process(101), process(201, LATER)))), runtime_facts=DENIED)
    assert reloaded(kept, blind)[0] is Status.DONE
    assert reloaded(old, blind)[0] is Status.RUNNING
    early = report(at=LATER, host_facts=host(fpm=fpm(workers=(process(201, T0 - 1),))), runtime_facts=DENIED)
    assert reloaded(early, blind)[0] is Status.RUNNING, "new, but from before the reload"
    exactly = report(at=LATER, host_facts=host(fpm=fpm(workers=(process(201, T0),))), runtime_facts=DENIED)
    assert reloaded(exactly, blind)[0] is Status.DONE
    none = report(at=LATER, host_facts=host(fpm=fpm(workers=())), runtime_facts=DENIED)
    assert reloaded(none, blind)[0] is Status.RUNNING, "no worker at all"


# ------------------------------------------------------------------------------------------------------------------ invalidate

SCRIPTS = tuple(f"{APP}/app/{name}.php" for name in "abcdefg")


def script(path: str, **changed: object) -> Script:
    return replace(Script(path=safe(path), mtime=T0 - 60, ctime=T0 - 60, hits=50), **changed)  # type: ignore[arg-type]


def bytecode_of(*scripts: Script) -> Report:
    return report(bytecode(*SCRIPTS), at=LATER, runtime_facts=runtime(opcache=vt0(changed=scripts)))


OLD = bytecode_of(*map(script, SCRIPTS))
INVALIDATE_PLAN = planned(OLD)


def invalidated(now: Report, before: Report = OLD, **told: bool) -> tuple[Status, dict[str, str]]:
    answers = {f"{APP}/app/{name}.php": said for name, said in told.items()}
    proven = prove(step_of(INVALIDATE_PLAN, "invalidate"), INVALIDATE_PLAN, before, now, invalidated=answers)
    return proven.status, {key: str(value) for key, value in proven.evidence.items()}


def test_scripts_that_are_still_held_are_named_up_to_five() -> None:
    assert invalidated(bytecode_of()) == (Status.DONE, {"scripts": "7", "proof": "not cached, or compiled again"})
    status, evidence = invalidated(OLD)
    assert (status, list(evidence)) == (Status.FAILED, list(SCRIPTS[:5]))
    status, evidence = invalidated(bytecode_of(), a=False, b=False)
    assert (status, list(evidence)) == (Status.FAILED, list(SCRIPTS[:2]))
    status, evidence = invalidated(bytecode_of(), **dict.fromkeys("abcdefg", False))
    assert (status, list(evidence)) == (Status.FAILED, list(SCRIPTS[:5]))


def test_an_opcache_that_cannot_be_looked_at_is_asked_again() -> None:
    blind = report(bytecode(*SCRIPTS), at=LATER, runtime_facts=DENIED)
    assert invalidated(blind) == (Status.RUNNING, {"why": "OPcache could not be looked at"})
    assert invalidated(OLD, before=blind)[0] is Status.DONE, "nothing to compare the hits with"


@pytest.mark.parametrize(
    ("hits_before", "hits_now", "held"), [(50, 50, True), (50, 51, True), (50, 49, False), (1, 1, True), (0, 0, False), (0, 1, False)]
)
def test_hits_that_go_on_are_the_old_script(hits_before: int, hits_now: int, held: bool) -> None:
    """Compiled again, a script begins to count at 0. With no hits before, nothing tells the old one from the new one."""
    before, now = bytecode_of(script(SCRIPTS[0], hits=hits_before)), bytecode_of(script(SCRIPTS[0], hits=hits_now))
    assert (invalidated(now, before)[0] is Status.FAILED) is held


# ------------------------------------------------------------------------------------------------------------------ clear caches


def views(*compiled: float) -> HostFacts:
    made = tuple(CompiledView(compiled=file(f"storage/framework/views/{number}.php", then)) for number, then in enumerate(compiled))
    return host(views=ViewFacts(views=made))


@pytest.mark.parametrize(
    ("left", "status", "words"),
    [
        ((), Status.DONE, "gone"),
        ((T0 - 1, T0 + 1), Status.FAILED, "1 old ones are still there"),
        ((T0, T0 + 1), Status.DONE, "gone"),  # rendered since
    ],
)
def test_cleared_views_are_proven_by_none_that_is_older(left: tuple[float, ...], status: Status, words: str) -> None:
    before = report(host_facts=views(T0 - 900))
    server = planned(before, choice=Choice.CLEAR)
    clear = next(step for step in server.steps if step.id == "view:clear")
    proven = prove(clear, server, before, report(at=LATER, host_facts=views(*left)))
    assert (proven.status, proven.evidence) == (status, {"compiled views": words})


def test_a_cleared_cache_says_of_each_file_whether_it_is_there() -> None:
    server = planned(report(), choice=Choice.CLEAR)
    clear = next(step for step in server.steps if step.id == "config:clear")
    path = safe("bootstrap/cache/config.php")
    for stat, status, words in ((file(path, T0 - 900), Status.FAILED, "still there"), (None, Status.DONE, "gone")):
        now = report(host_facts=host(caches=(CacheFile(name="config", path=path, stat=stat),)))
        proven = prove(clear, server, report(), now)
        assert (proven.status, proven.evidence) == (status, {path: words})


def test_an_emptied_application_cache_has_only_artisans_word() -> None:
    server = planned(report(), choice=Choice.CLEAR, cache_clear=True)
    clear = step_of(server, "cache-clear")
    proven = prove(clear, server, report(), report(), said=" Application  cache cleared! ")
    assert proven.status is Status.DONE
    assert proven.evidence["said"] == "Application cache cleared!"
    assert proven.evidence["proof"].startswith("none")
    assert prove(clear, server, report(), report()).evidence["said"] == "nothing"
    assert prove(clear, server, report(), report(), said="y" + "x" * 200).evidence["said"] == "x" * 200


@pytest.mark.parametrize(
    ("written", "source", "owner", "good"),
    [
        (T0, T0 - 60, "www-data", True),  # in the second in which it was sent
        (T0 - 1, T0 - 60, "www-data", False),
        (T0 + 1, T0 + 2, "www-data", True),  # the source changed while it was read
        (T0 + 1, T0 + 3, "www-data", False),
        (T0 + 1, T0 - 60, "", True),
    ],
)
def test_a_rebuilt_cache_is_younger_than_the_step_and_its_sources(written: float, source: float, owner: str, good: bool) -> None:
    before = report(finding(Layer.CONFIG))
    server = planned(before)
    path = "bootstrap/cache/config.php"
    facts = host(
        caches=(CacheFile(name="config", path=safe(path), stat=file(path, written, owner=safe(owner))),),
        inputs={"config": replace(host().inputs["config"], direct=(file("config/app.php", source),))},
    )
    proven = prove(step_of(server, "rebuild"), server, before, report(at=LATER, host_facts=facts))
    assert (proven.status is Status.DONE) is good
    assert not good or proven.evidence[path] == f"written {utc(written)}, owner {owner or 'not known'}"


# ---------------------------------------------------------------------------------------------------------------------- checks


def test_the_first_command_that_sudo_does_not_permit_is_the_one_that_is_named() -> None:
    before = report(finding(Layer.CONFIG), finding(Layer.FPM))
    server = planned(before)
    rights = step_of(server, "rights")
    asked = [line.replace("sudo -n -l", "sudo -n", 1) for line in rights.command.split(" && ")]
    assert len(asked) >= 2
    for permitted, missing in ((0, asked[0]), (1, asked[1]), (9, asked[-1])):
        said = "\n".join([*["/usr/bin/php"] * permitted, "sudo: a password is required"])
        assert judge(rights, server, before, said, 1).evidence["not permitted"] == missing
    assert judge(rights, server, before, "", 1).status is Status.FAILED, "sudo -l says nothing of what is not permitted"


@pytest.mark.parametrize(
    ("said", "code", "status"),
    [
        ("NOTICE: configuration file /etc/php-fpm.conf test is successful", 0, Status.DONE),
        ("NOTICE: configuration file /etc/php-fpm.conf test is successful", 78, Status.FAILED),
        ("Segmentation fault", 139, Status.FAILED),
        ("sh: php-fpm: not found", 127, Status.DONE),
        ("sh: php-fpm: Permission denied", 126, Status.DONE),
    ],
)
def test_a_configuration_test_that_did_not_end_well_is_no_good_one(said: str, code: int, status: Status) -> None:
    assert judge(step_of(RELOAD_PLAN, "fpm-test"), RELOAD_PLAN, BEFORE, said, code).status is status


def test_requests_in_flight_are_counted_without_the_one_that_asks() -> None:
    def active(number: int) -> Report:
        return report(runtime_facts=replace(runtime(), status=PoolStatus(pool=safe("www"), started=T0 - 1000, active=number)))

    assert [in_flight(active(number)) for number in (0, 1, 2, 5)] == [0, 0, 1, 4]
    assert in_flight(report(host_facts=host(fpm=DENIED), runtime_facts=runtime(running=2))) == 3, (
        "ours is not known without the status path"
    )
    assert in_flight(report(runtime_facts=DENIED)) is None


# ----------------------------------------------------------------------------------------------------------------------- needs


@pytest.mark.parametrize(("number", "more"), [(1, ""), (3, ""), (4, "; and 1 more"), (6, "; and 3 more")])
def test_three_reasons_are_told_and_the_others_counted(number: int, more: str) -> None:
    needs = from_findings(report(*(finding(Layer.CONFIG, subject=safe(f"{n}"), summary=safe(f"reason {n}")) for n in range(number)))).needs
    words, causes = why(needs)
    assert words == "; ".join(f"config: reason {n}" for n in range(min(number, 3))) + more
    assert len(causes) == number


def asked_of(found: Finding, opcache: object, **more: object) -> list[Remedy]:
    return [need.remedy for need in from_findings(report(found, runtime_facts=replace(runtime(opcache=opcache), **more))).needs]  # type: ignore[arg-type]


def test_scripts_are_invalidated_one_by_one_only_where_each_can_be_named_and_php_can_be_asked() -> None:
    many = tuple(f"{APP}/{number}.php" for number in range(MAX_INVALIDATED + 1))
    exact, wrong = script(CONTROLLER), script(CONTROLLER, exact=False)
    assert asked_of(bytecode(), vt0(changed=(exact,))) == [Remedy.INVALIDATE]
    assert asked_of(bytecode(*many[:-1]), vt0()) == [Remedy.INVALIDATE]
    assert asked_of(bytecode(*many), vt0()) == [Remedy.RELOAD]
    assert asked_of(finding(Layer.OPCACHE, Verdict.STALE, Remedy.INVALIDATE), vt0()) == [Remedy.RELOAD], "no script is named"
    assert asked_of(bytecode(), vt0(changed=(wrong,))) == [Remedy.RELOAD], "a name that was changed to be shown"
    assert asked_of(bytecode(f"{APP}/\x1b.php"), vt0(changed=(exact,))) == [Remedy.RELOAD]
    assert asked_of(bytecode(), vt0(), via="health_url") == [Remedy.RELOAD], "a page only tells"
    assert asked_of(bytecode(), DENIED) == [Remedy.RELOAD]


def test_everything_that_artisan_rewrites_is_invalidated_not_only_the_last() -> None:
    stale = [finding(layer, Verdict.STALE, Remedy.REBUILD) for layer in (Layer.CONFIG, Layer.ROUTES, Layer.VIEWS)]
    step = step_of(planned(report(*stale, runtime_facts=runtime(opcache=vt0()))), "invalidate")
    assert step.paths == tuple(
        f"{APP}/{name}" for name in ("bootstrap/cache/config.php", "bootstrap/cache/routes-v7.php", "storage/framework/views/a.php")
    )


def test_a_wipe_answers_only_for_suspicions_about_compiled_files() -> None:
    opcache = runtime(opcache=vt0(file_cache=safe("/var/cache/opcache")))
    doubt = finding(Layer.OPCACHE, Verdict.SUSPECT, Remedy.WIPE, Remedy.RELOAD)
    server = replace(planned(report(doubt, runtime_facts=opcache)), tolerated=())
    assert is_fixed(server, report(doubt)).status is Status.DONE
    for other in (
        finding(Layer.OPCACHE, Verdict.STALE, Remedy.WIPE, Remedy.RELOAD),
        finding(Layer.OPCACHE, Verdict.SUSPECT, Remedy.RELOAD),
        finding(Layer.OPCACHE, Verdict.SUSPECT, Remedy.WIPE, paths=(CONTROLLER,)),
    ):
        assert is_fixed(server, report(other)).status is Status.FAILED
