"""Remove what OPcache compiled to files (``opcache.file_cache``). Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stalewatch.model.layers import Layer
from stalewatch.model.report import Finding, Remedy, Verdict
from stalewatch.runbook.commands import Access, Command, usable
from stalewatch.runbook.plan import Choice, Outcome, Phase, Status, Step
from stalewatch.runbook.step_spec import Proof, StepSpec, outcome

if TYPE_CHECKING:
    from stalewatch.runbook.draft import Draft


def _command(access: Access) -> Command:
    """PHP keeps the bytecode of /srv/app/x.php in FILE_CACHE/KEY/srv/app/x.php.bin, where KEY stands for this PHP in 32 digits. Whatever
    else is below that folder may be somebody's upload, or the bytecode of an application that nobody asked to fix."""
    bytecode = f"{_literal(access.file_cache.rstrip('/'))}/{'?' * 32}{_literal(access.code or access.root)}/*.bin"
    return Command(("/usr/bin/find", "-H", access.file_cache, "-type", "f", "-path", bytecode, "-delete"), access.user)


def _literal(path: str) -> str:
    """*path* in a pattern, as itself."""
    return re.sub(r"[*?\[]", r"[\g<0>]", path)


def _wanted(draft: Draft) -> list[Step]:
    file_cache = draft.access.file_cache
    asked = draft.needs(Remedy.WIPE) or draft.request.choice is Choice.CLEAR or draft.request.everything
    if not asked or not draft.wants(Phase.CLEAR) or not usable(file_cache) or not usable(draft.access.root):
        return []
    command = draft.access.text(_command(draft.access))
    reason = "OPcache's compiled files survive a reload" + (", and artisan reads them too" if draft.laravel else "")
    return [WIPE_FILE_CACHE.step(command, reason, layer=Layer.OPCACHE, paths=(file_cache,))]


def _proven(proof: Proof) -> Outcome:
    left = [
        finding for finding in proof.after.findings if Remedy.WIPE in finding.remedy and finding.verdict in (Verdict.STALE, Verdict.SUSPECT)
    ]
    if left and all(Remedy.RELOAD not in finding.remedy for finding in left):
        return outcome(Status.FAILED, why=left[0].summary)
    return outcome(Status.DONE, proof="by the reload and the look that follow")


def _answers(finding: Finding) -> bool:
    """What OPcache compiles to files from now on comes from the new sources."""
    return not finding.paths and Remedy.WIPE in finding.remedy and finding.verdict is Verdict.SUSPECT


WIPE_FILE_CACHE = StepSpec(
    kind="wipe-file-cache",
    phase=Phase.CLEAR,
    remedies=(Remedy.WIPE,),
    does="wipe OPcache's compiled files",
    wanted=_wanted,
    prove=_proven,
    answers=_answers,
    grants=lambda access: [_command(access)] if access.file_cache else [],
)
