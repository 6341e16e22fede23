"""The checker on histories made by hand: one in which all is well, and one for each way to break each rule."""

from __future__ import annotations

import signal
from dataclasses import replace

import pytest

from tests.lab.history import checker, plan
from tests.lab.history.events import Command, Edit, Fault, History, Left, Lived, Lock, PoolRequest, Run, Sent, Visit
from tests.lab.history.operators import pair_up
from tests.lab.history.recorder import commands, locks

ARTISAN = "/usr/bin/php /srv/app/artisan config:cache"
REBUILD = Sent("anna-1", "web1", "config:cache", f"sudo -n -u www-data {ARTISAN}", 101.0, 104.5, "done")
INVALIDATE = Sent("anna-1", "web1", "invalidate", "opcache_invalidate('/srv/app/x.php', true)", 105.0, 105.3, "done")
FIXED = Run(
    "anna-1",
    "anna",
    (),
    begun=99.0,
    ended=110.0,
    code=0,
    proving={"web1": 107.0},
    results={"web1": "done"},
    served={"web1": {"config": 2}},
)
REFUSED = Run("bert-1", "bert", (), begun=102.0, ended=103.0, code=1, results={"web1": "failed"})
RAN = Command("web1", "anna-1", ARTISAN, 102.0, 103.0)
GOOD = History(
    runs=(FIXED, REFUSED),
    edits=(Edit("web1", "config", 2, 90.0, 90.1), Edit("web1", "config", 3, 106.8, 106.9)),
    commands=(RAN,),
    requests=(
        PoolRequest("web1", "keep", 101.5, 101.6),
        PoolRequest("web1", "settle", 103.5, 103.6),
        PoolRequest("web1", "invalidate", 105.1, 105.2),
    ),
    locks=(Lock("web1", "anna-1", 100.0, 109.0),),
    sent=(REBUILD, INVALIDATE),
    lived=(Lived("web1", "anna-1", 110.5),),
    visits=(Visit("web1", "config", 100.0, 200, 1), Visit("web1", "config", 106.0, 200, 2)),
    reloads={"web1": 0},
)


def broken(history: History) -> list[str]:
    return [one.rule for one in checker.check(history)]


def test_a_history_in_which_all_is_well() -> None:
    assert checker.check(GOOD) == []
    assert checker.counts(GOOD)["runs"] == 2


def test_two_runbooks_at_once() -> None:
    second = Lock("web1", "bert-1", 108.9, 112.0)
    assert broken(replace(GOOD, locks=(*GOOD.locks, second))) == ["one at a time"]
    assert broken(replace(GOOD, locks=(*GOOD.locks, replace(second, host="web2")))) == []
    assert broken(replace(GOOD, locks=(*GOOD.locks, replace(second, begun=109.1)))) == []


def test_a_second_runbook_while_the_step_of_a_killed_holder_goes_on() -> None:
    killed = replace(GOOD, locks=(Lock("web1", "anna-1", 100.0, None), Lock("web1", "bert-1", 102.9, 104.0)))
    assert "one at a time" in broken(killed)
    later = replace(killed, locks=(killed.locks[0], replace(killed.locks[1], begun=103.1)))
    assert "one at a time" not in broken(later)


def test_a_command_without_the_lock() -> None:
    assert "under the lock" in broken(replace(GOOD, locks=(Lock("web1", "anna-1", 104.0, 109.0),)))
    assert "under the lock" in broken(replace(GOOD, locks=(Lock("web1", "anna-1", 100.0, 102.5), Lock("web1", "anna-1", 104.0, 109.0))))
    assert "under the lock" in broken(replace(GOOD, locks=(Lock("web1", "bert-1", 100.0, 109.0),)))


def test_a_request_that_acts_without_the_lock() -> None:
    stopped = replace(GOOD, locks=(Lock("web1", "anna-1", 100.0, 104.0),))
    assert broken(stopped) == ["under the lock"]


def test_a_command_that_no_audit_log_has() -> None:
    assert broken(replace(GOOD, commands=(RAN, replace(RAN, words="/usr/bin/php /srv/app/artisan down")))) == ["logged"]
    assert broken(replace(GOOD, commands=(RAN, replace(RAN, begun=103.1, ended=103.2)))) == ["logged"], "sent once, run twice"


def test_a_command_that_was_logged_too_late_or_by_somebody_else() -> None:
    assert "logged" in broken(replace(GOOD, sent=(replace(REBUILD, at=102.5), INVALIDATE)))
    assert "logged" in broken(replace(GOOD, sent=(replace(REBUILD, run="bert-1"), INVALIDATE)))
    assert "logged" in broken(replace(GOOD, sent=(replace(REBUILD, host="web2"), INVALIDATE)))
    assert "logged" in broken(replace(GOOD, commands=(RAN, replace(RAN, run=""))))


def test_a_request_that_no_audit_log_has() -> None:
    assert broken(replace(GOOD, requests=(*GOOD.requests, PoolRequest("web1", "invalidate", 108.0, 108.1)))) == ["logged"]
    assert broken(replace(GOOD, requests=(PoolRequest("web1", "keep", 100.5, 100.6),))) == ["logged"]


def test_a_reload_that_nobody_was_permitted() -> None:
    assert broken(replace(GOOD, reloads={"web1": 1})) == ["logged"]


def test_a_step_without_an_outcome() -> None:
    lost = (replace(REBUILD, outcome_at=None, status=""), INVALIDATE)
    assert broken(replace(GOOD, sent=lost)) == ["outcomes"]
    struck = replace(FIXED, code=-signal.SIGKILL, served={})
    killed = replace(GOOD, sent=lost, runs=(struck, REFUSED), faults=(Fault("SIGKILL", 103.0, 103.0, "anna-1", "web1"),))
    assert broken(killed) == []
    told = replace(killed, runs=(replace(struck, code=143), REFUSED), faults=(Fault("SIGTERM", 103.0, 103.0, "anna-1", "web1"),))
    assert broken(told) == ["outcomes"]
    twice = replace(told, faults=(*told.faults, Fault("SIGINT", 103.5, 103.5, "anna-1", "web1")))
    assert broken(twice) == [], "told twice, it leaves at once"


def test_exit_0_with_old_code_served() -> None:
    old = replace(FIXED, served={"web1": {"config": 1}})
    assert broken(replace(GOOD, runs=(old, REFUSED))) == ["zero is new"]
    assert broken(replace(GOOD, runs=(replace(old, code=1), REFUSED))) == []


def test_an_edit_after_the_proof_began_may_be_unseen_and_one_before_may_not() -> None:
    assert broken(replace(GOOD, edits=(Edit("web1", "config", 3, 106.0, 106.4),))) == ["zero is new"]
    assert broken(replace(GOOD, edits=(Edit("web1", "config", 3, 107.1, 107.2),))) == []


def test_exit_0_where_nothing_was_to_be_done_and_something_was() -> None:
    idle = replace(FIXED, proving={})
    assert broken(replace(GOOD, runs=(idle, REFUSED), edits=(Edit("web1", "config", 3, 98.0, 98.1),))) == ["zero is new"]
    assert broken(replace(GOOD, runs=(idle, REFUSED), edits=(Edit("web1", "config", 3, 99.5, 99.6),))) == []


def test_exit_0_with_a_server_that_is_not_done() -> None:
    partly = replace(FIXED, results={"web1": "done", "web2": "skipped"})
    assert broken(replace(GOOD, runs=(partly, REFUSED))) == ["zero is new"]


@pytest.mark.parametrize("what", ["a lock of anna-1", "/tmp/stalewatch-run.7.abc", "bootstrap/cache/.stalewatch"])
def test_something_is_left(what: str) -> None:
    assert broken(replace(GOOD, left=(Left("web1", what),))) == ["nothing left"]


def test_processes_that_outlive_their_run() -> None:
    late = replace(GOOD, lived=(Lived("web1", "anna-1", 131.0),))
    assert broken(late) == ["nothing left"]
    faults = (Fault("SIGTERM", 105.0, 105.0, "anna-1", "web1"), Fault("cut", 105.0, 105.0, "", "web1"))
    assert [broken(replace(late, faults=(fault,))) for fault in faults] == [[], []]
    assert broken(replace(late, faults=faults, lived=(Lived("web1", "anna-1", 200.0),))) == ["nothing left"]


def test_an_application_that_does_not_answer_any_more() -> None:
    assert broken(replace(GOOD, visits=(*GOOD.visits, Visit("web1", "config", 107.0, 500, None)))) == ["still answers"]
    assert broken(replace(GOOD, visits=(*GOOD.visits, Visit("web1", "config", 107.0, 200, None)))) == ["still answers"]
    assert broken(replace(GOOD, visits=(*GOOD.visits, Visit("web1", "config", 107.0, 0, None)))) == [], "a reload drops requests"


def test_older_code_than_before_is_served() -> None:
    older = Visit("web1", "config", 107.0, 200, 1, 107.1)
    assert broken(replace(GOOD, visits=(*GOOD.visits, older))) == ["still answers"]
    meanwhile = Visit("web1", "config", 102.9, 200, 2, 103.1)
    assert broken(replace(GOOD, visits=(GOOD.visits[0], meanwhile, older))) == [], "the old cache was away, and came back"
    assert broken(replace(GOOD, visits=(GOOD.visits[0], replace(meanwhile, at=103.1, until=103.2), older))) == ["still answers"]


def test_exit_codes_that_nothing_explains() -> None:
    crashed = replace(REFUSED, stderr="Traceback (most recent call last)")
    assert broken(replace(GOOD, runs=(FIXED, crashed))) == ["exit codes"]
    killed = replace(REFUSED, code=-signal.SIGTERM)
    assert broken(replace(GOOD, runs=(FIXED, killed))) == ["exit codes"]
    assert broken(replace(GOOD, runs=(FIXED, killed), faults=(Fault("SIGTERM", 102.0, 102.0, "bert-1"),))) == []
    assert broken(replace(GOOD, runs=(FIXED, killed), faults=(Fault("freeze", 102.0, 104.0, "bert-1"),))) == ["exit codes"]
    assert broken(replace(GOOD, runs=(FIXED, replace(REFUSED, stderr="it did not end within 150 s")))) == ["exit codes"]


def test_a_last_fix_that_does_not_heal() -> None:
    last = Run("last-1", "last", (), 200.0, 205.0, 1, results={"web1": "failed"})
    assert broken(replace(GOOD, runs=(*GOOD.runs, last))) == ["healed"]
    assert broken(replace(GOOD, runs=(*GOOD.runs, replace(last, code=0, results={"web1": "done"})))) == []


# ------------------------------------------------------------------------------------------------------------ what is recorded


def test_the_begin_and_the_end_of_a_command_by_sudo_itself() -> None:
    accept = (
        '@cee:{"sudo":{"accept":{"uuid":"u","server_time":{"seconds":7,"nanoseconds":500000000},"runargv":["/bin/x","-t"],'
        '"runenv":["PATH=/bin","XDG_RUNTIME_DIR=anna-1"]}}}'
    )
    ended = '@cee:{"sudo":{"exit":{"uuid":"u","exit_time":{"seconds":8,"nanoseconds":0},"exit_value":0}}}'
    entries = [{"SYSLOG_IDENTIFIER": "sudo", "MESSAGE": text} for text in (accept, "pam_unix(sudo:session): session opened", ended)]
    assert commands("web1", entries) == [Command("web1", "anna-1", "/bin/x -t", 7.5, 8.0)]
    assert commands("web1", entries[:1]) == [Command("web1", "anna-1", "/bin/x -t", 7.5, None)]


def test_the_locks_by_the_words_of_their_holders() -> None:
    told = (
        (1, "anna-1@vm: fix on /srv/app: begins"),
        (2, "anna-1@vm: config:cache on /srv/app begins: sudo x"),
        (3, "anna-1@vm: fix on /srv/app: over"),
        (4, "bert-1@vm: looking back at fix on /srv/app: begins"),
    )
    entries = [{"SYSLOG_IDENTIFIER": "stalewatch", "MESSAGE": text, "_SOURCE_REALTIME_TIMESTAMP": str(at * 1_000_000)} for at, text in told]
    assert locks("web1", entries) == [Lock("web1", "anna-1", 1.0, 3.0), Lock("web1", "bert-1", 4.0, None)]


def test_an_outcome_belongs_to_the_last_send_of_its_step() -> None:
    entry = {"who": "anna-1@vm", "server": "web1", "step": "reload"}
    entries: list[dict[str, object]] = [
        {**entry, "at": 1.0, "event": "send", "command": "a"},
        {**entry, "at": 2.0, "event": "outcome", "status": "unknown"},
        {**entry, "at": 3.0, "event": "outcome", "status": "done"},
        {**entry, "at": 4.0, "event": "send", "command": "a"},
    ]
    assert pair_up(entries) == [Sent("anna-1", "web1", "reload", "a", 1.0, 3.0, "done"), Sent("anna-1", "web1", "reload", "a", 4.0)]


def test_a_seed_is_a_plan() -> None:
    made = plan.make(7, 600, ("web1", "web2"))
    assert made == plan.make(7, 600, ("web1", "web2")) != plan.make(8, 600, ("web1", "web2"))
    assert {strike.kind for strike in made.strikes} == set(plan.FAULTS)
    assert {change.what for change in made.changes} == set(plan.EDITS)
    assert any(strike.seconds > plan.LEASE for strike in made.strikes), "somebody is silent for longer than the lease"
    assert all(0 <= one.at < 600 for one in (*made.changes, *made.strikes))
