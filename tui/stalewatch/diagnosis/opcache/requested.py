"""Whether the cache holds a script of this app at all: a cache without one says nothing about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.diagnosis.context import CLOCK_STEP

if TYPE_CHECKING:
    from stalewatch.diagnosis.context import Context
    from stalewatch.diagnosis.opcache.app_scope import AppScope
    from stalewatch.model.runtime import Opcache


def any_script(context: Context, opcache: Opcache, scope: AppScope) -> bool:
    """Whether a script below the app's own directories is or was in this cache since it began. Entry points come first: where the app is
    requested at all, one of them nearly always answers."""
    if any(scope.inside(script.path) for script in opcache.listed):
        return True
    of_this_cache = context.memory.since == opcache.since and context.memory.at <= context.now + CLOCK_STEP
    remembered = context.memory.scripts if of_this_cache else {}
    return any(scope.inside(path) for path in remembered)
