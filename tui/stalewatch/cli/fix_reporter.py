"""What ``fix`` says and asks: the data on stdout, the question on stderr."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from stalewatch.cli.outputs import fix_lines
from stalewatch.cli.patient_stream import PatientStream
from stalewatch.cli.streams import as_bytes, emit, forget_typed, is_terminal, looks, tell, write_out
from stalewatch.runbook.audit_log import default_path
from stalewatch.runbook.plan import PROVEN, Plan, Progress, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

SEEN = 0.4
"""Seconds that a plan must have been on the terminal before anything answers it."""

PATIENCE = 5.0
"""Seconds that stdout has to take what is left, once all is done."""


class FixReporter:
    """*form* is ``text`` or ``json``. *stuck*: nobody takes what is written to stdout, and nobody will."""

    def __init__(self, form: str) -> None:
        self._json = form == "json"
        self._out: PatientStream | None = None
        self.stuck = False

    def dry_run(self, plan: Plan) -> None:
        """The plan is the answer."""
        emit(fix_lines.plan(plan) if self._json else self._drawn(plan, err=False))

    def plan(self, plan: Plan) -> None:
        """The plan of a run that was confirmed by ``--yes``. A script that reads lines of JSON reads steps only."""
        if not self._json:
            self._say(self._drawn(plan, err=False) + "\n")

    async def ask(self, plan: Plan) -> bool:
        """Show the plan and wait for the word ``yes``. A plan that changes nothing needs no answer.

        The question comes when the plan has been on the terminal for :data:`SEEN`; what was typed or pasted before it is forgotten.
        """
        tell(self._drawn(plan, err=True))
        if not plan.acting:
            return True
        await asyncio.sleep(SEEN)
        forget_typed()
        tell("\nType yes to run exactly this, anything else to cancel: ")
        answer = await _line()
        if not answer.endswith("\n"):
            tell("\n")
        return answer.strip() == "yes"

    def progress(self, progress: Progress) -> None:
        """One step, as it happens. Never raises: nobody listening is no reason to stop a runbook."""
        if self._json:
            self._say(fix_lines.line(progress))
        elif progress.status is not Status.RUNNING or is_terminal(sys.stdout):  # a log needs only how a step ended
            from stalewatch.cli.outputs import plan_text

            colour, width = looks()
            self._say(plan_text.progress_line(progress, colour=colour, width=width))

    def result(self, plan: Plan, statuses: Sequence[Status]) -> None:
        """One line for people: how it ended."""
        if self._json:
            return
        done = sum(status is Status.DONE for status in statuses)
        some = done < len(statuses) and any(status in PROVEN for status in statuses)
        unknown = [server.server for server, status in zip(plan.servers, statuses, strict=True) if status is Status.UNKNOWN]
        self._say(f"\n{'partly: ' if some else ''}{done} of {len(statuses)} verified or fine\n")
        if unknown:
            tell(f"stalewatch: outcome unknown on {', '.join(unknown)}: look again with stalewatch check before anything else\n")

    def close(self) -> bool:
        """Whether stdout took everything, or its reader has gone. Never raises.

        A terminal is waited for (Ctrl-S); whatever else takes nothing for :data:`PATIENCE` seconds is left, and so is the process: the
        interpreter would wait for it too.
        """
        if self._out is None:
            return True
        ended = self._out.close(None if is_terminal(sys.stdout) else PATIENCE)
        trouble = self._out.trouble
        if ended and (trouble is None or isinstance(trouble, BrokenPipeError)):
            return True
        why = trouble.strerror if trouble is not None else f"nobody reads it for {PATIENCE:g} s"
        tell(f"stalewatch: stdout can't be written ({why}): how it ended is in {default_path()}\n")
        if not ended:
            self.stuck = True
        return False

    def _say(self, data: str | bytes) -> None:
        if self._out is None:
            self._out = PatientStream(write_out)
        self._out.put(as_bytes(data))

    def _drawn(self, plan: Plan, *, err: bool) -> str:
        from stalewatch.cli.outputs import plan_text

        colour, width = looks(err=err)
        return plan_text.render(plan, colour=colour, width=width)


async def _line() -> str:
    """A line typed on the terminal. The loop runs on meanwhile: the links must answer keepalives while a person reads the plan."""
    loop = asyncio.get_running_loop()
    typed: asyncio.Future[str] = loop.create_future()

    def readable() -> None:
        loop.remove_reader(sys.stdin)
        if not typed.done():
            typed.set_result(sys.stdin.readline())

    loop.add_reader(sys.stdin, readable)
    try:
        return await typed
    finally:
        loop.remove_reader(sys.stdin)
