"""One whole history: hosts made ready, operators and faults let loose, and everything that was recorded put together."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path

from tests.lab import Lab
from tests.lab.history.checker import LAST
from tests.lab.history.events import History
from tests.lab.history.faults import PATIENCE, Faults
from tests.lab.history.operators import Operator
from tests.lab.history.plan import LEASE, OPERATORS, Plan
from tests.lab.history.recorder import Recorder
from tests.lab.history.watched import Watched


def happen(lab: Lab, fleet: Sequence[Watched], plan: Plan, directory: Path) -> History:
    """Let *plan* happen on *fleet*, whose hosts are in the known good state. At the end one operator fixes what is left, undisturbed."""
    operators = [Operator(name, lab, fleet, directory / name) for name in OPERATORS]
    faults = Faults(plan, fleet, operators)
    recorders = [Recorder(watched) for watched in fleet]
    over = threading.Event()
    with ThreadPoolExecutor(len(operators) + 2) as threads, ExitStack() as stack:
        for watched in fleet:
            stack.enter_context(watched.ready())
        for recorder in recorders:
            stack.enter_context(recorder.running())
        working = [threads.submit(operator.work, plan.arguments[operator.name], plan.pauses[operator.name], over) for operator in operators]
        striking = [threads.submit(work, over) for work in (faults.change, faults.strike)]
        working += striking
        wait(working, timeout=plan.seconds, return_when=FIRST_EXCEPTION)
        wait(striking, timeout=2 * PATIENCE, return_when=FIRST_EXCEPTION)  # where a fix is slow to begin
        over.set()
        faults.settle()
        for one in working:
            one.result()
        last = Operator(LAST, lab, fleet, directory / LAST)
        last.fix("--batch", str(len(fleet)))
        left = [one for recorder in recorders for one in recorder.left(LEASE + 10)]
    everybody = [*operators, last]
    return History(
        runs=tuple(run for operator in everybody for run in operator.runs),
        edits=tuple(faults.edits),
        faults=tuple(faults.struck),
        commands=tuple(one for recorder in recorders for one in recorder.commands),
        requests=tuple(one for recorder in recorders for one in recorder.requests),
        locks=tuple(one for recorder in recorders for one in recorder.locks),
        sent=tuple(one for operator in everybody for one in operator.sent()),
        lived=tuple(one for recorder in recorders for one in recorder.lived),
        visits=tuple(one for recorder in recorders for one in recorder.visits),
        left=tuple(left),
        reloads={recorder.watched.name: recorder.reloads for recorder in recorders},
    )
