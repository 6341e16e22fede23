"""FPM's own configuration test before a reload: a broken configuration and a reload leave no FPM. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model import figures, reasons
from stalewatch.model.snapshot import ConfigTest
from stalewatch.model.text import safe
from stalewatch.probe.host.parsers import fpm_test
from stalewatch.runbook.commands import Access, Command
from stalewatch.runbook.plan import LeftOut, Outcome, Phase, Status, Step
from stalewatch.runbook.step_spec import Proof, StepSpec, last_lines, not_known, outcome, to_permit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalewatch.runbook.draft import Draft

NAME = "php-fpm -t"


def command(access: Access) -> Command:
    """The test of the configuration that this master was started with."""
    config = ("-y", access.fpm_config) if access.fpm_config else ()
    return Command((access.fpm_binary, "-t", *config, *access.fpm_options), "root")


def _wanted(draft: Draft) -> list[Step]:
    if not draft.of_kind("reload") or not draft.access.fpm_binary:
        return []
    return [FPM_TEST.step(draft.access.text(command(draft.access)), "a reload with a broken configuration ends FPM", timeout=20.0)]


def _left_out(draft: Draft) -> Iterator[LeftOut]:
    if draft.of_kind("reload") and not draft.access.fpm_binary:
        yield LeftOut(safe(NAME), safe("the FPM binary is not known: its configuration is not tested"))


def _proven(proof: Proof) -> Outcome:
    said, result = last_lines(proof.said), fpm_test.read(proof.said)
    if isinstance(result, ConfigTest):
        if lost := _lost(proof):
            return outcome(Status.FAILED, **{NAME: lost})
        if result.valid and proof.code == 0:
            return outcome(Status.DONE, **{NAME: "the configuration is valid"})
        return outcome(Status.FAILED, **{NAME: result.said or said or f"exit code {proof.code}"})
    if result.code == reasons.FPM_TEST_UNCLEAR.code and proof.code not in (126, 127):
        return outcome(Status.FAILED, **{NAME: said or f"exit code {proof.code}"})
    denied = result.code == reasons.FPM_TEST_DENIED.code
    return not_known(f"{result.message} ({to_permit(proof, proof.step.command)})" if denied else result.message, said)


def _lost(proof: Proof) -> str:
    """What runs now and would not after a reload: a warning is all that PHP makes of it."""
    running = proof.before.runtime.extensions if proof.before.runtime is not None else ()
    lost = [name for name in fpm_test.unloaded(proof.said) if name in running]
    if not lost:
        return ""
    named = figures.several([str(safe(name, 100)) for name in lost])
    return f"a reload would lose what runs now and cannot be loaded again: {named}. Install it again, or take it out of the ini files"


FPM_TEST = StepSpec(
    kind="fpm-test",
    phase=Phase.PREFLIGHT,
    wanted=_wanted,
    prove=_proven,
    left_out=_left_out,
    grants=lambda access: [command(access)] if access.fpm_binary else [],
)
