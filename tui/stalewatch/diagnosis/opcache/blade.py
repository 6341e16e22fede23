"""Compiled Blade views in OPcache: PHP files that the application itself writes, at any time, out of sources that may not have moved."""

from __future__ import annotations

from math import floor

from stalewatch.diagnosis.context import Look
from stalewatch.diagnosis.opcache.script_state import Judged, Kind
from stalewatch.diagnosis.words import absolute
from stalewatch.model.snapshot import Opcache

_DOUBTS = frozenset({Kind.SUSPECT, Kind.RENAMED})


def settle(judged: tuple[Judged, ...], look: Look, opcache: Opcache) -> tuple[Judged, ...]:
    """*judged* without doubts about compiled views whose source has not changed since the cache began.

    Whatever was compiled from that source since says the same, so it does not matter which of them is in the cache. Without this every
    view that is compiled at its first render would be suspect until the next reload.
    """
    if look.host is None or not any(one.kind in _DOUBTS for one in judged):
        return judged
    unmoved = {
        absolute(view.compiled.path, look.root): floor(view.compiled.mtime)
        for view in look.host.views.views
        if view.source is not None and floor(max(view.source.mtime, view.source.ctime)) <= opcache.since
    }
    return tuple(_settled(one) if one.kind in _DOUBTS and _is(one, unmoved) else one for one in judged)


def _is(one: Judged, unmoved: dict[str, int]) -> bool:
    return one.script.mtime is not None and unmoved.get(str(one.script.path)) == floor(one.script.mtime)


def _settled(one: Judged) -> Judged:
    return Judged(one.script, Kind.FRESH, one.window, proven=True)
