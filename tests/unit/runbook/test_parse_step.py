"""What is parsed before it is made to run, and what is said of it."""

from __future__ import annotations

import pytest

from stalewatch.model.parsing import Parsed, Scripts, Trouble
from stalewatch.model.replace import replace
from stalewatch.model.report import Layer, Report
from stalewatch.model.runtime import FromMemory
from stalewatch.model.snapshot import ReleaseFacts
from stalewatch.model.text import safe
from stalewatch.runbook.plan import Choice, Outcome, Request, ServerPlan, Status, Step
from stalewatch.runbook.verify import judge
from tests.builders.runbook import APP, CONTROLLER, T0, bytecode, finding, host, plan, report, runtime, vt0, vt1

NEW = tuple(f"{APP}/{folder}" for folder in ("app", "bootstrap", "config", "routes", "src", "vendor/composer"))


def planned(seen: Report, choice: Choice = Choice.FIX) -> ServerPlan:
    return plan([seen], Request(choice=choice)).servers[0]


def of_kind(server: ServerPlan, kind: str) -> Step:
    (step,) = (step for step in server.steps if step.kind == kind)
    return step


def test_before_an_invalidation_exactly_these_scripts_and_what_is_new() -> None:
    server = planned(report(bytecode(), runtime_facts=runtime(opcache=vt0())))
    assert [step.kind for step in server.steps] == ["parse", "invalidate", "verify"]
    assert of_kind(server, "parse").scripts == of_kind(server, "invalidate").scripts == Scripts(paths=(CONTROLLER,), folders=NEW)


def test_before_a_reload_everything_that_the_disk_has_otherwise_whoevers_it_is() -> None:
    facts = host(other_apps=(safe("/srv/shop"),))
    server = planned(report(host_facts=facts, runtime_facts=runtime(opcache=vt0())), Choice.RELOAD)
    scripts = of_kind(server, "parse").scripts
    assert scripts == of_kind(server, "reload").scripts
    assert scripts is not None
    assert scripts.changed
    assert scripts.paths == (f"{APP}/public/index.php", f"{APP}/vendor/autoload.php")
    assert {*NEW, "/srv/shop/app", "/srv/shop/routes"} <= set(scripts.folders)


def test_what_goes_live_by_itself_is_not_ours_to_keep_back() -> None:
    server = planned(report(runtime_facts=runtime(opcache=vt1())), Choice.RELOAD)
    assert of_kind(server, "parse").scripts == Scripts(changed=True)


@pytest.mark.parametrize(("switched_at", "everything"), [(None, False), (T0 - 5000, False), (T0 - 60, True)])
def test_a_release_that_was_switched_to_goes_live_whole_however_old_it_is(switched_at: float | None, everything: bool) -> None:
    facts = host(release=ReleaseFacts(root=safe("/srv/releases/2"), link=safe(APP), switched_at=switched_at))
    scripts = of_kind(planned(report(host_facts=facts, runtime_facts=runtime(opcache=vt1())), Choice.RELOAD), "parse").scripts
    assert scripts is not None
    assert scripts.older is everything
    assert ("/srv/releases/2/app" in scripts.folders) is ("/srv/releases/2/public/index.php" in scripts.paths) is everything


def test_what_is_rebuilt_is_parsed_after_that() -> None:
    server = planned(report(finding(Layer.CONFIG), bytecode(), runtime_facts=runtime(opcache=vt0())))
    first, last = of_kind(server, "parse").scripts, of_kind(server, "invalidate").scripts
    assert first is not None
    assert last is not None
    cached = f"{APP}/bootstrap/cache/config.php"
    assert cached in first.without
    assert cached in last.paths
    assert last.without == ()


def test_a_pool_that_cannot_be_asked_is_said() -> None:
    server = planned(report(runtime_facts=replace(runtime(opcache=vt0()), via="health_url")), Choice.RELOAD)
    assert "parse" not in [step.kind for step in server.steps]
    assert "whether the new code parses is not checked" in " ".join(str(each.why) for each in server.left_out)


def said(parsed: Parsed, *, validates: bool = False) -> Outcome:
    seen = report(bytecode(), runtime_facts=runtime(opcache=vt1() if validates else vt0()))
    server = planned(seen)
    return judge(of_kind(server, "parse"), server, seen, "", 0, parsed)


def trouble(kind: str, path: str = CONTROLLER, line: int = 0, words: str = "") -> Trouble:
    return Trouble(path=safe(path), kind=kind, line=line, said=safe(words))


@pytest.mark.parametrize(
    ("troubles", "words"),
    [
        ([trouble("syntax", line=7, words="unexpected }")], f"the new code does not parse: {CONTROLLER}:7 (unexpected }});"),
        ([trouble("empty")], f"the new code does not parse: {CONTROLLER} is empty;"),
        ([trouble("utf-16")], f"{CONTROLLER} is UTF-16: PHP takes it for text"),
        ([trouble("irregular")], f"{CONTROLLER} is no regular file"),
        ([trouble("unread")], f"{CONTROLLER} cannot be read by the pool's user"),
        (
            [trouble("gone", f"{APP}/bootstrap/app.php")],
            f"the new code cannot run: {APP}/bootstrap/app.php is gone, and every request begins with it: put it back or deploy again",
        ),
        (
            [trouble("gone", f"{APP}/bootstrap/app.php"), trouble("empty")],
            f"the new code does not parse: {APP}/bootstrap/app.php is gone, and every request begins with it",
        ),
        ([trouble("empty", f"{APP}/{n}.php") for n in range(5)], f"{APP}/2.php is empty; and 2 more;"),
        (
            [trouble("syntax", "/srv/shop/x.php", 1, "no")],
            "new code of another application of this PHP-FPM does not parse: /srv/shop/x.php:1 (no)",
        ),
        ([trouble("big"), trouble("empty")], f"the new code does not parse: {CONTROLLER} is empty;"),
    ],
)
def test_what_is_broken_is_named_and_stops_the_plan(troubles: list[Trouble], words: str) -> None:
    found = said(Parsed(count=5, trouble=tuple(troubles)))
    assert found.status is Status.FAILED
    assert words in found.evidence["why"]
    assert found.evidence["why"].endswith("; the old code is still served")
    live = said(Parsed(count=5, trouble=tuple(troubles)), validates=True)
    assert "still served" not in live.evidence["why"]


@pytest.mark.parametrize(
    ("parsed", "evidence"),
    [
        (Parsed(count=3), {"parsed": "3 scripts without an error"}),
        (Parsed(count=0), {"parsed": "nothing: no script is new or changed"}),
        (
            Parsed(count=3, trouble=(trouble("big"),)),
            {"unknown": f"not everything was parsed: {CONTROLLER}: too big", "said": "2 scripts without an error"},
        ),
        (
            Parsed(why=safe("PHP has no tokenizer extension in this pool"), left=4),
            {"unknown": "not everything was parsed: PHP has no tokenizer extension in this pool", "said": "0 scripts without an error"},
        ),
    ],
)
def test_what_could_not_be_parsed_is_said_and_stops_nothing(parsed: Parsed, evidence: dict[str, str]) -> None:
    found = said(parsed)
    assert (found.status, found.evidence) == (Status.DONE, evidence)


def test_a_link_lost_meanwhile_is_no_answer() -> None:
    seen = report(bytecode(), runtime_facts=runtime(opcache=vt0()))
    server = planned(seen)
    assert judge(of_kind(server, "parse"), server, seen, "", 0).status is Status.FAILED


def test_a_reload_that_would_end_what_only_memory_answers_is_not_planned() -> None:
    gone, over = FromMemory(safe("/srv/blog"), T0 + 90), FromMemory(safe("/srv/old"), T0 - 1)
    knows = replace(runtime(opcache=vt0()), remembered=(gone, over))
    (why,) = planned(report(runtime_facts=knows), Choice.RELOAD).blocked
    assert why.startswith("/srv/blog: gone from the disk, and PHP answers from its memory until ")
    assert "put it back" in why
    assert planned(report(bytecode(), runtime_facts=knows)).blocked == (), "an invalidation leaves what others remember"
    forgotten = replace(runtime(opcache=vt0()), remembered=(over,))
    assert planned(report(runtime_facts=forgotten), Choice.RELOAD).blocked == (), "nothing answers there any more"


def test_what_is_only_remembered_when_the_reload_is_due_stops_it_whatever_parses() -> None:
    for parsed in (Parsed(count=3), Parsed(why=safe("PHP has no tokenizer extension in this pool"))):
        found = said(replace(parsed, remembered=(FromMemory(safe("/srv/blog"), T0 + 90),)))
        assert found.status is Status.FAILED
        assert found.evidence["why"].startswith("/srv/blog: gone from the disk")
