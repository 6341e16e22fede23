"""What a plan keeps aside, when it moves it away, and in whose environment artisan runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from stalewatch.diagnosis.views import folder_of
from stalewatch.model.replace import replace
from stalewatch.model.report import Layer, Remedy, Report, Verdict
from stalewatch.model.snapshot import CompiledView, FileStat, PackageFacts, ViewFacts
from stalewatch.model.text import safe
from stalewatch.runbook.kept_aside import KeptAside
from stalewatch.runbook.plan import Choice, Outcome, Phase, Request, ServerPlan, Status, Step
from stalewatch.runbook.verify import prove
from tests.builders.runbook import APP, T0, finding, host, plan, report, runtime
from tests.unit.runbook.here import Here, application


def planned(seen: Report) -> ServerPlan:
    return plan([seen], Request(choice=Choice.FIX)).servers[0]


def rebuild(seen: Report) -> Step:
    return next(step for step in planned(seen).steps if step.kind == "rebuild")


@pytest.mark.parametrize(
    ("variables", "given"),
    [
        (None, False),
        (("USER", "HOME", "PATH", "LC_ALL", "INVOCATION_ID", "HOSTNAME", "TMPDIR"), False),
        (("USER", "APP_ENV"), True),
        (("USER", "STRIPE_SECRET"), True),
    ],
)
def test_artisan_is_given_the_environment_of_the_pool_where_that_is_not_the_one_of_any_service(
    variables: tuple[str, ...] | None, given: bool
) -> None:
    names = tuple(map(safe, variables)) if variables is not None else None
    step = rebuild(report(finding(Layer.CONFIG), runtime_facts=replace(runtime(), variables=names)))
    assert bool(step.script) is given
    assert ("-d auto_prepend_file=" in step.command) is given


@pytest.mark.parametrize(("login", "given"), [("root", True), ("www-data", True), ("deploy", False)])
def test_a_login_that_needs_no_line_in_sudoers_has_its_caches_built_aside(login: str, given: bool) -> None:
    facts = replace(runtime(), variables=(safe("USER"),))
    step = rebuild(report(finding(Layer.CONFIG), runtime_facts=facts, host_facts=replace(host(), login=safe(login))))
    assert ("-d auto_prepend_file=" in step.command) is given


def test_a_broken_file_is_moved_away_and_a_whole_one_is_copied() -> None:
    stale = finding(Layer.CONFIG)
    assert rebuild(report(stale)).away is False
    assert [path.rpartition("/")[2] for path in rebuild(report(stale)).keeps] == ["config.php"]
    caches = tuple(replace(cache, complete=False) for cache in host().caches)
    assert rebuild(report(stale, host_facts=replace(host(), caches=caches))).away is True


@pytest.mark.parametrize(
    ("compiled", "folder"),
    [
        ((), f"{APP}/storage/framework/views/"),
        (("storage/framework/views/a.php",), f"{APP}/storage/framework/views/"),
        (("/var/views/a.php",), "/var/views/"),
    ],
    ids=["none yet", "where they are usually", "elsewhere"],
)
def test_of_compiled_views_the_folder_is_kept(compiled: tuple[str, ...], folder: str) -> None:
    views = tuple(CompiledView(compiled=FileStat(safe(path), 1.0, 1.0, 1)) for path in compiled)
    assert f"{folder_of(replace(host(), views=ViewFacts(views=views)), APP)}/" == folder


@pytest.mark.parametrize("layer", [Layer.VIEWS, Layer.CONFIG])
async def test_what_is_not_kept_of_the_views_is_said_and_stops_nothing(layer: Layer) -> None:
    class Refusing:
        async def artefacts(self, verb: str, files: Sequence[str], options: Mapping[str, object]) -> dict[str, str]:
            return dict.fromkeys(files, "more than 5000 files")

    place = "/srv/views/" if layer is Layer.VIEWS else "/srv/config.php"
    step = replace(rebuild(report(finding(Layer.CONFIG))), layer=layer, keeps=(place,))
    kept = KeptAside(Refusing())  # type: ignore[arg-type]
    refused = await kept.keep(step)
    assert (refused is None) is (layer is Layer.VIEWS)
    assert kept.steps == ()
    if refused is None:
        assert kept.noted(Outcome(status=Status.DONE)).evidence == {place: "not kept aside: more than 5000 files"}
        assert kept.noted(Outcome(status=Status.DONE)).evidence == {}, "of the next step"


@pytest.mark.parametrize(("cached", "away"), [(("a",), False), (("a", "gone"), True)])
def test_the_manifests_are_moved_away_where_a_package_is_gone(cached: tuple[str, ...], away: bool) -> None:
    facts = PackageFacts(cached=tuple(map(safe, cached)), installed=(safe("a"), safe("b")))
    differ = finding(Layer.PACKAGES, Verdict.STALE, Remedy.DISCOVER)
    assert rebuild(report(differ, host_facts=replace(host(), packages=facts))).away is away


def test_a_configuration_with_other_values_than_the_pools_is_not_proven() -> None:
    before = report(finding(Layer.CONFIG))
    made = tuple(replace(cache, stat=replace(cache.stat, mtime=T0 + 1)) if cache.stat else cache for cache in host().caches)
    other = finding(Layer.CONFIG, Verdict.SUSPECT, code="config.other-environment")
    server = planned(before)
    step = next(step for step in server.steps if step.kind == "rebuild")
    good = report(at=T0 + 2, host_facts=replace(host(), caches=made))
    assert prove(step, server, before, good).status is Status.DONE
    proven = prove(step, server, before, report(other, at=T0 + 2, host_facts=replace(host(), caches=made)))
    assert (proven.status, proven.evidence["why"]) == (Status.FAILED, other.summary)


@pytest.mark.parametrize("own", [False, True])
def test_the_application_cache_that_is_emptied_is_the_one_that_the_pool_names(own: bool) -> None:
    variables = (safe("CACHE_STORE"),) if own else ()
    seen = report(runtime_facts=replace(runtime(), variables=variables))
    made = plan([seen], Request(choice=Choice.CLEAR, cache_clear=True)).servers[0]
    step = next(step for step in made.steps if step.id == "cache:clear")
    assert ("-d auto_prepend_file=" in step.command, bool(step.script)) == (own, own)


async def test_what_needs_the_environment_of_the_pool_is_not_run_without_it(tmp_path: Path) -> None:
    session = Here(application(tmp_path / "app", tmp_path / "audit"))
    step = Step(id="cache:clear", kind="cache-clear", phase=Phase.CLEAR, command="true", reason=safe(""), script="/app/environment.php")
    refused = await KeptAside(session).keep(step)
    assert refused is not None, "the pool did not say that it has written the script"
    assert refused.status is Status.FAILED
    session.wrong = {"keep": "no room"}
    assert await KeptAside(session).keep(replace(step, script="", keeps=("/app/config.php",))) is None, "another clear goes on"
