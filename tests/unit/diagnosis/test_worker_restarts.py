"""Workers that a runbook told to end: who is awaited, until when, and the line that starts them again."""

from __future__ import annotations

from typing import Any

import pytest

from stalewatch.diagnosis.diagnose import diagnose
from stalewatch.diagnosis.memory import Awaited, Memory
from stalewatch.diagnosis.worker_restarts import awaited_with, restart_lines
from stalewatch.model.replace import replace
from stalewatch.model.report import Layer, Report, Verdict
from stalewatch.model.snapshot import QueueWorker, Unseen
from stalewatch.model.text import safe
from tests.builders import values
from tests.builders.snapshots import at, codes, only, quiet, with_host

OLD, NEW = -5000.0, 2.0
"""Starts, in seconds from the look."""


def worker(pid: int, started: float = OLD, kind: Any = "queue", title: str = "php artisan queue:work", **more: Any) -> QueueWorker:
    return QueueWorker(kind=kind, process=values.process(pid, at(started), title), user=safe("www-data"), replaced=False, **more)


def awaiting(*workers: QueueWorker, memory: Memory | None = None, told: float = 0.0) -> Memory:
    return Memory(awaited=awaited_with(memory.awaited if memory else (), workers, at(told)))


def looked(memory: Memory, *workers: QueueWorker, later: float = 10.0, **more: Any) -> tuple[Memory, Report]:
    return diagnose(memory, with_host(later, queue_workers=workers, **more))


def test_a_server_that_never_had_workers_or_whose_workers_a_person_ended_has_none() -> None:
    memory, report = looked(Memory(), worker(7))
    assert report.layers[Layer.WORKERS] is Verdict.FRESH
    _, report = looked(memory, later=20)
    quiet(report)
    assert report.layers[Layer.WORKERS] is Verdict.ABSENT


def test_workers_that_did_not_come_back_are_told_at_every_look_until_as_many_run() -> None:
    memory = awaiting(worker(7), worker(8))
    memory, report = looked(memory)
    found = only(report, Layer.WORKERS, Verdict.SUSPECT, "workers.not-back")
    assert found.summary == "2 of 2 queue workers did not come back after the restart"
    memory, report = looked(memory, worker(17, NEW), later=20)
    assert only(report, Layer.WORKERS, Verdict.SUSPECT, "workers.not-back").summary.startswith("1 of 2 queue workers")
    memory, report = looked(memory, worker(17, NEW), worker(18, NEW), later=30)
    quiet(report)
    assert memory.awaited == ()
    _, report = looked(memory, later=40)
    quiet(report)


def test_a_worker_that_has_not_ended_yet_is_neither_back_nor_missing() -> None:
    memory, report = looked(awaiting(worker(7)), worker(7))
    assert "workers.not-back" not in codes(report)
    assert memory.awaited, "it may end with its job"
    memory, report = looked(memory, later=20)
    assert "workers.not-back" in codes(report)
    memory, _ = looked(awaiting(worker(7)), worker(7), later=3700)
    assert memory.awaited == (), "it has not heard it, so it owes no other one"


def test_a_second_restart_forgets_nobody() -> None:
    first = awaiting(worker(7), worker(8))
    again = awaiting(worker(17, NEW), memory=first, told=60)
    _, report = looked(again, worker(27, 65.0), later=70)
    assert only(report, Layer.WORKERS, Verdict.SUSPECT, "workers.not-back").summary.startswith("1 of 2 queue workers")
    both = awaited_with(again.awaited, (worker(9, kind="reverb"),), at(80))
    assert [one.worker.kind for one in both] == ["queue", "queue", "reverb"]


def test_processes_that_are_hidden_tell_nothing() -> None:
    memory, report = looked(awaiting(worker(7)), hidden=Unseen(code="host.processes-hidden", message=safe("hidepid")))
    assert "workers.not-back" not in codes(report)
    assert memory.awaited


def test_a_clock_that_was_set_back_forgets_nobody() -> None:
    memory = replace(awaiting(worker(7)), at=at(9000))
    assert "workers.not-back" in codes(looked(memory)[1])


def test_what_starts_them_again_is_told_as_it_was_seen() -> None:
    own = worker(7, title="php artisan queue:work --tries=3")
    found = {
        "unit": (worker(7, unit=safe("laravel-worker.service")), "sudo systemctl start laravel-worker.service"),
        "of a user": (worker(7, unit=safe("user@1000.service/shop.service")), "sudo systemctl --user -M www-data@ start shop.service"),
        "supervisord": (
            worker(7, supervisor=safe("supervisord")),
            "sudo supervisorctl start PROGRAM (sudo supervisorctl status names it)",
        ),
        "nobody": (
            own,
            "cd /srv/app && sudo -u www-data php artisan queue:work --tries=3 (no supervisor was seen)",
        ),
    }
    for name, (gone, line) in found.items():
        (finding,) = [each for each in looked(awaiting(gone))[1].findings if each.code == "workers.not-back"]
        assert {one.label: one.value for one in finding.evidence}["start again"] == line, name


HORIZON = (
    worker(7, kind="horizon", title="php artisan horizon", unit=safe("horizon.service")),
    worker(8, kind="horizon", title="/usr/bin/php artisan horizon:supervisor web1:one redis", unit=safe("horizon.service")),
)


def balanced(first: int, many: int, started: float = OLD) -> tuple[QueueWorker, ...]:
    return tuple(worker(first + each, started, "horizon", "/usr/bin/php artisan horizon:work redis") for each in range(many))


def test_horizon_balances_how_many_of_its_own_come_back() -> None:
    memory = Memory(awaited=awaited_with((), HORIZON, at(0)))
    back = tuple(replace(each, process=replace(each.process, pid=each.process.pid + 10, started=at(NEW))) for each in HORIZON)
    _, report = looked(memory, *back, *balanced(30, 1, NEW))
    assert "workers.not-back" not in codes(report)
    _, report = looked(memory, back[0])
    assert "workers.not-back" in codes(report)


def test_restart_lines_name_each_unit_once() -> None:
    unit = safe("horizon.service")
    assert restart_lines([worker(7, unit=unit), worker(8, unit=unit), worker(9)]) == ("sudo systemctl restart horizon.service",)
    assert restart_lines([worker(7, supervisor=safe("runsv"))]) == ("restart it by runsv, which supervises it",)


@pytest.mark.parametrize("awaited", [(), (Awaited(1.0, worker(7)),)])
def test_a_look_without_the_host_keeps_what_is_awaited(awaited: tuple[Awaited, ...]) -> None:
    blind = replace(with_host(), host=Unseen(code="link.lost", message=safe("no")))
    assert diagnose(Memory(awaited=awaited), blind)[0].awaited == awaited


def test_horizons_own_processes_without_their_parent_are_told() -> None:
    lost = replace(balanced(30, 1, NEW)[0], orphan=True)
    _, report = looked(Memory(), *HORIZON, lost)
    (found,) = [finding for finding in report.findings if finding.code == "workers.orphaned"]
    assert found.summary == "1 process of Horizon has lost the one that started it"
    assert report.layers[Layer.WORKERS] is Verdict.SUSPECT
    _, report = looked(Memory(), *HORIZON, *balanced(30, 2, NEW))
    assert "workers.orphaned" not in codes(report)
