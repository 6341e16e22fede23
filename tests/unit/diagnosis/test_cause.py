"""What explains an incident: one sentence for every rule that can be other than fresh, of the finding that explains most."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from stalewatch.dashboard.fleet_state import FleetState
from stalewatch.dashboard.render.times import Clock, Zone
from stalewatch.diagnosis.cause import cause_of, telling
from stalewatch.diagnosis.cause_words import WORDS
from stalewatch.diagnosis.rules import RULES
from stalewatch.model.cause import Cause
from stalewatch.model.report import Evidence, Finding, Layer, Remedy, Report, Verdict
from stalewatch.model.snapshot import Script, Snapshot
from stalewatch.model.text import safe
from stalewatch.model.unseen import Unseen
from stalewatch.runbook import ending
from stalewatch.runbook.ending import Ending, endings, explained
from stalewatch.runbook.plan import Choice, Request, ServerPlan
from stalewatch.runbook.planner import PlanInputs, server_plan
from tests.builders import incident, values
from tests.builders.anything import Anything
from tests.builders.fake_engine import FakeEngine
from tests.builders.incident import APP, at
from tests.unit.diagnosis.test_properties import judged

CLOCK = Clock(incident.NOW, Zone.SERVER, offset=7200)
MADE = {"subject", "summary", "name", "layer", "moved", "unnoticed", "compiled", "modified"}
"""Labels that are no evidence."""
EASED = (Verdict.FRESH, Verdict.ABSENT)
NOT_FRESH = [code for code, rule in RULES.items() if not {rule.verdict, *rule.others} <= set(EASED)]
HANDLER = f"{APP}/{incident.HANDLER}"


def told(cause: Cause | None) -> str:
    return CLOCK.told(cause.sentence) if cause is not None else ""


def found(code: str, subject: str, **known: str) -> Finding:
    """A finding of *code* whose evidence is *known*: label (``_`` for a blank) -> a time of that day, or words."""
    facts = [
        Evidence(label.replace("_", " "), at(value), "time")
        if re.fullmatch(r"\d\d:\d\d(:\d\d)?", value)
        else Evidence(label.replace("_", " "), safe(value))
        for label, value in known.items()
    ]
    return RULES[code].finding(subject, f"the summary of {code}", facts, since=at("12:38:02"))


def report_of(*findings: Finding, scripts: tuple[Script, ...] = (), checks: bool = False, **more: Any) -> Report:
    asked = incident.runtime("12:27", scripts, validate=checks)
    seen = Snapshot(
        server="web1", app=APP, address="deploy@web1", observed_at=incident.NOW, host=incident.host("12:27", "12:26"), runtime=asked
    )
    return values.report("web1", str(APP), *findings, snapshot=seen, **more)


def script(path: str, hits: int = 3, **more: Any) -> Script:
    return Script(path=safe(path), hits=hits, mtime=at("12:38:02"), **more)


KINDS = [
    (
        found("opcache.stale-bytecode", HANDLER),
        "RetellFunctionCallHandler.php runs as compiled 12:27",
        "the disk has 12:38",
        "the pool never looks at the disk (validate_timestamps=0)",
    ),
    (
        found("opcache.stale-config-cache", f"{APP}/bootstrap/cache/config.php"),
        "the configuration cache runs as compiled 12:27",
        "the disk has 12:38",
        "the pool never looks at the disk (validate_timestamps=0)",
    ),
    (
        found(
            "release.old-served",
            "/srv/app/releases/41/public/index.php",
            served="/srv/app/releases/41/public/index.php",
            current="/srv/app/releases/42",
            switched="12:38:02",
            link="/srv/app/current",
        ),
        "the pool runs release 41",
        "current is release 42 since 12:38",
        "PHP keeps where the link led before",
    ),
    (
        found("opcache.link-switched", "/srv/app/app", led_to="/srv/code/1", leads_to="/srv/code/2", switched="12:38"),
        "the pool runs the code in /srv/code/1",
        "the link leads to /srv/code/2 since 12:38",
        "PHP keeps where the link led before",
    ),
    (
        found("config.stale", "config/services.php", source_modified="12:38:02", source_changed="12:38:02", cache_written="12:26"),
        "the application uses the config cached 12:26",
        "the disk has config/services.php of 12:38",
        "where a cache is, its sources are not read",
    ),
    (
        found("routes.stale", "routes/api.php", source_modified="11:00", source_changed="12:38:02", cache_written="12:26"),
        "the application uses the routes cached 12:26",
        "the disk has routes/api.php of 12:38",
        "where a cache is, its sources are not read",
    ),
    (
        found("routes.stale", "routes/old.php", source_last_seen="12:20", cache_written="12:26"),
        "the application uses the routes cached 12:26",
        "the disk has routes/old.php, removed since 12:20",
        "where a cache is, its sources are not read",
    ),
    (
        found("events.suspect", "app/Listeners/A.php", source_modified="11:00", source_changed="12:38:02", cache_written="12:26"),
        "the application may use the events cached 12:26",
        "the disk has app/Listeners/A.php, changed 12:38",
        "only its change time moved: a chmod, or new content with an old time",
    ),
    (
        found("config.broken", "bootstrap/cache/config.php"),
        "the config cache is cut off, no PHP, or closed",
        "",
        "neither the application nor artisan can read it",
    ),
    (
        found(
            "views.stale",
            "resources/views/home.blade.php",
            source_modified="12:38:02",
            source_changed="12:38:02",
            compiled="12:25",
            why="view.check_cache_timestamps is off",
        ),
        "home.blade.php runs as compiled 12:25",
        "the disk has 12:38",
        "view.check_cache_timestamps is off",
    ),
    (
        found("packages.apcu-holds", "app/Call.php", **{"class": "App\\Call", "declared_in": "app/Call.php"}),
        "App\\Call is looked for where it was before",
        "the disk has app/Call.php",
        "APCu keeps where classes are until a reload",
    ),
    (
        found("fpm.binary-replaced", "/usr/sbin/php-fpm8.3", file="/usr/sbin/php-fpm8.3", changed="12:38"),
        "PHP-FPM runs the old php-fpm8.3",
        "the disk has another one since 12:38",
        "a program that runs keeps its old file",
    ),
    (
        found(
            "fpm.config-newer",
            "/etc/php/8.3/fpm/php.ini",
            file="/etc/php/8.3/fpm/php.ini",
            modified="12:38",
            changed="12:38",
            running_since="12:27",
        ),
        "PHP-FPM runs settings read 12:27",
        "the disk has php.ini of 12:38",
        "PHP-FPM reads it only when it starts or reloads",
    ),
    (
        found("workers.older-than-code", "artisan queue:work", started="12:27", file="app/Jobs/Call.php", code_modified="12:38"),
        "artisan queue:work runs the code of 12:27",
        "the disk has app/Jobs/Call.php of 12:38",
        "a worker keeps the code that it started with",
    ),
    (
        found("workers.old-release", "artisan horizon", release="/srv/app/releases/41", current_release="/srv/app/releases/42"),
        "artisan horizon runs release 41",
        "current is release 42",
        "a worker keeps the code that it started with",
    ),
    (
        found("config.compiled-stale", "config/services.yaml", source_modified="12:38", source_changed="12:38", compiled="12:26"),
        "Symfony uses the container compiled 12:26",
        "the disk has config/services.yaml of 12:38",
        "without debug mode Symfony never compares them",
    ),
    (
        found("release.mixed", "web1", commit="4f2a9c1b7d", others="259bc8d0aa"),
        "this server has another version (commit 4f2a9c1)",
        "the others have commit 259bc8d",
        "the newest code did not reach this server",
    ),
    (found("fpm.not-running", "php8.3-fpm"), "PHP-FPM is down", "", "nobody is served"),
    (found("opcache.not-compared", "OPcache"), "what runs (opcache) is not known", "", "the summary of opcache.not-compared"),
]


@pytest.mark.parametrize(("finding", "runs", "disk", "why"), KINDS, ids=[f"{kind[0].code} {kind[0].subject}" for kind in KINDS])
def test_every_kind_has_its_sentence(finding: Finding, runs: str, disk: str, why: str) -> None:
    cause = cause_of(report_of(finding))
    assert cause is not None
    assert (CLOCK.told(cause.runs), CLOCK.told(cause.on_disk), CLOCK.told(cause.why)) == (runs, disk, why)
    assert told(cause) == (f"{runs}, {disk}; {why}" if disk else f"{runs}; {why}")


def test_every_rule_that_can_be_other_than_fresh_has_words_and_no_other_code_has() -> None:
    assert [code for code in NOT_FRESH if code not in WORDS] == []
    assert [code for code in WORDS if code not in RULES] == []


@pytest.mark.parametrize("code", NOT_FRESH)
def test_words_name_only_what_a_finding_of_that_code_can_tell(code: str) -> None:
    used = {label for text in WORDS[code] for label in re.findall(r"\{([^}/]+)(?:/\w+)?\}", text)}
    made = MADE if code.startswith("opcache.") else MADE - {"unnoticed", "compiled", "modified"}
    assert used <= made | set(RULES[code].evidence)
    assert WORDS[code].how or WORDS[code].what
    assert Verdict.UNKNOWN not in (RULES[code].verdict, *RULES[code].others) or WORDS[code].why, "an unknown says what is not known"


def test_whatever_a_server_tells_the_cause_is_whole() -> None:
    """Also where half of the evidence is missing: no label stays open, and a server that is not fresh is explained."""
    codes = set()
    for seed in range(600):
        report = judged(Anything(seed).story())[1]
        cause = explained(report)
        if report.verdict in EASED:
            assert cause is None
            continue
        assert cause is not None
        codes.add(cause.code)
        assert cause.sentence, (cause, report.findings)
        assert bool(cause.how) or cause.why, cause
        assert all(isinstance(part, str | float) and part != "" for part in cause.sentence)
    assert len(codes) > 10


def test_the_script_that_requests_use_most_is_named() -> None:
    """Not the first, and not the one that is proven."""
    rare, busy = f"{APP}/app/Services/CallLifecycleService.php", HANDLER
    findings = (found("opcache.stale-bytecode", rare), found("opcache.stale-bytecode", busy))
    report = report_of(*findings, scripts=(script(rare, hits=1), script(busy, hits=15)))
    assert told(cause_of(report)).startswith("RetellFunctionCallHandler.php runs as compiled 12:27, the disk has 12:38")
    assert telling(report_of(*findings, scripts=(script(rare, hits=99), script(busy, hits=15)))) is findings[0]


def test_another_tree_explains_what_is_old_in_it() -> None:
    old = found("release.old-served", "/srv/app/releases/41/public/index.php", served="/srv/app/releases/41/public/index.php")
    assert telling(report_of(found("opcache.stale-bytecode", HANDLER), old)) is old


def test_what_php_knows_of_the_compile_is_said_as_it_is() -> None:
    finding = found("opcache.stale-bytecode", HANDLER)
    checked = report_of(finding, scripts=(script(HANDLER, timestamp=int(at("12:20"))),), checks=True)
    assert told(cause_of(checked)) == (
        "RetellFunctionCallHandler.php runs as compiled 12:20, the disk has 12:38; PHP did not look at the disk when it was due "
        "(revalidate_freq=2)"
    )


def test_where_the_cache_is_old_no_time_of_a_compile_is_made_up() -> None:
    rule = RULES["opcache.stale-bytecode"]
    report = report_of(rule.finding(HANDLER, "it is old", since=at("18:00")))
    assert "runs as compiled before 18:00, the disk has 18:00" in told(cause_of(report))


def test_a_suspicion_is_told_as_one() -> None:
    report = report_of(found("opcache.suspect-bytecode", HANDLER))
    assert "RetellFunctionCallHandler.php may run code from before 12:38" in told(cause_of(report))


def test_a_server_that_is_not_heard_from_says_why_and_what_to_grant() -> None:
    error = Unseen(code="fpm.socket-denied", message=safe("deploy may not use the socket"), grant=safe("sudo usermod -aG www-data deploy"))
    cause = explained(report_of(verdict=Verdict.UNKNOWN, last_seen=at("12:50"), errors=(error,)))
    assert told(cause) == "what runs (all layers) is not known; deploy may not use the socket"
    assert cause is not None
    assert (cause.keyed, cause.press) == (False, "sudo usermod -aG www-data deploy")


UNKNOWN = [code for code, rule in RULES.items() if Verdict.UNKNOWN in (rule.verdict, *rule.others)]


@pytest.mark.parametrize("code", UNKNOWN)
def test_an_unknown_says_what_to_grant_or_to_do(code: str) -> None:
    finding = RULES[code].finding("x", f"the summary of {code}", verdict=Verdict.UNKNOWN)
    cause = explained(report_of(finding, verdict=Verdict.UNKNOWN))
    assert cause is not None
    assert cause.press
    assert cause.press not in ("it could not be looked at", "the runbook cannot fix this")
    left = [str(one.why).removesuffix(".") for one in server_plan(report_of(finding), Request(choice=Choice.FIX), PlanInputs()).left_out]
    assert left == [f"it could not be looked at; by hand: {cause.press}"], "the plan says it too"


@pytest.mark.parametrize("code", ["views.unproven", "fpm.start-unknown"])
def test_what_only_the_pool_can_tell_is_granted_as_the_error_says(code: str) -> None:
    grant = "sudo usermod -aG www-data deploy"
    denied = Unseen(code="fpm.socket-denied", message=safe("deploy may not use the socket"), grant=safe(grant))
    finding = RULES[code].finding("x", f"the summary of {code}")
    cause = explained(report_of(finding, verdict=Verdict.UNKNOWN, errors=(denied,)))
    assert cause is not None
    assert cause.press == grant


def test_fresh_has_no_cause() -> None:
    assert explained(report_of()) is None


def test_a_code_without_words_is_told_by_its_summary() -> None:
    assert told(cause_of(report_of(values.finding(Layer.EVENTS, code="events.mine", summary="my icons are old")))) == "my icons are old"


def test_the_key_ends_what_the_runbook_has_steps_for() -> None:
    config = found("config.stale", "config/services.php", cache_written="12:26")
    cause = explained(report_of(RULES["opcache.stale-bytecode"].finding(HANDLER, "it is old", paths=(HANDLER,)), config))
    assert cause is not None
    assert (cause.keyed, cause.press) == (True, "rebuilds config, invalidates scripts, no reload")


def test_what_no_step_fixes_says_what_to_type() -> None:
    cause = explained(msgspec.structs.replace(incident.stale(), findings=(found("fpm.other-tree", str(APP), path=str(APP)),)))
    assert cause is not None
    assert not cause.keyed
    assert cause.press == "sudo systemctl restart php8.3-fpm.service"
    assert "".join(map(str, cause.runs)) == "PHP-FPM runs another tree"


def test_another_tree_says_which_code_is_older_there() -> None:
    told = found("fpm.other-tree", str(APP), path=str(APP), older_script=f"{APP}/{HANDLER}")
    cause = explained(msgspec.structs.replace(incident.stale(), findings=(told,)))
    assert cause is not None
    assert "".join(map(str, cause.runs)) == f"PHP-FPM runs an older {HANDLER.rpartition('/')[2]}, in another tree"


def test_the_server_that_was_left_out_is_told_what_to_deploy() -> None:
    cause = explained(report_of(found("release.mixed", "commit", commit="c70e5f1aa", others="4f2a9c1bb")))
    assert cause is not None
    assert (cause.keyed, cause.press) == (False, "deploy 4f2a9c1 to this server")


OLD_SCRIPT = RULES["opcache.stale-bytecode"].finding(HANDLER, "it is old", (), paths=(HANDLER,))
OLD_CONFIG = found("config.stale", "config/services.php", cache_written="12:26")


def of_thirty(name: str) -> Finding:
    """One finding about thirty scripts."""
    paths = tuple(f"{APP}/app/{name}{number}.php" for number in range(30))
    return RULES["opcache.stale-bytecode"].finding(paths[0], "they are old", (), paths=paths)


@pytest.mark.parametrize(
    ("findings", "press"),
    [
        ((OLD_SCRIPT, OLD_CONFIG), "rebuilds config, invalidates scripts, no reload"),
        ((OLD_CONFIG,), "rebuilds config, invalidates scripts, no reload"),
        ((OLD_SCRIPT, RULES["fpm.config-newer"].finding("/etc/php/8.3/fpm/php.ini", "it is newer", ())), "reloads PHP-FPM"),
        ((of_thirty("A"), of_thirty("B")), "reloads PHP-FPM"),
    ],
    ids=["old script", "a rebuilt file is in OPcache", "settings", "many scripts"],
)
def test_what_a_key_is_said_to_do_is_what_its_plan_does(findings: tuple[Finding, ...], press: str) -> None:
    """In the cause as on each finding: a script is not said to be invalidated where all are reloaded."""
    report = report_of(*findings)
    cause = explained(report)
    assert cause is not None
    assert cause.press == press
    kinds = {step.kind for step in server_plan(report, Request(choice=Choice.FIX), PlanInputs()).acting}
    assert ("reload" in kinds, "invalidate" in kinds) == ("reloads" in press, "invalidates" in press)
    told = {remedy for ends in endings(Ending(report)).values() for remedy in ends}
    assert (Remedy.RELOAD in told) is ("reload" in kinds)
    assert Remedy.INVALIDATE not in told or "invalidate" in kinds


def test_what_ends_it_is_planned_once_for_all_that_tell_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cause says what the key does, each finding what becomes of it: the server's page shows both for every look."""
    planned: list[Report] = []

    def counted(report: Report, request: Request, inputs: PlanInputs) -> ServerPlan:
        planned.append(report)
        return server_plan(report, request, inputs)

    monkeypatch.setattr(ending, "server_plan", counted)
    engine = FakeEngine(incident.incident())
    state = FleetState(engine)
    state.update()
    pane = next(pane for pane in state.latest.panes if pane.server == "web1")
    assert pane.report is not None
    cause = state.cause(pane)
    assert cause is not None
    assert cause.press
    assert state.endings(pane.report)
    assert planned == [pane.report]
