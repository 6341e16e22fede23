"""What a plan says beside its steps: whom it acts as, what it holds, what it leaves and why. Written for mutants that lived."""

from __future__ import annotations

import pytest

from stalewatch.model.report import Finding, Layer, Remedy, Report, Verdict
from stalewatch.model.snapshot import AppLayout, DeployUnderWay, Pool, ReleaseFacts, Unseen
from stalewatch.model.text import safe
from stalewatch.model.times import utc
from stalewatch.runbook.needs import SOON, from_findings
from stalewatch.runbook.plan import Choice, Phase, Request, ServerPlan
from tests.builders.runbook import APP, T0, bytecode, finding, fpm, host, plan, report, runtime, vt0, vt1

DENIED = Unseen(code="fpm.socket-denied", message=safe("no"))
CONFIG, FPM = finding(Layer.CONFIG), finding(Layer.FPM)


def planned(seen: Report, **asked: object) -> ServerPlan:
    return plan([seen], Request(**({"choice": Choice.FIX} | asked))).servers[0]  # type: ignore[arg-type]


def commands(server: ServerPlan) -> str:
    return "\n".join(step.command for step in server.steps)


# ------------------------------------------------------------------------------------------------------------------- who, where


def test_the_user_is_the_one_that_php_says_else_the_one_of_the_pools_configuration() -> None:
    pool = Pool(name=safe("www"), listen=safe("/run/php/fpm.sock"), user=safe("configured"))
    told = host(fpm=fpm(pool=pool))
    assert planned(report(CONFIG, host_facts=told)).user == "www-data"
    server = planned(report(CONFIG, host_facts=told, runtime_facts=DENIED))
    assert server.user == "configured"
    assert "sudo -n -u configured" in commands(server)
    for unknown in (host(fpm=fpm(pool=None)), host(fpm=DENIED)):
        server = planned(report(CONFIG, host_facts=unknown, runtime_facts=DENIED))
        assert server.user == ""
        assert any("which user the pool runs as" in line for line in server.blocked)


EVIL = "x; touch /tmp/evil"


def test_a_user_or_a_unit_with_a_name_that_is_none_is_in_no_command() -> None:
    pool = Pool(name=safe("www"), listen=safe("/run/php/fpm.sock"), user=safe(EVIL))
    server = planned(report(CONFIG, FPM, host_facts=host(fpm=fpm(pool=pool, unit=safe(EVIL))), runtime_facts=DENIED))
    assert "evil" not in commands(server)
    assert server.user == ""
    assert planned(report(FPM, host_facts=host(fpm=fpm(unit=safe(EVIL))))).steps
    assert "evil" not in commands(planned(report(FPM, host_facts=host(fpm=fpm(unit=safe(EVIL))))))


def test_the_lock_is_of_the_application_and_of_fpms_configuration() -> None:
    assert planned(report(CONFIG)).lock == (APP, "/etc/php/8.2/fpm/php-fpm.conf")
    assert planned(report(CONFIG, host_facts=host(fpm=DENIED))).lock == (APP, "")
    assert planned(report(CONFIG, host_facts=host(fpm=fpm(config_path=safe("no path"))))).lock == (APP, "")


def test_requests_in_flight_are_counted_only_where_a_step_may_end_them() -> None:
    busy = runtime(opcache=vt1(), running=3)
    assert planned(report(FPM, runtime_facts=busy)).in_flight == 3
    assert planned(report(CONFIG, runtime_facts=busy)).in_flight == 0


def test_a_deploy_under_way_is_named_with_its_sign_and_its_time() -> None:
    facts = host(release=ReleaseFacts(root=safe(APP), under_way=DeployUnderWay(sign=safe(".dep/deploy.lock"), since=T0 - 60)))
    said = f"(.dep/deploy.lock, since {utc(T0 - 60)})"
    server = planned(report(CONFIG, host_facts=facts), during_deploy=True)
    assert any(said in line for line in server.warnings)
    assert server.runnable
    blocked = planned(report(CONFIG, host_facts=facts))
    assert any(said in line for line in blocked.blocked)
    assert blocked.deploying
    assert not any("deploy is" in line for line in blocked.warnings), "once is enough"
    assert not any("deploy" in line for line in planned(report(CONFIG)).warnings)
    assert not planned(report(CONFIG)).deploying


@pytest.mark.parametrize(("age", "runs"), [(3_600, False), (3_601, True)])
def test_a_lock_that_a_dead_deploy_left_behind_does_not_block(age: int, runs: bool) -> None:
    facts = host(release=ReleaseFacts(root=safe(APP), under_way=DeployUnderWay(sign=safe(".dep/deploy.lock"), since=T0 - age)))
    server = planned(report(CONFIG, host_facts=facts))
    assert server.runnable is runs
    assert any("a deploy is under way" in line for line in server.warnings) is runs


# --------------------------------------------------------------------------------------------------------------- what is left out


def left_out(server: ServerPlan) -> dict[str, str]:
    return {str(left.what): str(left.why) for left in server.left_out}


@pytest.mark.parametrize(("choice", "said"), [(Choice.CLEAR, True), (Choice.REBUILD, True), (Choice.FIX, False), (Choice.RELOAD, False)])
def test_what_was_asked_for_is_left_out_by_name_where_there_is_nothing_to_clear(choice: Choice, said: bool) -> None:
    other = report(FPM, host_facts=host(layout=AppLayout(kind="php")))
    assert (choice.value in left_out(planned(other, choice=choice))) is said
    assert choice.value not in left_out(planned(report(FPM), choice=choice))
    assert "artisan" not in str(planned(other, choice=choice))
    if said:
        assert left_out(planned(other, choice=choice))[choice.value] == "this application has no caches that can be cleared or rebuilt here"


@pytest.mark.parametrize(
    ("only", "left"),
    [
        (frozenset(), set()),
        (frozenset({Phase.RELOAD}), {"rebuild"}),  # workers are restarted with the reload
        (frozenset({Phase.REBUILD}), {"reload", "restart-workers"}),
        (frozenset({Phase.CLEAR}), {"rebuild", "reload", "restart-workers"}),  # a stale cache is emptied, which is no rebuild
        (frozenset({Phase.REBUILD, Phase.RELOAD}), set()),
    ],
)
def test_what_the_phases_that_were_asked_for_do_not_do_is_left_out_by_name(only: frozenset[Phase], left: set[str]) -> None:
    seen = report(finding(Layer.CONFIG, Verdict.STALE, Remedy.REBUILD), FPM, finding(Layer.WORKERS))
    named = {what: why for what, why in left_out(planned(seen, only=only)).items() if why.startswith("not among the phases asked for (")}
    remedies = {str(Remedy.REBUILD): "rebuild", str(Remedy.RELOAD): "reload", str(Remedy.RESTART_WORKERS): "restart-workers"}
    assert {remedies[what] for what in named} == left


def test_what_the_configuration_brings_back_is_fixed_and_said() -> None:
    both = finding(Layer.CONFIG, Verdict.STALE, Remedy.REBUILD, Remedy.CONFIGURE, summary=safe("it comes back"))
    found = from_findings(report(both))
    assert [need.remedy for need in found.needs] == [Remedy.REBUILD]
    assert [str(left.what) for left in found.left] == ["it comes back"]
    assert "configuration" in str(found.left[0].why)
    assert found.layers == ()
    assert from_findings(report(finding(Layer.CONFIG, Verdict.STALE, Remedy.REBUILD))).left == ()


@pytest.mark.parametrize(
    ("until", "why"),
    [
        (T0 + SOON, "heals by itself within 30 s"),
        (T0 + 0.5, "heals by itself within <1 s"),
        (T0 - 9, "heals by itself within 0 s"),
        (T0 + SOON + 1, ""),
    ],
)
def test_what_heals_soon_is_left_to_heal(until: float, why: str) -> None:
    found = from_findings(report(finding(Layer.CONFIG, Verdict.PENDING, Remedy.REBUILD, until=until)))
    assert [str(left.why) for left in found.left] == ([why] if why else [])
    assert found.layers == ((Layer.CONFIG,) if why else ())
    assert bool(found.needs) is not bool(why)


def test_a_finding_that_asks_for_nothing_hides_none_that_follows() -> None:
    healthy = finding(Layer.OPCACHE, Verdict.FRESH)
    assert [need.layer for need in from_findings(report(healthy, CONFIG)).needs] == [Layer.CONFIG]


# --------------------------------------------------------------------------------------------------------------- what it answers for


def test_a_plan_answers_for_the_layers_that_it_touches() -> None:
    def answered(server: ServerPlan) -> set[Layer]:
        return set(Layer) - set(server.tolerated)

    stale = report(CONFIG, FPM)
    assert answered(planned(stale, choice=Choice.CLEAR)) == {Layer.CONFIG, Layer.ROUTES, Layer.EVENTS, Layer.VIEWS}
    assert answered(planned(stale, choice=Choice.RELOAD)) == {Layer.FPM, Layer.OPCACHE}
    assert answered(planned(stale)) == set(Layer)
    assert answered(planned(stale, only=frozenset({Phase.REBUILD}))) == {Layer.CONFIG}


# ------------------------------------------------------------------------------------------------------------------ which remedy


def remedies(found: Finding, *, gentle: bool = False) -> list[tuple[Remedy, tuple[str, ...]]]:
    return [(need.remedy, need.paths) for need in from_findings(report(found, runtime_facts=runtime(opcache=vt0())), gentle=gentle).needs]


def test_each_remedy_becomes_the_step_that_carries_it_out() -> None:
    assert remedies(finding(Layer.PACKAGES, Verdict.STALE, Remedy.REBUILD)) == [(Remedy.DISCOVER, ())]
    assert remedies(finding(Layer.CONFIG, Verdict.STALE, Remedy.CLEAR, Remedy.REBUILD)) == [(Remedy.REBUILD, ())]
    assert remedies(finding(Layer.CONFIG, Verdict.STALE, Remedy.CLEAR)) == [(Remedy.CLEAR, ())]
    script = ("/srv/app/a.php",)
    assert remedies(bytecode(*script)) == [(Remedy.INVALIDATE, script)]
    reload_only = finding(Layer.OPCACHE, Verdict.STALE, Remedy.RELOAD, paths=script)
    assert remedies(reload_only) == [(Remedy.RELOAD, ())]
    assert remedies(reload_only, gentle=True) == [(Remedy.INVALIDATE, script)]
    preload = finding(Layer.OPCACHE, Verdict.STALE, Remedy.RELOAD, paths=script, code="opcache.preload-stale")
    assert remedies(preload, gentle=True) == [(Remedy.RELOAD, ())], "what was preloaded is in no cache entry of its own"
    assert remedies(FPM, gentle=True) == [(Remedy.RELOAD, ())]


def test_a_step_carries_the_finding_that_justifies_it() -> None:
    need = from_findings(report(finding(Layer.CONFIG, code="config.stale", subject=safe("config/app.php")))).needs[0]
    (cause,) = need.causes
    assert (cause.layer, cause.code, cause.subject) == (Layer.CONFIG, "config.stale", "config/app.php")


def test_room_is_asked_for_in_every_folder_that_a_step_writes() -> None:
    """Each may be a disk of its own."""
    views = finding(Layer.VIEWS, Verdict.STALE, Remedy.REBUILD)
    (step,) = [step for step in planned(report(CONFIG, views)).steps if step.kind == "disk-free"]
    folders = f"{APP} {APP}/bootstrap/cache {APP}/storage/framework/views"
    assert step.command == f"df -Pk {folders}; df -Pi {folders}"
    assert not any(step.kind == "disk-free" for step in planned(report(FPM)).steps), "a reload writes nothing"
