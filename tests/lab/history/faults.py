"""What a plan does to the fleet: code is changed, and whoever holds a lock is struck."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from tests.lab.history.events import Edit, Fault
from tests.lab.history.operators import Operator
from tests.lab.history.plan import DEPLOY, KILLS, Plan, Strike
from tests.lab.history.watched import Watched

PATIENCE = 8.0
"""Seconds that a strike waits for somebody who holds the lock."""


class Faults:
    """Does a plan, in two threads. ``edits`` and ``struck`` say what came of it."""

    def __init__(self, plan: Plan, fleet: Sequence[Watched], operators: Sequence[Operator]) -> None:
        self.edits: list[Edit] = []
        self.struck: list[Fault] = []
        self._plan = plan
        self._fleet = {watched.name: watched for watched in fleet}
        self._operators = operators
        self._later: list[threading.Timer] = []

    def change(self, over: threading.Event) -> None:
        """The changes, each at its time."""
        begun = time.monotonic()
        for change in self._plan.changes:
            if over.wait(max(begun + change.at - time.monotonic(), 0.0)):
                return
            watched = self._fleet[change.host]
            self.edits += watched.deploy() if change.what == DEPLOY else [watched.change(change.what)]

    def strike(self, over: threading.Event) -> None:
        """The strikes, each at its time, or as soon as somebody can be struck."""
        begun = time.monotonic()
        for strike in self._plan.strikes:
            if over.wait(max(begun + strike.at - time.monotonic(), 0.0)):
                return
            self._strike(strike, over)

    def settle(self) -> None:
        """Whatever is stopped goes on."""
        for timer in self._later:
            timer.join()

    def _strike(self, strike: Strike, over: threading.Event) -> None:
        watched = self._fleet[strike.host]
        deadline = time.monotonic() + PATIENCE
        while not (run := watched.holding()):
            if time.monotonic() > deadline or over.wait(0.02):
                return
        if over.wait(strike.delay):
            return
        if strike.kind in KILLS:
            self._signal(strike, run, signal.Signals[strike.kind])
        elif strike.kind == "freeze":
            if self._signal(strike, run, signal.SIGSTOP):
                self._after(strike.seconds, lambda: self._to_operator(run, signal.SIGCONT))
        elif strike.kind == "hang":
            stopped = watched.sessions()
            self._note(strike, "")
            _send(stopped, signal.SIGSTOP)
            self._after(strike.seconds, lambda: _send(stopped, signal.SIGCONT))
        elif strike.kind == "cut":
            self._note(strike, "")
            _send(watched.sessions(), signal.SIGKILL)
        elif pid := watched.holder():
            self._note(strike, run)
            _send([pid], signal.SIGKILL)

    def _signal(self, strike: Strike, run: str, number: signal.Signals) -> bool:
        at = time.time()
        hit = self._to_operator(run, number)
        if hit:
            self.struck.append(Fault(strike.kind, at, at + strike.seconds, run, strike.host))
        return hit

    def _to_operator(self, run: str, number: signal.Signals) -> bool:
        return any(operator.signal(run, number) for operator in self._operators)

    def _note(self, strike: Strike, run: str) -> None:
        at = time.time()
        self.struck.append(Fault(strike.kind, at, at + strike.seconds, run, strike.host))

    def _after(self, seconds: float, function: Callable[[], object]) -> None:
        timer = threading.Timer(seconds, function)
        self._later.append(timer)
        timer.start()


def _send(pids: Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
