"""How every server of a run ended, also those on which nothing was run: what is fine, what is partly, what nobody knows."""

from __future__ import annotations

import msgspec
import pytest

from stalewatch.diagnosis.smoke import APP_ERROR
from stalewatch.engine.comparison import compared
from stalewatch.model.inventory import Fleet, Server
from stalewatch.model.report import Layer, Report, Verdict
from stalewatch.model.snapshot import AppLayout, ReleaseFacts, Unseen
from stalewatch.model.text import safe
from stalewatch.runbook.plan import Choice, Request, Status
from stalewatch.runbook.result import blocked_ones, compared_again, left_alone, overall, still_old
from tests.builders.runbook import APP, T0, finding, host, plan, report

BROKEN = APP_ERROR.finding("application", "the application is broken: GET / answers 500", [])
SOON = finding(Layer.OPCACHE, Verdict.PENDING, until=T0 + 2)
AT_NEXT_USE = finding(Layer.OPCACHE, Verdict.PENDING)


def maintained(*findings: object) -> Report:
    return report(*findings, host_facts=host(layout=AppLayout(kind="laravel", maintenance=True)))  # type: ignore[arg-type]


UNSEEN = report(host_facts=Unseen(code="link.refused", message=safe("no route to host")))


@pytest.mark.parametrize(
    ("seen", "status"),
    [
        (report(), Status.DONE),
        (report(AT_NEXT_USE), Status.DONE),
        (report(SOON), Status.FAILED),
        (report(finding(Layer.CONFIG)), Status.FAILED),
        (report(layers={Layer.WORKERS: Verdict.UNKNOWN}), Status.FAILED),
        (report(BROKEN), Status.FAILED),
        (maintained(BROKEN), Status.DONE),
        (UNSEEN, Status.UNKNOWN),
    ],
)
def test_nothing_to_do_is_fine_only_where_the_new_code_is_served_and_the_application_answers(seen: Report, status: Status) -> None:
    told = left_alone(seen)
    assert (told.step, told.status) == ("result", status)


def test_what_keeps_a_server_from_being_fine_is_said() -> None:
    assert left_alone(report(BROKEN)).evidence["health.app-error"] == "the application is broken: GET / answers 500"


@pytest.mark.parametrize(("seen", "seconds"), [(report(SOON), 2), (report(AT_NEXT_USE), 0), (report(SOON, at=T0 + 9), 0), (report(), 0)])
def test_old_code_is_served_as_long_as_a_pending_finding_says(seen: Report, seconds: float) -> None:
    assert still_old(seen) == seconds


def test_a_server_that_could_not_be_looked_at_is_unknown_and_has_a_result() -> None:
    made = plan([report(server="web1"), UNSEEN], Request(choice=Choice.FIX))
    (told,) = blocked_ones(made).values()
    assert (told.step, told.status) == ("result", Status.UNKNOWN)
    assert told.evidence["blocked"] == "not seen: no route to host"


def on(commit: str, server: str) -> Report:
    release = ReleaseFacts(root=safe(APP), commit=safe(commit * 40))
    return report(server=server, host_facts=host(release=release))


def test_a_verified_server_that_lacks_the_commit_of_the_others_is_partly() -> None:
    fleet = Fleet(servers=tuple(Server(target=name, name=name) for name in ("web1", "web2", "web3")))
    seen = [on("a", "web1"), on("a", "web2"), on("b", "web3")]
    ended = {each.key: Status.DONE for each in seen}
    assert compared_again(ended, compared(fleet, seen[:2])) == {}
    mixed = compared(fleet, seen)
    again = compared_again(ended, mixed)
    assert again
    assert {told.status for told in again.values()} == {Status.PARTLY}
    assert {told.step for told in again.values()} == {"result"}
    assert all("release.mixed" in told.evidence for told in again.values())
    assert compared_again(dict.fromkeys(ended, Status.FAILED), mixed) == {}, "a failure stays one"
    quiet = [msgspec.structs.replace(one, findings=()) for one in mixed]
    assert compared_again(ended, quiet) == {}


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        ({Status.DONE}, Status.DONE),
        (set(), Status.DONE),
        ({Status.DONE, Status.PARTLY}, Status.PARTLY),
        ({Status.PARTLY, Status.SKIPPED}, Status.FAILED),
        ({Status.PARTLY, Status.FAILED}, Status.FAILED),
        ({Status.PARTLY, Status.FAILED, Status.UNKNOWN}, Status.UNKNOWN),
    ],
)
def test_a_run_is_as_bad_as_its_worst_server(statuses: set[Status], status: Status) -> None:
    assert overall(statuses) is status
