"""``fix``: plan, confirmation, progress, exit codes. The runbook itself is tested where it lives."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from stalewatch.cli.commands.fix import exit_code
from stalewatch.model.fixing import InFlight, WhenUnreachable
from stalewatch.model.report import Verdict
from stalewatch.model.snapshot import LockHolder
from stalewatch.model.text import safe
from stalewatch.runbook.plan import Choice, Phase, Plan, Progress, Request, Status
from tests.builders import outputs as examples

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

    from tests.unit.cli.conftest import Seams

    Stalewatch = Callable[..., Result]

WEB1 = ("web1", "/srv/app")


@pytest.fixture
def one(seams: Seams) -> Seams:
    """One stale server with a plan that works."""
    seams.looks = [(examples.stale(),)]
    seams.plans = [only(examples.plan(), 0)]
    seams.progress = [examples.progress(status=Status.RUNNING), examples.progress()]
    seams.result = {WEB1: Status.DONE}
    return seams


def only(plan: Plan, *numbers: int) -> Plan:
    return msgspec.structs.replace(plan, servers=tuple(plan.servers[number] for number in numbers))


@pytest.mark.parametrize(
    ("statuses", "code"),
    [
        ((Status.DONE, Status.DONE), 0),
        ((), 0),
        ((Status.DONE, Status.FAILED), 1),
        ((Status.DONE, Status.SKIPPED), 1),
        ((Status.DONE, Status.PARTLY), 1),
        ((Status.PARTLY, Status.UNKNOWN), 3),
        ((Status.WAITING,), 1),
        ((Status.FAILED, Status.UNKNOWN), 3),
    ],
)
def test_exit_codes(statuses: tuple[Status, ...], code: int) -> None:
    assert exit_code(statuses) == code


def test_without_yes_where_nobody_can_confirm_it_refuses_before_it_looks(stalewatch: Stalewatch, one: Seams) -> None:
    result = stalewatch("fix", "web1")
    assert result.exit_code == 2
    assert "nobody can confirm" in result.stderr
    assert one.fleets == []


def test_read_only_refuses_all_but_the_dry_run(stalewatch: Stalewatch, one: Seams) -> None:
    assert stalewatch("fix", "web1", "--yes", "--read-only").exit_code == 2
    assert stalewatch("--read-only", "fix", "web1", "--yes").exit_code == 2
    assert one.fleets == []
    assert stalewatch("fix", "web1", "--dry-run", "--read-only").exit_code == 0
    assert one.ran == []


def test_a_server_that_the_file_keeps_read_only_is_refused_by_name(stalewatch: Stalewatch, one: Seams, tmp_path: Path) -> None:
    servers = '[[server]]\ntarget = "deploy@web1"\nread_only = true\n[[server]]\ntarget = "deploy@web2"\n'
    (tmp_path / "stalewatch.toml").write_text(servers)
    for targets in (("web1",), ("web2", "deploy@web1"), ("root@web1",)):
        refused = stalewatch("fix", *targets, "--yes")
        assert refused.exit_code == 2
        assert "read_only is set in stalewatch.toml for web1: " in refused.stderr
        assert refused.stderr.count("\n") == 1
    assert one.fleets == []
    assert stalewatch("fix", "web2", "--yes").exit_code == 0
    assert len(one.ran) == 1


def test_a_dry_run_plans_for_a_server_that_is_read_only(stalewatch: Stalewatch, one: Seams, tmp_path: Path) -> None:
    (tmp_path / "stalewatch.toml").write_text('[[server]]\ntarget = "deploy@web1"\nread_only = true\n')
    assert stalewatch("fix", "web1", "--dry-run").exit_code == 0
    assert not one.fleets[-1].read_only_servers
    assert one.ran == []


def test_a_server_that_is_read_only_is_checked(stalewatch: Stalewatch, one: Seams, tmp_path: Path) -> None:
    (tmp_path / "stalewatch.toml").write_text('[[server]]\ntarget = "deploy@web1"\nread_only = true\n')
    assert stalewatch("check").exit_code == 1
    assert [server.read_only for server in one.fleets[-1].servers] == [True]


def test_yes_runs_exactly_the_plan_that_was_drawn(stalewatch: Stalewatch, one: Seams) -> None:
    plan = one.plans[0]
    result = stalewatch("fix", "web1", "--yes")
    assert result.exit_code == 0
    assert one.ran == [plan]
    assert plan.servers[0].steps[1].command in result.stdout
    assert "1 of 1 verified" in result.stdout
    assert "running" not in result.stdout


def test_the_request_is_what_was_asked_for(stalewatch: Stalewatch, one: Seams) -> None:
    stalewatch("fix", "web1", "--yes", "--only", "reload,clear", "--all", "--cache-clear")
    assert one.requests == [Request(choice=Choice.FIX, everything=True, cache_clear=True, only=(Phase.CLEAR, Phase.RELOAD))]


def test_resume_goes_on_with_what_was_asked_for_and_knows_what_is_verified(stalewatch: Stalewatch, one: Seams) -> None:
    assert stalewatch("fix", "--resume", "--yes").exit_code == 2
    one.progress = [Progress(server="web1", app=safe("/srv/app"), step="result", status=Status.DONE)]
    one.result = {WEB1: Status.FAILED}
    assert stalewatch("fix", "web1", "--yes", "--all", "--canary", "web1", "--unreachable", "skip").exit_code == 1
    asked = one.requests[-1]
    assert (asked.everything, asked.canary, asked.unreachable) == (True, "web1", WhenUnreachable.SKIP)
    one.result = {WEB1: Status.DONE}
    assert stalewatch("fix", "--resume", "--yes", "--in-flight", "kill").exit_code == 0
    assert one.fleets[-1].servers == one.fleets[-2].servers
    assert one.requests[-1] == msgspec.structs.replace(asked, verified=(WEB1,), in_flight=InFlight.KILL)
    assert stalewatch("fix", "--resume", "--yes").exit_code == 2, "everything is verified"


@pytest.mark.parametrize("arguments", [("fix", "--yes"), ("fix", "web1", "--yes", "--canary", "web9")])
def test_servers_that_are_not_there_are_a_mistake(stalewatch: Stalewatch, one: Seams, arguments: tuple[str, ...]) -> None:
    assert stalewatch(*arguments).exit_code == 2
    assert one.ran == []


def test_what_to_do_with_requests_in_flight_the_options_say_else_the_file(stalewatch: Stalewatch, one: Seams, tmp_path: Path) -> None:
    file = tmp_path / "fleet.toml"
    file.write_text('[fix]\nin_flight = "kill"\nin_flight_wait = 7\n')
    for more in ((), ("--config", str(file)), ("--config", str(file), "--in-flight", "invalidate", "--in-flight-wait", "2.5")):
        stalewatch("fix", "--dry-run", "web1", *more)
    assert [(request.in_flight, request.in_flight_wait) for request in one.requests] == [
        (InFlight.WAIT, 30.0),
        (InFlight.KILL, 7.0),
        (InFlight.INVALIDATE, 2.5),
    ]


def test_json_is_one_object_a_line_and_nothing_else(stalewatch: Stalewatch, one: Seams) -> None:
    result = stalewatch("fix", "web1", "--yes", "--format", "json")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(line["step"], line["status"]) for line in lines] == [("invalidate", "running"), ("invalidate", "done")]
    assert all({"server", "app", "step", "status", "evidence"} <= set(line) for line in lines)


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_dry_run_shows_every_command_and_runs_none(stalewatch: Stalewatch, one: Seams, form: str) -> None:
    result = stalewatch("fix", "web1", "--dry-run", "--format", form)
    assert result.exit_code == 0
    assert one.ran == []
    for step in one.plans[0].servers[0].steps:
        assert step.command in result.stdout


def test_a_blocked_server_is_a_failure_that_says_why_while_the_others_are_fixed(stalewatch: Stalewatch, one: Seams) -> None:
    one.looks = [examples.fleet()]
    one.plans = [examples.plan()]
    result = stalewatch("fix", "web1", "web2", "web3", "--yes")
    assert result.exit_code == 1
    assert "blocked: the host key has changed" in result.stdout
    assert "2 of 3 verified or fine" in result.stdout
    assert [server.server for server in one.ran[0].servers] == ["web1"]
    assert stalewatch("fix", "web1", "web2", "web3", "--dry-run").exit_code == 1


def test_nothing_to_do_is_0_only_where_the_server_is_fine(stalewatch: Stalewatch, one: Seams) -> None:
    empty = Plan(request=Request(choice=Choice.FIX), servers=(examples.plan().servers[1],))
    one.plans = [empty]
    one.looks = [(examples.fresh(),)]
    assert stalewatch("fix", "web2", "--yes").exit_code == 0
    suspect = msgspec.structs.replace(examples.fresh(), verdict=Verdict.SUSPECT)
    one.looks = [(suspect,)]
    assert stalewatch("fix", "web2", "--yes").exit_code == 1
    assert one.ran == []


def test_every_server_has_a_result_also_the_ones_on_which_nothing_was_run(stalewatch: Stalewatch, one: Seams) -> None:
    one.looks = [examples.fleet()]
    one.plans = [examples.plan()]
    one.progress = [examples.progress(step="result")]
    result = stalewatch("fix", "web1", "web2", "web3", "--yes", "--format", "json")
    results = [json.loads(line) for line in result.stdout.splitlines()]
    assert {line["step"] for line in results} == {"result"}
    assert {line["server"]: line["status"] for line in results} == {"web1": "done", "web2": "done", "web3": "failed"}
    assert one.settled == {examples.fresh().key}


def test_partly_is_1_and_says_partly(stalewatch: Stalewatch, one: Seams) -> None:
    one.result = {WEB1: Status.PARTLY}
    one.progress = [examples.progress(step="result", status=Status.PARTLY)]
    result = stalewatch("fix", "web1", "--yes")
    assert result.exit_code == 1
    assert "~ web1 /srv/app  result  partly" in result.stdout
    assert "partly: 0 of 1 verified or fine" in result.stdout


def test_where_some_servers_are_fine_and_some_are_not_it_says_partly(stalewatch: Stalewatch, one: Seams) -> None:
    one.looks, one.plans = [examples.fleet()], [examples.plan()]
    assert "partly: 2 of 3 verified or fine" in stalewatch("fix", "web1", "web2", "web3", "--yes").stdout
    one.looks, one.plans, one.result = [(examples.stale(),)], [only(examples.plan(), 0)], {WEB1: Status.FAILED}
    assert "partly" not in stalewatch("fix", "web1", "--yes").stdout


def test_nothing_to_do_while_somebody_elses_runbook_runs_proves_nothing(stalewatch: Stalewatch, one: Seams) -> None:
    one.plans = [Plan(request=Request(choice=Choice.FIX), servers=(examples.plan().servers[1],))]
    seen = examples.fresh()
    assert seen.snapshot is not None
    held = msgspec.structs.replace(seen.snapshot.host, lock=LockHolder(who=safe("bob@desk"), since=examples.NOW - 9))
    one.looks = [(msgspec.structs.replace(seen, snapshot=msgspec.structs.replace(seen.snapshot, host=held)),)]
    result = stalewatch("fix", "web2", "--yes")
    assert result.exit_code == 1
    assert "bob@desk runs a runbook here since" in result.stdout


def test_a_link_lost_while_a_step_ran_is_3_and_never_called_failed(stalewatch: Stalewatch, one: Seams) -> None:
    one.result = {WEB1: Status.UNKNOWN}
    result = stalewatch("fix", "web1", "--yes")
    assert result.exit_code == 3
    assert "outcome unknown on web1" in result.stderr


def test_a_server_that_the_runbook_never_told_about_is_unknown(stalewatch: Stalewatch, one: Seams) -> None:
    one.result = {}
    assert stalewatch("fix", "web1", "--yes").exit_code == 3


def test_ctrl_c_while_a_step_runs_says_what_happens_on_the_server(stalewatch: Stalewatch, one: Seams) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    one.during = interrupt
    result = stalewatch("fix", "web1", "--yes")
    assert result.exit_code == 130
    assert "runs to its end on the server" in result.stderr


# ------------------------------------------------------------------------------------------------ a person at a terminal

FAKED = """
import sys
sys.path.insert(0, {checkout!r})
import msgspec
from tests.builders import outputs as examples
from tests.unit.cli import conftest
from stalewatch.runbook.plan import Status
seams = conftest.Seams()
seams.looks = [(examples.stale(),)]
plan = msgspec.structs.replace(examples.plan(), servers=examples.plan().servers[:1])
changed = msgspec.structs.replace(plan, servers=(msgspec.structs.replace(plan.servers[0], evidence_digest="other"),))
seams.plans = {plans}
seams.result = {{("web1", "/srv/app"): Status.DONE}}
seams.progress = [examples.progress()]
from stalewatch.cli.main import main
main(["fix", "web1", "--format", "json"], obj=seams.open_fleet)
"""


def at_a_terminal(answers: list[str], tmp_path: Path, plans: str = "[plan]", ahead: str = "", behind: str = "") -> tuple[int, str, str]:
    """Run ``fix`` on a pseudo-terminal, stdout to a pipe; answer each question. Returns exit code, stdout, what was on the terminal.

    *ahead*: typed before the program runs; *behind*: as soon as anything of the plan is on the terminal.
    """
    checkout = str(Path(__file__).parents[3])
    ours, theirs = pty.openpty()
    environment = os.environ | {"XDG_STATE_HOME": str(tmp_path), "TERM": "xterm", "NO_COLOR": "1"}
    process = subprocess.Popen(
        [sys.executable, "-c", FAKED.format(checkout=checkout, plans=plans)],
        stdin=theirs, stdout=subprocess.PIPE, stderr=theirs, env=environment, cwd=tmp_path, start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )  # fmt: skip
    os.close(theirs)
    os.write(ours, ahead.encode())
    seen, asked = "", 0
    deadline = time.monotonic() + 30
    try:
        while time.monotonic() < deadline:
            if select.select([ours], [], [], 0.05)[0]:
                try:
                    seen += os.read(ours, 65536).decode()
                except OSError:  # the terminal was hung up: the process has ended
                    break
            elif process.poll() is not None:
                break
            if behind and "invalidate" in seen:
                os.write(ours, behind.encode())
                behind = ""
            if seen.count("Type yes") > asked:
                os.write(ours, answers[asked].encode())
                asked += 1
        out, _ = process.communicate(timeout=10)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    return process.returncode, out.decode(), seen


def test_a_person_sees_the_plan_and_types_yes(tmp_path: Path) -> None:
    code, out, seen = at_a_terminal(["yes\n"], tmp_path)
    assert code == 0
    assert "opcache_invalidate(" in seen
    assert "PRODUCTION" in seen
    assert json.loads(out)["status"] == "done"


@pytest.mark.parametrize("answer", ["y\n", "\n", "YES\n", "\x04"])
def test_any_other_answer_leaves_it(tmp_path: Path, answer: str) -> None:
    code, out, seen = at_a_terminal([answer], tmp_path)
    assert (code, out) == (1, "")
    assert "not confirmed: nothing was done" in seen


@pytest.mark.parametrize("typed", [{"ahead": "yes\n"}, {"ahead": "yes\nyes\nyes\n"}, {"behind": "yes\n"}, {"ahead": "ye", "behind": "s\n"}])
def test_what_was_typed_before_the_question_answers_nothing(tmp_path: Path, typed: dict[str, str]) -> None:
    """``stalewatch fix web1`` and a ``yes`` that was pasted behind it."""
    code, out, seen = at_a_terminal(["no\n"], tmp_path, **typed)
    assert (code, out) == (1, "")
    assert "not confirmed: nothing was done" in seen


def test_nor_does_it_answer_a_plan_that_changed(tmp_path: Path) -> None:
    code, out, _ = at_a_terminal(["yes\nyes\n", "no\n"], tmp_path, plans="[plan, changed]")
    assert (code, out) == (1, "")


def test_ctrl_c_at_the_question_leaves_it_quietly(tmp_path: Path) -> None:
    code, out, seen = at_a_terminal(["\x03"], tmp_path)
    assert (code, out) == (130, "")
    assert seen.partition("cancel: ")[2].strip() == "^C"


def test_an_answer_to_a_plan_whose_evidence_has_changed_does_not_count(tmp_path: Path) -> None:
    code, out, seen = at_a_terminal(["yes\n", "no\n"], tmp_path, plans="[plan, changed]")
    assert (code, out) == (1, "")
    assert "have changed since this plan was made" in seen
    code, out, seen = at_a_terminal(["yes\n", "yes\n"], tmp_path, plans="[plan, changed]")
    assert code == 0
    assert seen.count("Type yes") == 2
