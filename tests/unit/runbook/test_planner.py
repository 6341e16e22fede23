"""What is planned for which evidence, and what is said about it."""

from __future__ import annotations

import msgspec
import pytest

from stalewatch.model.fixing import InFlight
from stalewatch.model.report import Finding, Layer, Remedy, Report, Verdict
from stalewatch.model.snapshot import (
    AppLayout,
    CacheFile,
    ConfigTest,
    Deploy,
    LockHolder,
    LogLine,
    Opcache,
    ReleaseFacts,
    Unseen,
    ViewFacts,
)
from stalewatch.model.text import safe
from stalewatch.runbook.evidence_digest import evidence_digest
from stalewatch.runbook.plan import Choice, Phase, Request, ServerPlan
from tests.builders.runbook import (
    APP,
    CONTROLLER,
    T0,
    bytecode,
    finding,
    fpm,
    host,
    plan,
    queue_worker,
    report,
    runtime,
    vt0,
    vt1,
)

STALE, SUSPECT, PENDING = Verdict.STALE, Verdict.SUSPECT, Verdict.PENDING
DENIED = Unseen(code="fpm.socket-denied", message=safe("the socket is not permitted"))


def planned(seen: Report, choice: Choice = Choice.FIX, **request: object) -> ServerPlan:
    return plan([seen], Request(choice=choice, **request)).servers[0]  # type: ignore[arg-type]


def acting(server: ServerPlan) -> list[str]:
    return [step.id for step in server.steps if step.phase not in (Phase.PREFLIGHT, Phase.VERIFY)]


CONFIG, ROUTES = finding(Layer.CONFIG), finding(Layer.ROUTES, STALE, Remedy.REBUILD)

FIXES: list[tuple[str, tuple[Finding, ...], Opcache, list[str]]] = [
    ("nothing", (), vt1(), []),
    ("one old script", (bytecode(),), vt0(), ["invalidate"]),
    ("one suspect script", (bytecode(verdict=SUSPECT),), vt0(), ["invalidate"]),
    ("config, and OPcache looks by itself", (CONFIG,), vt1(), ["config:cache"]),
    ("config, and OPcache never looks", (CONFIG,), vt0(), ["config:cache", "invalidate"]),
    ("config, and OPcache looks after ten minutes", (CONFIG,), vt1(600), ["config:cache", "invalidate"]),
    ("config, OPcache off", (CONFIG,), vt0(enabled=False), ["config:cache"]),
    ("the incident", (CONFIG, ROUTES, bytecode()), vt0(), ["config:cache", "route:cache", "invalidate"]),
    ("many scripts", tuple(bytecode(f"{APP}/app/{n}.php") for n in range(51)), vt0(), ["reload"]),
    ("the pool's configuration", (finding(Layer.FPM),), vt1(), ["reload"]),
    ("the pool's configuration and a script", (finding(Layer.FPM), bytecode()), vt0(), ["reload"]),
    ("packages", (finding(Layer.PACKAGES),), vt1(), ["package:discover"]),
    ("views, stale", (finding(Layer.VIEWS, STALE, Remedy.REBUILD),), vt1(), ["view:cache"]),
    ("views that heal when rendered", (finding(Layer.VIEWS, PENDING),), vt1(), []),
    ("a window that ends soon", (finding(Layer.OPCACHE, PENDING, until=T0 + 29, paths=(CONTROLLER,)),), vt1(60), []),
    ("a window that lasts", (finding(Layer.OPCACHE, PENDING, until=T0 + 31, paths=(CONTROLLER,)),), vt1(60), ["invalidate"]),
    ("only waiting helps", (finding(Layer.OPCACHE, PENDING, Remedy.WAIT, until=T0 + 170),), vt1(), []),
    ("health", (finding(Layer.OPCACHE, Verdict.FRESH),), vt1(), []),
    ("the web server's configuration", (finding(Layer.RELEASE, STALE, Remedy.CONFIGURE),), vt1(), []),
]


@pytest.mark.parametrize(("findings", "opcache", "expected"), [case[1:] for case in FIXES], ids=[case[0] for case in FIXES])
def test_fix_takes_the_gentlest_steps_that_do_the_job(findings: tuple[Finding, ...], opcache: Opcache, expected: list[str]) -> None:
    server = planned(report(*findings, runtime_facts=runtime(opcache=opcache)))
    assert acting(server) == expected
    assert bool(server.steps) == bool(expected)
    if expected:
        assert server.steps[-1].phase is Phase.VERIFY
    phases = [list(Phase).index(step.phase) for step in server.steps]
    assert phases == sorted(phases)


def test_commands_are_exactly_those_of_the_sudoers_file() -> None:
    server = planned(report(CONFIG, finding(Layer.FPM)))
    commands = {step.id: step.command for step in server.steps}
    assert commands["config:cache"] == "sudo -n -u www-data /usr/bin/php /srv/app/artisan config:cache --no-interaction --no-ansi"
    assert commands["reload"] == "sudo -n /usr/sbin/php-fpm8.2 -t && sudo -n /usr/bin/systemctl reload php8.2-fpm"
    assert commands["fpm-test"] == "sudo -n /usr/sbin/php-fpm8.2 -t"
    assert commands["rights"] == (
        "sudo -n -l -u www-data /usr/bin/php /srv/app/artisan config:cache --no-interaction --no-ansi"
        " && sudo -n -l /usr/sbin/php-fpm8.2 -t && sudo -n -l /usr/bin/systemctl reload php8.2-fpm"
    )


@pytest.mark.parametrize(
    ("login", "prefix", "reload"),
    [
        ("www-data", "/usr/bin/php", "sudo -n /usr/sbin/php-fpm8.2 -t && sudo -n /usr/bin/systemctl"),
        ("root", "runuser -u www-data -- /usr/bin/php", "/usr/sbin/php-fpm8.2 -t && /usr/bin/systemctl"),
    ],
)
def test_no_sudo_where_none_is_needed(login: str, prefix: str, reload: str) -> None:
    server = planned(report(CONFIG, finding(Layer.FPM), host_facts=host(login=safe(login))))
    commands = {step.id: step.command for step in server.steps}
    assert commands["config:cache"].startswith(prefix)
    assert commands["reload"].startswith(reload)
    assert ("rights" in commands) is (login != "root")


def test_a_rebuilt_cache_is_invalidated_by_its_real_path_together_with_the_old_scripts() -> None:
    linked = host(release=ReleaseFacts(root=safe("/srv/releases/7")))
    seen = report(CONFIG, bytecode(), host_facts=linked, runtime_facts=runtime(opcache=vt0()))
    step = next(step for step in planned(seen).steps if step.id == "invalidate")
    assert step.paths == (CONTROLLER, "/srv/releases/7/bootstrap/cache/config.php")
    assert step.causes == (), "it follows from config:cache, so it is not skipped when the script healed meanwhile"


def test_views_rebuilt_under_an_opcache_that_never_looks_are_invalidated_too() -> None:
    seen = report(finding(Layer.VIEWS, STALE, Remedy.REBUILD), runtime_facts=runtime(opcache=vt0()))
    assert next(step for step in planned(seen).steps if step.id == "invalidate").paths == (f"{APP}/storage/framework/views/a.php",)
    truncated = host(views=ViewFacts(views=host().views.views, truncated=True))
    seen = report(finding(Layer.VIEWS, STALE, Remedy.REBUILD), host_facts=truncated, runtime_facts=runtime(opcache=vt0()))
    assert acting(planned(seen)) == ["view:cache", "reload"]


def test_what_opcache_does_nobody_knows_then_a_rebuild_is_followed_by_a_reload() -> None:
    assert acting(planned(report(CONFIG, runtime_facts=DENIED))) == ["config:cache", "reload"]  # type: ignore[arg-type]


def test_a_path_that_text_had_to_change_is_never_acted_on() -> None:
    seen = report(bytecode(f"{APP}/app/\\x1bEvil.php"), runtime_facts=runtime(opcache=vt0()))
    assert acting(planned(seen)) == ["reload"]


def test_file_cache_is_wiped_before_artisan_and_the_reload_is_not_skipped_for_it() -> None:
    old = finding(Layer.OPCACHE, STALE, Remedy.WIPE, Remedy.RELOAD)
    server = planned(report(old, CONFIG, runtime_facts=runtime(opcache=vt0(file_cache=safe("/var/cache/opcache")))))
    assert acting(server) == ["wipe-file-cache", "config:cache", "reload"]
    wipe, *_, reload, _verify = [step for step in server.steps if step.phase is not Phase.PREFLIGHT]
    bytecode = f"/var/cache/opcache/{'?' * 32}/srv/app/*.bin"
    assert wipe.command == f"sudo -n -u www-data /usr/bin/find -H /var/cache/opcache -type f -path '{bytecode}' -delete"
    assert reload.causes == ()


def test_queue_restart_only_when_workers_are_stale_and_after_the_reload() -> None:
    working = host(queue_workers=(queue_worker(7),))
    assert acting(planned(report(finding(Layer.FPM), host_facts=working))) == ["reload"]
    server = planned(report(finding(Layer.FPM), finding(Layer.WORKERS), host_facts=working))
    assert acting(server) == ["reload", "queue:restart"]
    assert any("those of other servers that share this store" in warning for warning in server.warnings)


def test_the_whole_sequence_whether_needed_or_not() -> None:
    seen = report(host_facts=host(queue_workers=(queue_worker(7),)))
    expected = ["package:discover", "config:cache", "route:cache", "event:cache", "view:cache", "reload", "queue:restart"]
    assert acting(planned(seen, everything=True)) == expected
    assert acting(planned(seen, everything=True, cache_clear=True)) == ["cache:clear", *expected]


def test_clear_clears_what_is_cached_and_rebuild_puts_back_what_was() -> None:
    some = host(caches=host().caches[:1], views=ViewFacts())
    assert acting(planned(report(host_facts=some), Choice.CLEAR)) == ["config:clear"]
    none = host(caches=(CacheFile(name="config", path=safe("bootstrap/cache/config.php")),), views=ViewFacts())
    assert acting(planned(report(host_facts=none), Choice.REBUILD)) == []
    known = {("web1", APP): frozenset({Layer.CONFIG, Layer.ROUTES})}
    server = plan([report(host_facts=none)], Request(choice=Choice.REBUILD), cleared=known).servers[0]
    assert acting(server) == ["config:cache", "route:cache"]


def test_a_clear_where_opcache_never_looks_says_what_it_mixes() -> None:
    assert any("mixes" in line for line in planned(report(runtime_facts=runtime(opcache=vt0())), Choice.CLEAR).warnings)
    assert not any("mixes" in line for line in planned(report(), Choice.CLEAR).warnings)


def test_application_cache_is_left_out_by_name_unless_chosen_and_then_warned_of() -> None:
    server = planned(report(CONFIG))
    assert "cache:clear" in [left.what for left in server.left_out]
    chosen = planned(report(CONFIG), cache_clear=True)
    assert acting(chosen) == ["cache:clear", "config:cache"]
    assert any("flushdb" in warning for warning in chosen.warnings)


def test_reload_is_always_a_reload_and_verify_only_looks() -> None:
    assert acting(planned(report(), Choice.RELOAD)) == ["reload"]
    made = plan([report(CONFIG)], Request(choice=Choice.VERIFY))
    assert [step.id for step in made.servers[0].steps] == ["verify"]
    assert not made.acting


def test_only_some_phases() -> None:
    seen = report(CONFIG, bytecode(), runtime_facts=runtime(opcache=vt0()))
    assert acting(planned(seen, only=(Phase.REBUILD,))) == ["config:cache"]
    assert acting(planned(seen, only=(Phase.RELOAD,))) == ["invalidate"]
    assert acting(planned(seen, only=(Phase.CLEAR,))) == ["config:clear"]
    assert acting(planned(seen, only=(Phase.CLEAR, Phase.REBUILD))) == ["config:cache"]


def test_many_scripts_one_by_one_where_the_person_prefers_that() -> None:
    seen = report(*(bytecode(f"{APP}/app/{n}.php") for n in range(51)), runtime_facts=runtime(opcache=vt0()))
    server = planned(seen, in_flight=InFlight.INVALIDATE)
    assert acting(server) == ["invalidate"]
    assert len(server.steps[-2].paths) == 51
    diagnosed = finding(Layer.OPCACHE, STALE, Remedy.RELOAD, paths=tuple(f"{APP}/app/{n}.php" for n in range(51)))
    assert acting(planned(report(diagnosed, runtime_facts=runtime(opcache=vt0())), in_flight=InFlight.INVALIDATE)) == ["invalidate"]
    assert acting(planned(report(diagnosed, finding(Layer.FPM)), in_flight=InFlight.INVALIDATE)) == ["reload"]


def test_pending_that_heals_is_named_and_left() -> None:
    server = planned(report(finding(Layer.OPCACHE, PENDING, until=T0 + 10)))
    assert [(left.what, left.why) for left in server.left_out] == [("opcache is old", "heals by itself within 10 s")]


def test_in_flight_requests_are_counted_without_our_own() -> None:
    busy = runtime(opcache=vt0(), running=3)
    server = planned(report(finding(Layer.FPM), runtime_facts=busy), in_flight=InFlight.KILL)
    assert server.in_flight == 3
    assert any("kills 3 requests" in warning for warning in server.warnings)
    scripts = tuple(bytecode(f"{APP}/app/{n}.php") for n in range(51))
    assert any("invalidate would lose none (51 scripts)" in line for line in planned(report(*scripts, runtime_facts=busy)).warnings)
    gentle = host(fpm=fpm(process_control_timeout=10.0))
    server = planned(report(finding(Layer.FPM), host_facts=gentle, runtime_facts=busy))
    assert server.in_flight == 0
    assert any("waits up to 10 s" in warning for warning in server.warnings)
    assert planned(report(finding(Layer.FPM), runtime_facts=DENIED)).in_flight is None  # type: ignore[arg-type]


BROKEN_CONFIG = ConfigTest(valid=False, said=safe("unknown entry 'pm.x'"))


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        (report(CONFIG, host_facts=host(lock=LockHolder(who=safe("bob@desk"), since=T0))), "bob@desk runs a runbook here since 2027-01-15"),
        (report(CONFIG, host_facts=host(disk_free=1024)), "the disk is full"),
        (report(CONFIG, host_facts=host(layout=AppLayout(kind="laravel", exists=False))), "no application"),
        (report(finding(Layer.FPM), host_facts=host(fpm=fpm(running=False))), "FPM does not run"),
        (report(finding(Layer.FPM), host_facts=host(fpm=fpm(unit=safe("")))), "unit of the FPM master is not known"),
        (report(finding(Layer.FPM), host_facts=host(fpm=fpm(config_test=BROKEN_CONFIG))), "a reload would end it: unknown entry 'pm.x'"),
        (report(CONFIG, host_facts=DENIED), "not seen"),  # type: ignore[arg-type]
        (report(CONFIG, app="/srv/\\x1bapp"), "can't be used"),
    ],
)
def test_what_would_break_the_server_is_blocked(seen: Report, why: str) -> None:
    assert any(why in line for line in planned(seen).blocked)


def test_never_seen_is_blocked() -> None:
    layers = dict.fromkeys(Layer, Verdict.UNKNOWN)
    seen = Report(server="web9", address="web9", app=safe(""), verdict=Verdict.UNKNOWN, layers=layers)
    assert planned(seen).blocked


@pytest.mark.parametrize("choice", [Choice.CLEAR, Choice.REBUILD, Choice.RELOAD, Choice.FIX])
def test_a_server_that_is_read_only_is_named_in_the_plan_and_left_alone(choice: Choice) -> None:
    reports = [report(CONFIG), msgspec.structs.replace(report(CONFIG), server="web2")]
    made = plan(reports, Request(choice=choice), read_only="web2")
    kept = next(server for server in made.servers if server.server == "web2")
    assert (kept.steps, kept.runnable) == ((), False)
    assert kept.blocked == ("read_only is set for this server in stalewatch.toml: nothing is changed there",)
    assert [server.server for server in made.servers if server.runnable] == ["web1"]


def test_a_server_that_is_read_only_may_be_looked_at() -> None:
    kept = plan([report(CONFIG)], Request(choice=Choice.VERIFY), read_only="web1").servers[0]
    assert kept.blocked == ()
    assert kept.steps


def test_production_and_a_deploy_under_way_are_warned_of() -> None:
    made = plan([report(CONFIG)], Request(choice=Choice.FIX), production="web1")
    assert made.servers[0].production
    assert any("production" in warning for warning in made.servers[0].warnings)


def test_another_php_root_is_not_sent_artisan() -> None:
    plain = host(layout=AppLayout(kind="php"), caches=(), views=ViewFacts())
    assert acting(planned(report(bytecode(), host_facts=plain, runtime_facts=runtime(opcache=vt0())))) == ["invalidate"]
    assert acting(planned(report(host_facts=plain), Choice.REBUILD)) == []


def test_every_step_says_why() -> None:
    server = planned(report(CONFIG, finding(Layer.FPM)))
    reasons = {step.id: step.reason for step in server.steps}
    assert all(reasons.values())
    assert "config is old" in reasons["config:cache"]
    assert "fpm is old" in reasons["reload"]


def test_the_evidence_digest_changes_with_the_evidence_and_only_with_it() -> None:
    seen = report(bytecode(), runtime_facts=runtime(opcache=vt0()))
    same = report(
        bytecode(),
        at=T0 + 60,
        host_facts=host(now=T0 + 60, log_lines=(LogLine(log=safe("a"), at=T0, text=safe("b")),), disk_free=5 * 1024**3),
        runtime_facts=runtime(opcache=vt0(hits=99), running=2),
    )
    assert evidence_digest(seen) == evidence_digest(same)
    others = [
        report(bytecode(), CONFIG, runtime_facts=runtime(opcache=vt0())),
        report(bytecode(), runtime_facts=runtime(opcache=vt0(start_time=int(T0)))),
        report(bytecode(f"{APP}/other.php"), runtime_facts=runtime(opcache=vt0())),
        report(bytecode(verdict=SUSPECT), runtime_facts=runtime(opcache=vt0())),
        report(bytecode(), host_facts=host(lock=LockHolder(who=safe("bob"), since=T0)), runtime_facts=runtime(opcache=vt0())),
        report(
            bytecode(),
            host_facts=host(release=ReleaseFacts(root=safe(APP), commit=safe("abc"), deploys=(Deploy(at=T0, source="git"),))),
            runtime_facts=runtime(opcache=vt0()),
        ),
    ]
    assert len({evidence_digest(other) for other in [seen, *others]}) == len(others) + 1


def test_a_reload_that_nobody_could_look_into_is_answered_for() -> None:
    unknown = {Layer.OPCACHE: Verdict.UNKNOWN}
    assert Layer.OPCACHE not in planned(report(CONFIG, runtime_facts=DENIED, layers=unknown)).tolerated  # type: ignore[arg-type]
    assert Layer.OPCACHE in planned(report(CONFIG, layers=unknown)).tolerated, "nothing was done there: it stays as unknown as it was"


def test_a_health_page_only_tells_so_nothing_is_invalidated_through_it() -> None:
    page = msgspec.structs.replace(runtime(opcache=vt0()), via="health_url")
    assert acting(planned(report(bytecode(), runtime_facts=page))) == ["reload"]
    assert acting(planned(report(CONFIG, runtime_facts=page))) == ["config:cache", "reload"]


@pytest.mark.parametrize("kind", ["symfony", "wordpress", "php"])
@pytest.mark.parametrize("choice", [Choice.FIX, Choice.CLEAR, Choice.REBUILD, Choice.RELOAD])
@pytest.mark.parametrize("everything", [False, True])
def test_no_artisan_is_offered_where_there_is_no_laravel(kind: str, choice: Choice, everything: bool) -> None:
    bare = host(layout=AppLayout(kind=kind), caches=(), views=ViewFacts(), queue_workers=(queue_worker(7),))  # type: ignore[arg-type]
    many = bytecode(*(f"/srv/app/src/{number}.php" for number in range(3)))
    server = planned(report(many, host_facts=bare, runtime_facts=runtime(opcache=vt0())), choice, everything=everything)
    assert "artisan" not in "".join(str(step.command) for step in server.steps)
    if choice is Choice.FIX:
        assert acting(server) == (["reload"] if everything else ["invalidate"])
