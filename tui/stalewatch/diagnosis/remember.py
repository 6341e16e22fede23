"""What the next look shall know of this one."""

from __future__ import annotations

from stalewatch.diagnosis import trees
from stalewatch.diagnosis.chain.entry import release_moved, requested
from stalewatch.diagnosis.chain.pool import address
from stalewatch.diagnosis.context import Context, Ruling
from stalewatch.diagnosis.health import WINDOW, sample
from stalewatch.diagnosis.memory import (
    MAX_INPUTS,
    MAX_RATES,
    MAX_SAMPLES,
    MAX_SCRIPTS,
    MAX_UNCACHED,
    Baseline,
    Memory,
    Sample,
    Seen,
    earlier_roots,
)
from stalewatch.diagnosis.opcache import moved_over
from stalewatch.diagnosis.opcache.full_list import of_each
from stalewatch.diagnosis.opcache.script_state import ScriptState, ScriptVerdict
from stalewatch.diagnosis.opcache.window import Window, displaced, same_content, window
from stalewatch.diagnosis.served import passed_script
from stalewatch.diagnosis.views import is_newer, rendered
from stalewatch.diagnosis.worker_restarts import still_awaited
from stalewatch.model.layers import FILE_CACHED, Layer
from stalewatch.model.replace import replace
from stalewatch.model.report import Verdict
from stalewatch.model.snapshot import CompiledView, HostFacts, Opcache, Script

SLACK = 1_000
"""So many more than the bound before the oldest are dropped: a few new ones must not cost a copy at every look."""
_SETTLED = (Verdict.FRESH, Verdict.PENDING)
_OTHER_FILES = frozenset({ScriptState.STALE, ScriptState.SAME_MTIME, ScriptState.SUSPECT})


def remember(context: Context, rulings: dict[Layer, Ruling], rate: float | None) -> Memory:
    """The memory after this look. Parts that did not change are the same objects."""
    old = known = context.memory
    if context.host is not None:  # else the time of this look is by our clock
        same_root = old.root == context.host.release.root and old.root_since is not None
        known = replace(
            known,
            at=context.now,
            baselines=_baselines(context, context.host, rulings),
            views=_views(context, context.host, rulings),
            rendered=rendered(context),
            root=str(context.host.release.root),
            root_since=old.root_since if same_root else context.now,
            passed=passed_script(context, context.host.release.link) if context.host.release.link else "",
            roots=earlier_roots(old, str(context.host.release.root)),
            awaited=still_awaited(old.awaited, context.host, context.now),
        )
    if (moved := release_moved(context)) is not None:
        known = replace(known, entered=moved if requested(context, moved) else 0.0)
    if (tree := trees.compare(context)) is not None:
        known = replace(known, same_tree=bool(tree.same) and not tree.other)
    if context.witness.now and (pool := address(context)):
        known = replace(known, served_by=pool)
    if context.status is not None:
        known = replace(known, pool_started=context.status.started, max_children_reached=context.status.max_children_reached)
    if context.opcache is not None:
        known = _with_opcache(known, context, context.opcache, rulings[Layer.OPCACHE].scripts, rate)
    return known


def _with_opcache(known: Memory, context: Context, opcache: Opcache, judged: tuple[ScriptVerdict, ...], rate: float | None) -> Memory:
    pending = opcache.restart_pending or opcache.restart_in_progress
    known = replace(
        known,
        pending_since=(known.pending_since if known.pending_since is not None else context.now) if pending else None,
        oom_restarts=opcache.oom_restarts,
        hash_restarts=opcache.hash_restarts,
    )
    if pending or not opcache.enabled:
        return known
    rates = known.rates if rate is None else (*known.rates, rate)[-MAX_RATES:]
    samples = _samples(context, opcache)
    known = replace(known, since=opcache.since, rates=rates, samples=samples, uncached=_uncached(known, judged, context.now))
    return _with_scripts(known, context, opcache, judged)


def _samples(context: Context, opcache: Opcache) -> tuple[Sample, ...]:
    """A window of samples, at least the last one; another cache, or counters that went back, start a new one."""
    now = sample(context)
    kept = context.memory.samples if context.memory.since == opcache.since else ()
    if now is None:
        return kept
    if kept and (now.hits < kept[-1].hits or now.misses < kept[-1].misses):
        kept = ()
    if kept and now.at - kept[-1].at < 1:
        return kept
    within = tuple(one for one in kept if now.at - one.at <= WINDOW)
    return (*within, now)[-MAX_SAMPLES:]


def _uncached(known: Memory, judged: tuple[ScriptVerdict, ...], now: float) -> dict[str, float]:
    gone = [one.script.path for one in judged if not one.script.cached]
    if not gone:
        return known.uncached
    merged = {**known.uncached, **dict.fromkeys(map(str, gone), now)}
    return merged if len(merged) <= MAX_UNCACHED else dict(sorted(merged.items(), key=lambda item: item[1])[-MAX_UNCACHED:])


def _with_scripts(known: Memory, context: Context, opcache: Opcache, judged: tuple[ScriptVerdict, ...]) -> Memory:
    same_cache = context.memory.since == opcache.since
    scripts: dict[str, Seen] = context.memory.scripts if same_cache else {}
    listed = bool(opcache.scripts) and not (same_cache and opcache.scripts_at == context.memory.scripts_at)
    if listed:
        scripts = _listed(context, opcache, scripts)
    if judged:
        scripts = dict(scripts)
        for one in judged:
            if one.script.cached:
                scripts[str(one.script.path)] = _seen(one.script, one.window, one.proven, one.state, context.now)
            else:
                scripts.pop(one.script.path, None)
    if len(scripts) > MAX_SCRIPTS + SLACK:
        scripts = dict(list(scripts.items())[-MAX_SCRIPTS:])
    at = opcache.scripts_at if opcache.scripts else (known.scripts_at if same_cache else None)
    whole_at = _whole_at(opcache) if listed else (known.whole_at if same_cache else None)
    changed = {script.path for script in opcache.changed}
    others = tuple(one.script for one in judged if one.state in _OTHER_FILES and one.script.path not in changed)
    return replace(known, scripts=scripts, scripts_at=at, whole_at=whole_at, displaced=others)


def _whole_at(opcache: Opcache) -> float | None:
    """When the list was taken, unless something is missing in it or in what is remembered of it."""
    whole = not opcache.truncated and 0 < opcache.compared <= len(opcache.scripts) <= MAX_SCRIPTS
    return opcache.scripts_at if whole else None


def _listed(context: Context, opcache: Opcache, before: dict[str, Seen]) -> dict[str, Seen]:
    """The full list, bounded: what is not in it is not cached any more. Scripts that did not change on disk are plainly fresh."""
    changed = {script.path for script in opcache.changed}
    others = {script.path for script in moved_over.scripts(context, opcache)}
    plain = opcache.validate_timestamps or not opcache.file_cache

    def kept(script: Script) -> tuple[str, Seen] | None:
        if script.path in before and (script.path in changed or script.path in others):
            return str(script.path), before[script.path]
        if not script.cached:
            return None
        # A changed one may be another application's: which scripts are ours may move with the release link.
        state = ScriptState.SUSPECT if script.path in changed else ScriptState.FRESH
        compiled = window(script, opcache, context.memory, context.now)
        return str(script.path), _seen(script, compiled, plain and state is ScriptState.FRESH, state, context.now)

    each = of_each("remember", kept, context, opcache)
    first, listed = context.shared.get(("remembered", context.now), lambda: (each, _mapped(each)), (opcache,))
    return listed if first is each else _mapped(each)


def _mapped(each: tuple[tuple[str, Seen] | None, ...]) -> dict[str, Seen]:
    return dict(filter(None, each[:MAX_SCRIPTS]))


def _seen(script: Script, window: Window, proven: bool, kind: ScriptState, now: float) -> Seen:
    """What to keep of one script: the content stays the first one of this compile, unless what is on disk now is proven to be it."""
    seen = window.seen
    content: Script | Seen = script if seen is None or proven or script.mtime is None else seen
    digest = content.digest
    if seen is not None and not digest and same_content(script, seen):  # PHP had no time for it in this look
        digest = seen.digest
    return Seen(
        at=now,
        hits=script.hits,
        timestamp=script.timestamp,
        mtime=content.mtime,
        size=content.size,
        inode=content.inode,
        digest=digest,
        proven=proven or (seen is not None and seen.proven and script.mtime is not None),
        after=window.after,
        before=window.before,
        ran_deleted=kind is ScriptState.DELETED,
        dev=content.dev,
        ctime=content.ctime,
        displaced=moved_over.since(window) if not proven and displaced(script, seen) else None,
        memory=script.memory,
        wasted=window.wasted,
    )


def _baselines(context: Context, host: HostFacts, rulings: dict[Layer, Ruling]) -> dict[str, Baseline]:
    """The inputs of every layer that is fresh now; the old ones of a layer that is not."""
    kept = context.memory.baselines
    for layer in FILE_CACHED:
        cache = next((cache.stat for cache in host.caches if cache.name == layer.value and cache.stat is not None), None)
        if cache is not None and rulings[layer].verdict is Verdict.FRESH:
            kept = _put(kept, layer.value, cache.mtime, host, layer.value, context.now)
    if host.queue_workers and rulings[Layer.WORKERS].verdict is Verdict.FRESH:
        kept = _put(kept, "workers", 0.0, host, "code", context.now)
    return kept


def _put(kept: dict[str, Baseline], name: str, stamp: float, host: HostFacts, source: str, now: float) -> dict[str, Baseline]:
    found = host.inputs.get(source)
    old = kept.get(name)
    if found is None or len(found.direct) > MAX_INPUTS:
        return kept
    if old is not None and old.stamp == stamp and (old.inputs is found.direct or old.inputs == found.direct):
        return kept if stamp else {**kept, name: Baseline(stamp, now, old.inputs, old.truncated)}
    return {**kept, name: Baseline(stamp, now, found.direct, found.truncated)}


def _views(context: Context, host: HostFacts, rulings: dict[Layer, Ruling]) -> tuple[CompiledView, ...]:
    """The views as they are now. Of one whose source is newer, what it was compiled from: the new source was not."""
    now, before = host.views.views, context.memory.views
    if rulings[Layer.VIEWS].verdict not in _SETTLED or len(now) > MAX_INPUTS:
        return before
    if rulings[Layer.VIEWS].verdict is Verdict.FRESH:
        return now
    known = {view.compiled.path: view for view in before}
    kept = (known.get(view.compiled.path) if view.source is not None and is_newer(view.source, view.compiled) else view for view in now)
    return tuple(view for view in kept if view is not None)
