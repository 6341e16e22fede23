"""The table of steps: whole, and known to everything that plans, permits, runs, proves or shows steps; so is a step that is only a row."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, NamedTuple

import pytest

from stalewatch.cli.outputs import fix_lines, plan_text
from stalewatch.dashboard.render.plan_lines import plan_lines
from stalewatch.dashboard.render.plan_words import changes
from stalewatch.dashboard.render.progress_lines import RunState, progress_lines
from stalewatch.model.report import Layer, Remedy
from stalewatch.model.snapshot import AppLayout, Compiled, QueueWorker, SymfonyFacts
from stalewatch.model.text import safe
from stalewatch.runbook import steps
from stalewatch.runbook.commands import Access, Command
from stalewatch.runbook.plan import Choice, Outcome, Phase, Plan, Progress, Request, ServerPlan, Status, Step
from stalewatch.runbook.step_spec import Proof, StepSpec, outcome
from stalewatch.runbook.sudoers import sudoers
from stalewatch.runbook.verdict_words import BY_RUNBOOK, REMEDY
from stalewatch.runbook.verify import judge, prove
from stalewatch.timeline import from_progress
from tests.builders import values
from tests.builders.runbook import APP, bytecode, finding, host, plan, process, report, runtime, vt0

if TYPE_CHECKING:
    from collections.abc import Callable

    from stalewatch.model.report import Report
    from stalewatch.runbook.draft import Draft

FILE_CACHE = "/var/cache/opcache"
ACCESS = Access(
    login="deploy",
    user="www-data",
    root=APP,
    unit="php8.2-fpm.service",
    fpm_binary="/usr/sbin/php-fpm8.2",
    file_cache=FILE_CACHE,
    workers=True,
    environment="prod",
)


def seen() -> Report:
    """Everything is stale, and every kind of worker runs."""
    workers = tuple(QueueWorker(kind=kind, process=process(300 + n)) for n, kind in enumerate(("queue", "horizon", "octane")))
    findings = [finding(layer) for layer in Layer if layer is not Layer.OPCACHE]
    return report(
        *findings, bytecode(), host_facts=host(queue_workers=workers), runtime_facts=runtime(opcache=vt0(file_cache=safe(FILE_CACHE)))
    )


def symfony() -> Report:
    """A Symfony application with an old container."""
    compiled = Compiled(layer="config", environment=safe("prod"), file=values.file("var/cache/prod/AppContainer.php", 0.0))
    facts = host(layout=AppLayout(kind="symfony"), caches=(), inputs={}, symfony=SymfonyFacts(compiled=(compiled,)))
    return report(finding(Layer.CONFIG), host_facts=facts)


def plans() -> list[Plan]:
    """Every kind of step is in one of them."""
    requests = [
        Request(choice=Choice.FIX, everything=True, cache_clear=True),
        Request(choice=Choice.FIX),
        Request(choice=Choice.CLEAR),
        Request(choice=Choice.REBUILD),
        Request(choice=Choice.RELOAD),
        Request(choice=Choice.VERIFY),
    ]
    only_scripts = report(bytecode(), runtime_facts=runtime(opcache=vt0()))
    made = [plan([one], Request(choice=Choice.FIX)) for one in (only_scripts, symfony())]
    return [plan([seen()], request) for request in requests] + made


class Consumer(NamedTuple):
    """*shows*: what it makes of a plan with a step; *expected*: what of that must be there for the step."""

    name: str
    shows: Callable[[Plan, Step], str]
    expected: Callable[[Step], str]


def progressed(made: Plan, step: Step) -> Progress:
    return Progress(server=made.servers[0].server, app=made.servers[0].app, step=step.id, status=Status.RUNNING)


def running(made: Plan, step: Step) -> str:
    run = RunState(made, {made.servers[0].key: (progressed(made, step),)}, {})
    return "\n".join(row.text for row in progress_lines(run, 4000))


def permitted(_: Plan, step: Step) -> str:
    """Every line of sudoers, as the command that it permits."""
    found = []
    for line in sudoers(ACCESS).replace("\\", "").splitlines():
        user, command = line.split("ALL=(", 1)[1].split(") NOPASSWD: ")
        found.append(f"sudo -n {'' if user == 'root' else f'-u {user} '}{command}")
    return "\n".join(found)


def sudo(step: Step) -> str:
    """The command as sudoers permits it, "" for one without sudo."""
    asked = step.command.split(" && ")[0].replace("sudo -n -l", "sudo -n", 1)
    return " ".join(shlex.split(asked)) if asked.startswith("sudo -n ") else ""


def proof(made: Plan, step: Step) -> str:
    server = made.servers[0]
    said = judge(step, server, seen(), "", 0) if step.phase is Phase.PREFLIGHT else prove(step, server, seen(), seen())
    assert isinstance(said, Outcome)
    return " ".join((said.status, *said.evidence.values()))


CONSUMERS = (
    Consumer("the text of fix", lambda made, _: plan_text.render(made), lambda step: step.command),
    Consumer("the lines of fix --dry-run", lambda made, _: fix_lines.plan(made).decode(), lambda step: json.dumps(step.command)[1:-1]),
    Consumer("the dialog", lambda made, _: "\n".join(row.text for row in plan_lines(made, 4000)), lambda step: step.command.split("; ")[0]),
    Consumer("the sentence of the dialog", lambda made, _: changes(made.servers[0]), lambda step: step.what if step.acting else ""),
    Consumer("the running plan", running, lambda step: step.command),
    Consumer("the line of progress", lambda made, step: plan_text.progress_line(progressed(made, step)), lambda step: step.id),
    Consumer("the timeline", lambda made, step: str(from_progress(progressed(made, step)).what), lambda step: f"{step.id}: running"),
    Consumer("sudoers", permitted, sudo),
    Consumer("the proof", proof, lambda _: ""),
)


def lacking() -> list[str]:
    """``sudoers: reload``: which consumer knows nothing of which kind of step."""
    met = [(made, step) for made in plans() for step in made.servers[0].steps]
    kinds = {step.kind for _, step in met}
    found = [f"the planner: {spec.kind}" for spec in steps.STEPS if spec.kind not in kinds]
    for made, step in met:
        found += [f"{consumer.name}: {step.kind}" for consumer in CONSUMERS if consumer.expected(step) not in consumer.shows(made, step)]
    return found


def test_every_consumer_knows_every_step() -> None:
    assert lacking() == []


def test_kinds_are_unique_and_every_acting_step_says_what_it_does() -> None:
    kinds = [spec.kind for spec in steps.STEPS]
    assert len(kinds) == len(set(kinds))
    assert all(spec.does for spec in steps.STEPS if spec.phase not in (Phase.PREFLIGHT, Phase.VERIFY))
    assert all(spec.via in ("shell", "fastcgi", "look") for spec in steps.STEPS)
    phases = [list(Phase).index(spec.phase) for spec in steps.STEPS]
    assert phases == sorted(phases), "the table is in the order of execution"


def test_every_remedy_of_the_runbook_is_one_steps_and_has_words() -> None:
    remedies = [remedy for spec in steps.STEPS for remedy in spec.remedies]
    assert sorted(remedies) == sorted(BY_RUNBOOK)
    assert set(REMEDY) == set(Remedy)


# ---------------------------------------------------------------------------------------------- a step that is only a row


def _warm(access: Access) -> Command:
    return Command(("/usr/local/bin/warm-up", access.root), access.user)


def _wanted(draft: Draft) -> list[Step]:
    return [SCRATCH.step(draft.access.text(_warm(draft.access)), "asked for", what="the front page")] if draft.fixing else []


def _proven(proof: Proof) -> Outcome:
    return outcome(Status.DONE if "warm" in proof.said else Status.FAILED, page="is warm")


SCRATCH = StepSpec(
    kind="warm-up",
    phase=Phase.RESTART,
    does="warm up {}",
    wanted=_wanted,
    prove=_proven,
    warns=lambda _draft: ["a warm-up takes a worker for a second"],
    grants=lambda access: [_warm(access)],
)


def test_a_step_that_is_only_a_row_is_known_to_every_consumer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "STEPS", (*steps.STEPS[:-1], SCRATCH, steps.STEPS[-1]))
    assert lacking() == []
    server: ServerPlan = plan([report()], Request(choice=Choice.FIX)).servers[0]
    assert [step.id for step in server.steps] == ["rights", "warm-up", "verify"], "its right is checked before it, its proof comes after"
    assert changes(server) == "warm up the front page"
    assert server.warnings == ("a warm-up takes a worker for a second",)
    assert prove(server.steps[1], server, report(), report(), said="it is warm now").status is Status.DONE
    assert prove(server.steps[1], server, report(), report(), said="503").status is Status.FAILED


def test_a_consumer_that_forgets_a_step_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "STEPS", (*steps.STEPS[:-1], SCRATCH, steps.STEPS[-1]))
    monkeypatch.setattr("tests.unit.runbook.test_steps.sudoers", lambda _access: "")
    assert "sudoers: warm-up" in lacking()
