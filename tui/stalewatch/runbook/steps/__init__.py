"""The steps of a runbook: a file for each kind, or for a few that belong together. A new step is a file here and a row of :data:`STEPS`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.runbook.plan import Phase
from stalewatch.runbook.steps.application_cache import CACHE_CLEAR
from stalewatch.runbook.steps.caches import CLEAR, REBUILD
from stalewatch.runbook.steps.checks import ARTISAN_THERE, DISK_FREE, RIGHTS
from stalewatch.runbook.steps.console import COMPILE
from stalewatch.runbook.steps.file_cache import WIPE_FILE_CACHE
from stalewatch.runbook.steps.fpm_test import FPM_TEST
from stalewatch.runbook.steps.invalidate import INVALIDATE
from stalewatch.runbook.steps.look import LOOK
from stalewatch.runbook.steps.parse import PARSE
from stalewatch.runbook.steps.reload import RELOAD
from stalewatch.runbook.steps.workers import RESTART_WORKERS

if TYPE_CHECKING:
    from stalewatch.runbook.step_spec import StepSpec

STEPS: tuple[StepSpec, ...] = (
    ARTISAN_THERE,
    DISK_FREE,
    RIGHTS,
    FPM_TEST,
    PARSE,
    WIPE_FILE_CACHE,
    CLEAR,
    CACHE_CLEAR,
    REBUILD,
    COMPILE,
    INVALIDATE,
    RELOAD,
    RESTART_WORKERS,
    LOOK,
)
"""Every kind of step, in the order of execution."""
CHECKS = frozenset(spec.kind for spec in STEPS if spec.phase is Phase.PREFLIGHT)
"""Those that only look whether the others may run."""


def spec_of(kind: str) -> StepSpec:
    """The row of :data:`STEPS` with that name. Raises KeyError."""
    return {spec.kind: spec for spec in STEPS}[kind]
