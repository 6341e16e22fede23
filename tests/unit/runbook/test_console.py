"""The step that compiles Symfony's container again."""

from __future__ import annotations

from typing import Any

import pytest

from stalewatch.model.replace import replace
from stalewatch.model.report import Layer, Remedy, Report
from stalewatch.model.snapshot import AppLayout, Compiled, SymfonyFacts
from stalewatch.model.text import safe
from stalewatch.runbook.commands import Access
from stalewatch.runbook.plan import Choice, Phase, Request, ServerPlan, Status
from stalewatch.runbook.steps.console import COMPILE
from stalewatch.runbook.sudoers import sudoers
from stalewatch.runbook.verify import prove
from tests.builders import values
from tests.builders.runbook import APP, T0, finding, host, plan, report, runtime, vt0

COMMAND = f"sudo -n -u www-data /usr/bin/php {APP}/bin/console cache:clear --env=prod --no-debug --no-interaction --no-ansi"


def compiled(at: float = T0 - 900, layer: Any = "config", source: float = T0 - 2000, owner: str = "www-data") -> Compiled:
    name = {"config": "App_KernelProdContainer.php", "routes": "url_matching_routes.php"}[layer]
    stat = values.file(f"var/cache/prod/{name}", at, owner=safe(owner))
    return Compiled(layer=layer, environment=safe("prod"), file=stat, sources=(values.file("config/services.yaml", source),))


def symfony(*found: Any, facts: tuple[Compiled, ...] = (compiled(), compiled(layer="routes")), **more: Any) -> Report:
    seen = host(layout=AppLayout(kind="symfony"), caches=(), inputs={}, symfony=SymfonyFacts(compiled=facts))
    return report(*found, host_facts=seen, **more)


def planned(seen: Report, **request: Any) -> ServerPlan:
    return plan([seen], Request(**{"choice": Choice.FIX, **request})).servers[0]


CONFIG, ROUTES = (finding(layer, remedy=(Remedy.REBUILD,)) for layer in (Layer.CONFIG, Layer.ROUTES))


def test_both_layers_are_compiled_by_one_command_in_the_environment_that_is_served() -> None:
    server = planned(symfony(CONFIG, ROUTES))
    (step,) = [step for step in server.steps if step.kind == "compile"]
    assert step.command == COMMAND
    assert {cause.layer for cause in step.causes} == {Layer.CONFIG, Layer.ROUTES}
    assert not server.blocked
    assert "artisan" not in str(server)


def test_a_pool_that_does_not_look_at_the_disk_is_reloaded_after_it() -> None:
    kinds = [step.kind for step in planned(symfony(CONFIG, runtime_facts=runtime(opcache=vt0()))).steps]
    assert kinds.index("compile") < kinds.index("reload")


@pytest.mark.parametrize(
    ("request_", "wanted"),
    [
        ({"choice": Choice.REBUILD}, True),
        ({"choice": Choice.CLEAR}, False),
        ({"choice": Choice.RELOAD}, False),
        ({"only": frozenset({Phase.RELOAD})}, False),
        ({"everything": True}, True),
        ({}, False),
    ],
)
def test_without_a_finding_it_is_only_run_when_asked_for(request_: dict[str, Any], wanted: bool) -> None:
    assert any(step.kind == "compile" for step in planned(symfony(), **request_).steps) is wanted


@pytest.mark.parametrize(
    ("folder", "place"),
    [("var/cache/prod", f"{APP}/var/cache"), ("/var/tmp/api/cache/prod", "/var/tmp/api/cache")],
    ids=["as usual", "moved by the kernel"],
)
def test_it_has_the_variables_of_the_pool_by_a_script_beside_what_it_compiles(folder: str, place: str) -> None:
    stat = values.file(f"{folder}/App_KernelProdContainer.php", T0 - 900)
    facts = (Compiled(layer="config", environment=safe("prod"), file=stat, sources=()),)
    own = symfony(CONFIG, facts=facts, runtime_facts=replace(runtime(), variables=(safe("APP_ENV"),)))
    (step,) = [step for step in planned(own).steps if step.kind == "compile"]
    assert step.script == f"{place}/.stalewatch/environment.php"
    assert step.command == COMMAND.replace("php /", f"php -d auto_prepend_file={step.script} /")


def test_an_application_without_a_compiled_container_is_not_compiled() -> None:
    bare = symfony(CONFIG, facts=())
    assert not any(step.kind == "compile" for step in planned(bare).steps)


def test_a_clear_says_that_symfony_compiles_at_once() -> None:
    left = {str(one.what): str(one.why) for one in planned(symfony(), choice=Choice.CLEAR).left_out}
    assert left == {"clear": "Symfony compiles again in the command that clears: ask for a rebuild"}


@pytest.mark.parametrize(
    ("after", "status"),
    [
        ((compiled(T0 + 5), compiled(T0 + 5, "routes")), Status.DONE),
        ((compiled(T0 + 5), compiled(layer="routes")), Status.FAILED),
        ((compiled(), compiled(layer="routes")), Status.FAILED),
        ((compiled(T0 + 5, source=T0 + 60),), Status.FAILED),
        ((compiled(T0 + 5, owner="root"),), Status.FAILED),
        ((), Status.FAILED),
    ],
)
def test_it_is_proven_by_the_compiled_files(after: tuple[Compiled, ...], status: Status) -> None:
    before = symfony(CONFIG)
    server = planned(before)
    (step,) = [step for step in server.steps if step.kind == "compile"]
    assert prove(step, server, before, symfony(facts=after)).status is status


def test_sudo_permits_exactly_this_command() -> None:
    lines = sudoers(Access(login="deploy", user="www-data", root=APP, environment="prod"))
    assert "/bin/console cache\\:clear --env\\=prod --no-debug --no-interaction --no-ansi\n" in lines
    assert "console" not in sudoers(Access(login="deploy", user="www-data", root=APP))
    assert COMPILE.does.format("x") == "compile x"
