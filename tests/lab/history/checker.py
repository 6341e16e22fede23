"""Which rules a history breaks. Pure: no I/O, no clock."""

from __future__ import annotations

import itertools
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.lab.history.events import Command, History, Lock, PoolRequest, Run, Sent, Visit

SKEW = 0.05
"""Seconds that two logs of one moment may differ."""
SEEN_BY_A_LOOK = 0.5
"""Seconds before a proof begins that an edit must be over to be seen by it."""
LINGERS, LINGERS_STRUCK = 20.0, 75.0
"""Seconds that processes of a run may be on a server after its end: as it should be, and after a fault (lease, running step)."""
LAST = "last"
"""The operator who fixes what is left when all others are gone."""
ENDS = {"SIGKILL": {-signal.SIGKILL}, "SIGTERM": {143, -signal.SIGTERM}, "SIGHUP": {129, -signal.SIGHUP}, "SIGINT": {130, -signal.SIGINT}}
"""The exit codes that a signal explains."""
TOLD = (129, 130, 143)
"""Those of a run that was told to end, and ended its step first."""


@dataclass(frozen=True)
class Violation:
    """*rule*: of :data:`RULES`."""

    rule: str
    at: float
    host: str
    run: str
    words: str


def check(history: History) -> list[Violation]:
    """Every violation, the earliest first."""
    return sorted((one for rule in RULES.values() for one in rule(history)), key=lambda one: one.at)


def one_at_a_time(history: History) -> Iterator[Violation]:
    """Two runbooks never hold one application or one FPM master."""
    for host in {lock.host for lock in history.locks}:
        held = sorted((lock for lock in history.locks if lock.host == host), key=lambda lock: lock.begun)
        for first, second in itertools.pairwise(held):
            end = _end(first, history)
            if second.begun < end:
                words = f"begins {end - second.begun:.3f} s before {first.run} is over"
                yield Violation("one at a time", second.begun, host, second.run, words)


def under_the_lock(history: History) -> Iterator[Violation]:
    """Whatever acts does so while its own run holds the lock."""
    for command in history.commands:
        if not any(
            _covers(lock, command.begun, command.ended or command.begun, history) for lock in _locks(history, command.host, command.run)
        ):
            yield Violation("under the lock", command.begun, command.host, command.run, f"runs without the lock: {command.words}")
    for request in history.requests:
        runs = {sent.run for sent in _explains(request, history)}
        if runs and not any(_touches(lock, request, history) for run in runs for lock in _locks(history, request.host, run)):
            yield Violation("under the lock", request.latest, request.host, " ".join(sorted(runs)), f"{request.verb} without the lock")


def logged(history: History) -> Iterator[Violation]:
    """What a server did for us is in the audit log of the run that made it do so, from before it was done."""
    done: Counter[tuple[str, str, str]] = Counter()
    for command in sorted(history.commands, key=lambda one: one.begun):
        key = (command.host, command.run, command.words)
        done[key] += 1
        known = [sent for sent in history.sent if (sent.host, sent.run) == key[:2] and command.words in sent.command]
        if sum(sent.at <= command.begun + SKEW for sent in known) < done[key]:
            yield Violation("logged", command.begun, command.host, command.run, f"was never sent by its audit log: {command.words}")
    for request in history.requests:
        if not list(_explains(request, history)):
            yield Violation("logged", request.latest, request.host, "", f"{request.verb}: no audit log has a step for it")
    for host, count in history.reloads.items():
        told = sum((one.host == host and "reload" in one.words.split()) or "-USR2" in one.words for one in history.commands)
        if count > told:
            yield Violation("logged", 0.0, host, "", f"FPM reloaded {count} times, {told} reloads were permitted by sudo")


def outcomes(history: History) -> Iterator[Violation]:
    """A run that ended by itself, or after one signal that it could hear, has the outcome of everything that it sent."""
    by_name = {run.name: run for run in history.runs}
    signals = Counter(fault.run for fault in history.faults if fault.kind in ENDS)
    for sent in history.sent:
        run = by_name.get(sent.run)
        if run is None or sent.outcome_at is not None:
            continue
        if run.code in (0, 1, 2, 3) or (run.code in TOLD and signals[run.name] == 1):
            yield Violation("outcomes", sent.at, sent.host, sent.run, f"no outcome of {sent.step}, exit code {run.code}")


def zero_is_new(history: History) -> Iterator[Violation]:
    """Exit 0: what was on the disk before the proof is served."""
    for run in history.runs:
        if run.code != 0:
            continue
        for host, status in run.results.items():
            if status != "done":
                yield Violation("zero is new", run.ended, host, run.name, f"exit 0, and its result is {status}")
        for host, numbers in run.served.items():
            for what, number in numbers.items():
                wanted = _on_disk(history, run, host, what)
                if number < wanted:
                    words = f"exit 0, and {what} {number} is served, {wanted} was on the disk before the proof"
                    yield Violation("zero is new", run.ended, host, run.name, words)


def nothing_left(history: History) -> Iterator[Violation]:
    """Nothing of a run stays on a server: no process soon after its end, no lock and no file at the end."""
    struck = {fault.run for fault in history.faults if fault.run}
    for lived in history.lived:
        run = next((run for run in history.runs if run.name == lived.run), None)
        if run is None:
            continue
        disturbed = run.name in struck or any(
            not fault.run and run.begun <= fault.until and fault.at <= run.ended for fault in history.faults
        )
        limit = LINGERS_STRUCK if disturbed else LINGERS
        if lived.last > run.ended + limit:
            yield Violation("nothing left", lived.last, lived.host, run.name, f"its processes lived {lived.last - run.ended:.0f} s longer")
    for left in history.left:
        yield Violation("nothing left", 0.0, left.host, "", f"left: {left.what}")


def still_answers(history: History) -> Iterator[Violation]:
    """An application that answered keeps answering, and never older code than it did.

    While artisan caches the configuration its old cache is away, and a request reads the files themselves: that is no promise yet.
    """
    newest: dict[tuple[str, str], int] = {}
    for visit in sorted(history.visits, key=lambda one: one.at):
        if visit.status >= 500 or (visit.status and visit.number is None):
            yield Violation("still answers", visit.at, visit.host, "", f"{visit.what}: status {visit.status}")
        elif visit.number is not None:
            before = newest.get((visit.host, visit.what), 0)
            if visit.number < before:
                yield Violation("still answers", visit.at, visit.host, "", f"{visit.what} {visit.number} is served after {before}")
            if not any(_rebuilds(command, visit) for command in history.commands):
                newest[visit.host, visit.what] = max(before, visit.number)


def exit_codes(history: History) -> Iterator[Violation]:
    """A run ends by itself with 0, 1 or 3, or by the signal it got; never with a traceback."""
    for run in history.runs:
        kinds = {fault.kind for fault in history.faults if fault.run == run.name}
        allowed = {0, 1, 3}.union(*(ENDS.get(kind, set()) for kind in kinds))
        if run.code not in allowed or "Traceback" in run.stderr or "did not end" in run.stderr:
            said = " ".join(run.stderr.split())[-300:]
            yield Violation(
                "exit codes", run.ended, "", run.name, f"exit code {run.code} after {', '.join(sorted(kinds)) or 'no fault'}: {said}"
            )


def healed(history: History) -> Iterator[Violation]:
    """When all is quiet, one fix heals whatever the others left."""
    for run in history.runs:
        if run.operator == LAST and run.code != 0:
            said = " ".join(f"{host} {status}" for host, status in run.results.items())
            yield Violation("healed", run.ended, "", run.name, f"the last fix, which nobody disturbed, ended with {run.code}: {said}")


RULES: dict[str, Callable[[History], Iterator[Violation]]] = {
    "one at a time": one_at_a_time,
    "under the lock": under_the_lock,
    "logged": logged,
    "outcomes": outcomes,
    "zero is new": zero_is_new,
    "nothing left": nothing_left,
    "still answers": still_answers,
    "exit codes": exit_codes,
    "healed": healed,
}


def _locks(history: History, host: str, run: str) -> list[Lock]:
    return [lock for lock in history.locks if (lock.host, lock.run) == (host, run)]


def _end(lock: Lock, history: History) -> float:
    """When a lock was let go. Whose holder was killed: when the last command that it began has ended."""
    if lock.ended is not None:
        return lock.ended
    later = min((other.begun for other in _locks(history, lock.host, lock.run) if other.begun > lock.begun), default=float("inf"))
    own = [one for one in history.commands if (one.host, one.run) == (lock.host, lock.run) and lock.begun <= one.begun < later]
    return max([one.ended or one.begun for one in own], default=lock.begun)


def _covers(lock: Lock, begun: float, ended: float, history: History) -> bool:
    return lock.begun - SKEW <= begun and ended <= _end(lock, history) + SKEW


def _touches(lock: Lock, request: PoolRequest, history: History) -> bool:
    """Whether a request may have been made under *lock*; of a killed holder it is not known when it was over."""
    end = lock.ended if lock.ended is not None else float("inf")
    return lock.begun - SKEW <= request.latest and request.earliest <= end + SKEW


def _explains(request: PoolRequest, history: History) -> Iterator[Sent]:
    """The sent steps that a request may belong to: their outcome came after it, or is not known."""
    for sent in history.sent:
        kind = "opcache_invalidate(" if request.verb == "invalidate" else "artisan"
        if sent.host != request.host or kind not in sent.command or sent.at > request.latest + SKEW:
            continue
        if sent.outcome_at is None or sent.status == "unknown" or request.earliest <= sent.outcome_at + SKEW:
            yield sent


def _rebuilds(command: Command, visit: Visit) -> bool:
    """Whether artisan ran during *visit*; one whose end sudo did not log may still run."""
    end = command.ended if command.ended is not None else float("inf")
    return command.host == visit.host and " /srv/app/artisan " in command.words and command.begun - SKEW <= visit.until and visit.at <= end


def _on_disk(history: History, run: Run, host: str, what: str) -> int:
    """The newest number that was there before the run's last proof began; where there was nothing to prove, before the run."""
    since = run.proving.get(host, run.begun) - SEEN_BY_A_LOOK
    edits = [edit.number for edit in history.edits if (edit.host, edit.what) == (host, what) and edit.ended <= since]
    return max(edits, default=1)


def counts(history: History) -> dict[str, int]:
    """How much happened, by kind: a history in which nothing did proves nothing."""
    codes = Counter(f"exit {run.code}" for run in history.runs)
    faults = Counter(fault.kind for fault in history.faults)
    requests = Counter(request.verb for request in history.requests)
    return {
        "runs": len(history.runs),
        **dict(sorted(codes.items())),
        "edits": len(history.edits),
        "faults": len(history.faults),
        **dict(sorted(faults.items())),
        "locks": len(history.locks),
        "commands": len(history.commands),
        **dict(sorted(requests.items())),
        "reloads": sum(history.reloads.values()),
        "visits": len(history.visits),
        "without an answer": sum(visit.status == 0 for visit in history.visits),
    }


__all__ = ["Command", "Violation", "check", "counts"]
