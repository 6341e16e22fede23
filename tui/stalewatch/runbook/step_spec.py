"""What one kind of step is: when it is wanted, its command and words, what it risks, how it is proven, what sudo must permit. Pure.

Everything that handles steps (planner, verification, sudoers, the dialog, reports) reads these; nothing else knows a step by its name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from stalewatch.model.layers import Layer
from stalewatch.model.parsing import Parsed, Scripts
from stalewatch.model.redaction import redacted
from stalewatch.model.report import Finding, Remedy, Report
from stalewatch.model.text import SafeText, safe
from stalewatch.runbook.commands import Access, Command, permit, usable_name
from stalewatch.runbook.plan import Justification, LeftOut, Outcome, Phase, ServerPlan, Status, Step

if TYPE_CHECKING:
    from stalewatch.runbook.draft import Draft


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to prove *step* by. *before*, *after*: the reports around it. *said*, *code*: of its command (an exit code is no
    evidence but for a check). *invalidated*: script path -> no longer cached, as PHP answered; *parsed*: what it said of the scripts;
    *unwritable*: what keeps it from writing there ("" nothing)."""

    step: Step
    server: ServerPlan
    before: Report
    after: Report
    said: str = ""
    code: int = 0
    invalidated: Mapping[str, bool] = {}
    parsed: Parsed | None = None
    unwritable: Mapping[str, str] = {}

    @property
    def sent(self) -> int:
        """When it was sent at the earliest: whole seconds of the server's clock."""
        return math.floor(self.before.observed_at or 0.0)


def _nothing(*_: object) -> tuple[()]:
    return ()


class StepSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of step.

    *kind*: its name, also a plan's ``Step.kind``. *via*: ``shell`` (the command is run under the lock), ``fastcgi`` (PHP is asked to
    invalidate the step's paths, or to parse its scripts) or ``look``. *remedies*: which of a finding's remedies it carries out.
    *does*: the sentence of several such steps, with ``{}`` for what they are done to; *label*: the word before one ("": its phase).
    *interrupts*: whether requests in flight may be lost.

    *wanted*: the steps of this kind in a draft; a check (phase preflight) sees all acting steps of the draft, an acting one those before.
    *prove*: whether it did what it is for; status ``running`` is "not yet". *blocks*, *warns*: why a draft with such a step must not be
    run, and what a person must know first. *left_out*: what a person may expect of it and does not find. *grants*: every command that it
    may run. *answers*: findings that may stay after it although they are fixed.
    """

    kind: str
    phase: Phase
    wanted: Callable[[Draft], Sequence[Step]]
    prove: Callable[[Proof], Outcome]
    via: str = "shell"
    remedies: tuple[Remedy, ...] = ()
    does: str = ""
    label: str = ""
    interrupts: bool = False
    blocks: Callable[[Draft], Iterable[str]] = _nothing
    warns: Callable[[Draft], Iterable[str]] = _nothing
    left_out: Callable[[Draft], Iterable[LeftOut]] = _nothing
    grants: Callable[[Access], Iterable[Command]] = _nothing
    answers: Callable[[Finding], bool] = lambda _finding: False

    def step(
        self,
        command: str,
        reason: str,
        *,
        id: str = "",
        what: str = "",
        layer: Layer | None = None,
        paths: tuple[str, ...] = (),
        timeout: float = 60.0,
        causes: tuple[Justification, ...] = (),
        scripts: Scripts | None = None,
        idle: float | None = None,
    ) -> Step:
        """One step of this kind; the fields are those of :class:`stalewatch.runbook.plan.Step`."""
        return Step(
            id=id or self.kind,
            kind=self.kind,
            phase=self.phase,
            command=command,
            reason=safe(reason),
            via=self.via,
            paths=paths,
            layer=layer,
            timeout=timeout,
            causes=causes,
            does=self.does,
            what=safe(what),
            label=self.label or self.phase.value,
            interrupts=self.interrupts,
            scripts=scripts,
            idle=idle,
        )


def outcome(status: Status, /, **evidence: str) -> Outcome:
    """An Outcome of plain words, made safe."""
    return Outcome(status=status, evidence={key: safe(value) for key, value in evidence.items()})


def not_known(why: str, said: str) -> Outcome:
    """A check that could not tell: no reason to stop, and said."""
    return outcome(Status.DONE, unknown=why, **({"said": said} if said else {}))


def to_permit(proof: Proof, command: str) -> str:
    """What to write into sudoers, for the login that was refused *command* (``sudo -n …``)."""
    host = proof.before.host
    login = str(host.login) if host is not None and usable_name(str(host.login)) else "LOGIN"
    return f"in sudoers: {permit(command, login)}"


def last_lines(output: str, most: int = 3) -> SafeText:
    """The end of what a command said, in one line, without passwords and tokens."""
    return safe("; ".join(redacted(line.strip()) for line in output.strip().splitlines()[-most:])[-400:])
