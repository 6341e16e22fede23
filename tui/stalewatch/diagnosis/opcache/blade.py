"""Compiled Blade views in OPcache: PHP files that the application itself writes, at any time, out of sources that may not have moved."""

from __future__ import annotations

from math import floor

from stalewatch.diagnosis.context import Context
from stalewatch.diagnosis.opcache.script_state import ScriptState, ScriptVerdict
from stalewatch.diagnosis.paths import absolute
from stalewatch.model.snapshot import Opcache

_DOUBTS = frozenset({ScriptState.SUSPECT, ScriptState.RENAMED})


def clear_doubts(judged: tuple[ScriptVerdict, ...], context: Context, opcache: Opcache) -> tuple[ScriptVerdict, ...]:
    """*judged* without doubts about compiled views whose source has not changed since the cache began.

    Everything that was compiled from that source since S is the same, so it does not matter which of it is in the cache. Without this every
    view that is compiled at its first render would be suspect until the next reload (``docs/facts.md#laravel-views``).
    """
    if context.host is None or not any(one.state in _DOUBTS for one in judged):
        return judged
    unmoved = {
        absolute(view.compiled.path, context.root): floor(view.compiled.mtime)
        for view in context.host.views.views
        if view.source is not None and floor(max(view.source.mtime, view.source.ctime)) <= opcache.since
    }
    return tuple(_cleared(one) if one.state in _DOUBTS and _is(one, unmoved) else one for one in judged)


def _is(one: ScriptVerdict, unmoved: dict[str, int]) -> bool:
    return one.script.mtime is not None and unmoved.get(str(one.script.path)) == floor(one.script.mtime)


def _cleared(one: ScriptVerdict) -> ScriptVerdict:
    return ScriptVerdict(one.script, ScriptState.FRESH, one.window, proven=True)
