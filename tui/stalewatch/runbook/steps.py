"""Steps as values: each from one of :mod:`stalewatch.runbook.commands`. Pure."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from stalewatch.model.layers import Layer
from stalewatch.model.text import safe
from stalewatch.runbook.commands import CLEAR
from stalewatch.runbook.plan import Action, Cause, Phase, Step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalewatch.runbook.commands import Access

ARTISAN_TIMEOUT = 120.0
RELOAD_GRACE = 15.0
"""How long a reload may take beyond ``process_control_timeout`` before it counts as unproven."""


def artisan(access: Access, phase: Phase, name: str, reason: str, *, layer: Layer | None = None, causes: tuple[Cause, ...] = ()) -> Step:
    """``artisan NAME``; its step id is the name."""
    action = Action.QUEUE_RESTART if phase is Phase.RESTART else Action.ARTISAN
    command = access.text(access.artisan(name))
    return Step(
        id=name, phase=phase, action=action, command=command, reason=safe(reason), layer=layer, timeout=ARTISAN_TIMEOUT, causes=causes
    )


def rebuild(access: Access, layer: Layer, reason: str, causes: tuple[Cause, ...] = ()) -> Step:
    """``*:cache`` of *layer* (which clears that layer first), or ``package:discover``."""
    return artisan(access, Phase.REBUILD, layer.spec.rebuild, reason, layer=layer, causes=causes)


def clear(access: Access, layer: Layer, reason: str, causes: tuple[Cause, ...] = ()) -> Step:
    """``*:clear`` of *layer*."""
    return artisan(access, Phase.CLEAR, CLEAR[layer], reason, layer=layer, causes=causes)


def wipe(access: Access, file_cache: str, reason: str) -> Step:
    """Remove OPcache's compiled files."""
    command = access.text(access.wipe(file_cache))
    return Step(
        id="wipe-file-cache",
        phase=Phase.CLEAR,
        action=Action.WIPE_FILE_CACHE,
        command=command,
        reason=safe(reason),
        layer=Layer.OPCACHE,
        paths=(file_cache,),
    )


def invalidate(paths: Sequence[str], reason: str, causes: tuple[Cause, ...] = ()) -> Step:
    """``opcache_invalidate`` of exactly *paths*, through FPM."""
    unique = tuple(dict.fromkeys(paths))
    return Step(
        id="invalidate",
        phase=Phase.RELOAD,
        action=Action.INVALIDATE,
        command="; ".join(f"opcache_invalidate({_php_string(path)}, true)" for path in unique),
        reason=safe(reason),
        via="fastcgi",
        paths=unique,
        layer=Layer.OPCACHE,
        timeout=15.0,
        causes=causes,
    )


def reload(access: Access, control_timeout: float | None, reason: str, causes: tuple[Cause, ...] = ()) -> Step:
    """Reload of the FPM master. Its timeout is for taking effect, not for the command, which returns before anything happened."""
    return Step(
        id="reload",
        phase=Phase.RELOAD,
        action=Action.RELOAD_FPM,
        command=access.text(access.reload()),
        reason=safe(reason),
        layer=Layer.FPM,
        timeout=RELOAD_GRACE + (control_timeout or 0.0),
        causes=causes,
    )


def fpm_test(access: Access) -> Step:
    """FPM's own configuration test: a broken configuration and a reload leave no FPM."""
    reason = safe("a reload with a broken configuration ends FPM")
    command = access.text(access.fpm_test())
    return Step(id="fpm-test", phase=Phase.PREFLIGHT, action=Action.FPM_TEST, command=command, reason=reason, timeout=20.0)


def disk_free(root: str) -> Step:
    """Free space where the caches are written."""
    command = shlex.join(("df", "-Pk", root))
    reason = safe("a full disk leaves half a cache file")
    return Step(id="disk-free", phase=Phase.PREFLIGHT, action=Action.DISK_FREE, command=command, reason=reason, timeout=10.0)


def artisan_there(root: str) -> Step:
    """That there is an artisan to run."""
    command = shlex.join(("test", "-f", f"{root}/artisan"))
    reason = safe("without artisan nothing can be rebuilt")
    return Step(id="artisan", phase=Phase.PREFLIGHT, action=Action.ARTISAN_RUNS, command=command, reason=reason, timeout=10.0)


def rights(lines: Sequence[str]) -> Step:
    """That sudo lets us run every command of the plan, asked before the first of them is run."""
    reason = safe("a right that is missing half way leaves half a runbook")
    command = " && ".join(lines)
    return Step(id="rights", phase=Phase.PREFLIGHT, action=Action.RIGHTS, command=command, reason=reason, timeout=20.0)


def look(reason: str) -> Step:
    """Look again: the proof."""
    return Step(id="verify", phase=Phase.VERIFY, action=Action.LOOK, command="look again", reason=safe(reason), via="look", timeout=30.0)


def _php_string(path: str) -> str:
    return "'" + path.replace("\\", "\\\\").replace("'", "\\'") + "'"
