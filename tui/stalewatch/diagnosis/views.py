"""Compiled Blade views against their sources (``docs/facts.md#laravel-views``). Blade checks on every render and heals by itself, except
where it is told not to, or cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stalewatch.diagnosis import evidence, laravel_versions, paths
from stalewatch.diagnosis.context import Context, Ruling, rule_on
from stalewatch.diagnosis.inputs import TOLERANCE, unchanged
from stalewatch.diagnosis.rule import Rule
from stalewatch.model import figures
from stalewatch.model.report import Finding, Layer, Remedy, Severity, Verdict
from stalewatch.model.times import is_writing_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalewatch.model.snapshot import CompiledView, FileStat, HostFacts, Opcache, ViewFacts

FOLDER = "storage/framework/views"
"""Where Laravel compiles views, below the root, unless its configuration names another folder."""
REQUEST = 30.0
"""Seconds that a request may take: one that began before a source changed goes on rendering what it has checked already."""
_EVIDENCE = ("source modified", "source changed", "compiled", "compiled view", "more views", "why", "repeat")

PENDING = Rule(
    code="views.source-newer",
    layer=Layer.VIEWS,
    verdict=Verdict.PENDING,
    severity=Severity.INFO,
    meaning="A Blade source is newer than its compiled view. Blade compares them on every render, so the next render compiles it again.",
    evidence=_EVIDENCE,
    remedy=(Remedy.REBUILD, Remedy.WAIT),
    advice="Laravel 12.10 to 13.14 does not write the file again if the result is the same: then it is fresh once it was rendered.",
)
STALE = Rule(
    code="views.stale",
    layer=Layer.VIEWS,
    verdict=Verdict.STALE,
    severity=Severity.CRITICAL,
    meaning="A Blade source is newer than its compiled view, and Blade will not compile it again: view.check_cache_timestamps is off, or "
    "the pool's user cannot write to the folder of compiled views (before Laravel 12.52: to the compiled view).",
    evidence=_EVIDENCE,
    remedy=(Remedy.REBUILD,),
)
HELD = Rule(
    code="views.held-by-opcache",
    layer=Layer.VIEWS,
    verdict=Verdict.STALE,
    severity=Severity.CRITICAL,
    meaning="A Blade source is newer than its compiled view. The next render compiles it again, but to the same path, which OPcache "
    "has cached and with validate_timestamps=0 never checks again.",
    evidence=_EVIDENCE,
    remedy=(Remedy.REBUILD, Remedy.RELOAD),
)
BACKWARDS = Rule(
    code="views.older-source",
    layer=Layer.VIEWS,
    verdict=Verdict.STALE,
    severity=Severity.CRITICAL,
    meaning="A Blade source got new content with a modification time older than the compiled view's (rsync -t, a restored file), so "
    "Blade never compiles it again.",
    evidence=_EVIDENCE,
    remedy=(Remedy.REBUILD,),
)
SUSPECT = Rule(
    code="views.suspect",
    layer=Layer.VIEWS,
    verdict=Verdict.SUSPECT,
    severity=Severity.WARNING,
    meaning="A Blade source has a newer ctime than its compiled view, but not a newer mtime: a chmod, or new content with an old time.",
    evidence=_EVIDENCE,
    remedy=(Remedy.REBUILD,),
)
COMPILER = Rule(
    code="views.directive-newer",
    layer=Layer.VIEWS,
    verdict=Verdict.SUSPECT,
    severity=Severity.WARNING,
    meaning="A service provider that tells Blade how to compile (Blade::directive, Blade::if, Blade::component) is newer than compiled "
    "views. What a directive returned is in the compiled view, and Blade compares a view only with its own source.",
    evidence=_EVIDENCE,
    remedy=(Remedy.REBUILD,),
    advice="`php artisan view:clear` in every deploy.",
)
UNPROVEN = Rule(
    code="views.unproven",
    layer=Layer.VIEWS,
    verdict=Verdict.UNKNOWN,
    severity=Severity.WARNING,
    meaning="A Blade source is newer than its compiled view. Blade will compile it again, but OPcache could not be asked whether it "
    "then runs the new one.",
    evidence=_EVIDENCE,
    remedy=(Remedy.REBUILD,),
    advice="Let the login use the pool's socket.",
)
TRUNCATED = Rule(
    code="views.not-all-seen",
    layer=Layer.VIEWS,
    verdict=Verdict.UNKNOWN,
    severity=Severity.WARNING,
    meaning="There are more compiled views than stalewatch looks at; those that it looked at are fresh.",
    evidence=("views", "repeat"),
    advice="`php artisan view:clear` takes away those that nothing uses any more.",
)
RULES = (PENDING, STALE, HELD, BACKWARDS, SUSPECT, COMPILER, UNPROVEN, TRUNCATED)


class Old(NamedTuple):
    """A compiled view and its source, that is newer."""

    compiled: FileStat
    source: FileStat


def folder_of(host: HostFacts, root: str) -> str:
    """Where the views of the application at *root* are compiled, as those that are there show it."""
    compiled = next((str(view.compiled.path) for view in host.views.views), f"{FOLDER}/")
    return paths.absolute(compiled.rpartition("/")[0], root)


def judge(context: Context) -> Ruling:
    """The views layer; nothing compiled: absent."""
    if context.host is None:
        return Ruling(Verdict.UNKNOWN)
    facts = context.host.views
    if not facts.views:
        return Ruling(Verdict.ABSENT)
    return rule_on(
        Verdict.FRESH, (*newer(context, facts), *backwards(context, facts), *compiled_otherwise(context, facts), *truncated(context, facts))
    )


def newer(context: Context, facts: ViewFacts) -> Iterator[Finding]:
    """The source is as new as the compiled view or newer: pending, but for the exceptions (``docs/facts.md#laravel-views``)."""
    version = laravel_versions.version_of(context)
    settled = rendered(context)
    never: dict[str, list[Old]] = {}
    old: list[Old] = []
    for view in facts.views:
        if view.source is None or not is_newer(view.source, view.compiled):
            continue
        one, reason = Old(view.compiled, view.source), _never_heals(facts, view, version)
        if reason:
            never.setdefault(reason, []).append(one)
        elif settled.get(view.compiled.path) != view.source.mtime:
            old.append(one)
    for reason, them in never.items():
        yield _finding(STALE, them, context, f"and will not be compiled again: {reason}", reason)
    if not old:
        return
    if context.opcache is None:
        yield _finding(UNPROVEN, old, context, "and OPcache could not be asked whether it would run it")
    elif never_checked(context.opcache):
        held = [one for one in old if held_by_opcache(context, one.compiled)]
        if held:
            yield _finding(HELD, held, context, "and OPcache keeps running the old code")
        if len(held) < len(old):
            yield _finding(PENDING, [one for one in old if one not in held], context, "and will be compiled again at the next render")
    else:
        yield _finding(PENDING, old, context, "and will be compiled again at the next render")


def backwards(context: Context, facts: ViewFacts) -> Iterator[Finding]:
    """New content with an older mtime, which Blade's comparison cannot see (``docs/facts.md#laravel-views``, ``docs/facts.md#ctime``)."""
    remembered = context.memory.views
    moved = remembered is not facts.views and remembered != facts.views
    known = {old.compiled.path: old for old in remembered} if moved else {}
    proven: list[Old] = []
    touched: list[Old] = []
    for view in facts.views:
        source, compiled = view.source, view.compiled
        if source is None or is_newer(source, compiled):
            continue
        if compiled.mtime > compiled.ctime and min(source.mtime, source.ctime) > compiled.ctime:
            # From 13.15 a view that compiled to the same gets its source's time and a second: what comes within it is never seen.
            proven.append(Old(compiled, source))
            continue
        if not moved:
            continue
        before = known.get(compiled.path)
        if before is not None and before.source is not None and _same_compile(compiled, before.compiled):
            same = unchanged(source, before.source)
        else:
            same = True if source.ctime <= max(compiled.mtime, compiled.ctime) + TOLERANCE else None
        if same is not True:
            (touched if same is None else proven).append(Old(compiled, source))
    if proven:
        yield _finding(
            BACKWARDS,
            proven,
            context,
            "a change that Blade never notices",
            verb=f"{figures.agree(len(proven), 'has', 'have')} new content with an older time",
        )
    if touched:
        yield _finding(SUSPECT, touched, context, "without a newer modification time", verb="changed on disk after being compiled")


def compiled_otherwise(context: Context, facts: ViewFacts) -> Iterator[Finding]:
    """What tells Blade how to compile came later than compiled views (``docs/facts.md#laravel-views``)."""
    sources = context.host.inputs.get(Layer.VIEWS.value) if context.host is not None else None
    tellers = [each for each in sources.indirect if is_writing_time(each.mtime, each.ctime, context.now)] if sources is not None else []
    if not tellers:
        return
    newest = max(tellers, key=lambda each: each.mtime)
    moves = (laravel_versions.version_of(context) or (0, 0)) >= laravel_versions.MOVES_TIME_OF_EQUAL_VIEWS
    old = [
        Old(view.compiled, newest)
        for view in facts.views
        if (view.compiled.ctime if moves else view.compiled.mtime) < newest.mtime
        if view.source is not None and not is_newer(view.source, view.compiled)
    ]
    if old:
        lag = figures.span(newest.mtime - old[0].compiled.mtime)
        told = f"says how views are compiled and is {lag} newer than {figures.count(len(old), 'compiled view')}"
        yield _finding(COMPILER, old, context, "which Blade does not compare with it", verb=told)


def _same_compile(now: FileStat, before: FileStat) -> bool:
    return now.mtime == before.mtime and now.size == before.size


def truncated(context: Context, facts: ViewFacts) -> Iterator[Finding]:
    """More views than are looked at (``docs/facts.md#laravel-views``)."""
    if facts.truncated:
        yield TRUNCATED.finding(
            "compiled views",
            f"only {len(facts.views)} compiled views were looked at",
            (
                evidence.number("views", len(facts.views)),
                evidence.command("ls", "-l", paths.absolute(FOLDER, context.root)),
            ),
        )


def rendered(context: Context) -> dict[str, float]:
    """Compiled views whose source is newer (by its mtime then), and that were rendered since and not written again: they compile to what
    they are. So it stays from Laravel 12.10 on, until 13.15 moves the time. PHP tells the last use; what it told is remembered."""
    version = laravel_versions.version_of(context)
    if (
        version is None
        or not laravel_versions.KEEPS_EQUAL_VIEWS <= version < laravel_versions.MOVES_TIME_OF_EQUAL_VIEWS
        or context.host is None
    ):
        return {}
    used = {
        str(script.path): script.last_used for script in (context.opcache.scripts if context.opcache is not None else ()) if script.cached
    }
    found: dict[str, float] = {}
    for view in context.host.views.views:
        source, compiled = view.source, view.compiled
        if source is not None and is_newer(source, compiled):
            last = used.get(paths.absolute(compiled.path, context.root), 0)
            if last > max(source.mtime, source.ctime) + REQUEST or context.memory.rendered.get(compiled.path) == source.mtime:
                found[str(compiled.path)] = source.mtime
    return found


def is_newer(source: FileStat, compiled: FileStat) -> bool:
    """Whether the source's content came after the compile, by an mtime that was not set by hand (Blade compiles a view with one in the
    future at each render). In whole seconds (busybox) the same second counts, as it does for Blade."""
    if not is_writing_time(source.mtime, source.ctime):
        return False
    if source.mtime != compiled.mtime:
        return source.mtime > compiled.mtime
    return float(source.mtime).is_integer()


def never_checked(opcache: Opcache) -> bool:
    """Whether a compiled view that is written again would keep running as it was."""
    return opcache.enabled and not opcache.validate_timestamps


def held_by_opcache(context: Context, compiled: FileStat) -> bool:
    """Whether the compiled view is in the cache, as far as the last full list tells; without a list, it is taken for held."""
    path = paths.absolute(compiled.path, context.root)
    if context.opcache is not None and any(script.path == path and script.cached for script in context.opcache.scripts):
        return True
    listed = context.memory.scripts_at is not None or (context.opcache is not None and bool(context.opcache.scripts))
    return path in context.memory.scripts or not listed


def _never_heals(facts: ViewFacts, view: CompiledView, version: laravel_versions.Version | None) -> str:
    """Why Blade would not, or could not, write this view again ("": it will)."""
    if facts.check_timestamps is False and (version is None or version >= laravel_versions.CHECKS_VIEWS_IF_TOLD):
        return "view.check_cache_timestamps is off"
    in_place = version is not None and version < laravel_versions.RENAMES_VIEWS and view.writable is not None
    if (view.writable if in_place else facts.writable) is False:
        return f"the pool's user cannot write {'to it' if in_place else 'there'}"
    return ""


def _finding(rule: Rule, old: list[Old], context: Context, consequence: str, reason: str = "", verb: str = "") -> Finding:
    """One finding for all of *old* (``docs/facts.md#laravel-views``)."""
    first = max(old, key=lambda one: max(one.source.mtime, one.source.ctime))
    names = figures.several(list(dict.fromkeys(one.source.path for one in old)), 2)
    newer = figures.span(first.source.mtime - first.compiled.mtime)
    each = "is {} newer than its compiled view" if len(old) == 1 else "are {} newer than their compiled views"
    how = verb or each.format(newer)
    told = [
        evidence.time("source modified", first.source.mtime),
        evidence.time("source changed", first.source.ctime),
        evidence.time("compiled", first.compiled.mtime),
        evidence.text("compiled view", first.compiled.path),
    ]
    if len(old) > 1:
        told.append(evidence.number("more views", len(old) - 1))
    if reason:
        told.append(evidence.text("why", reason))
    told.append(evidence.stat(paths.absolute(first.source.path, context.root), paths.absolute(first.compiled.path, context.root)))
    came = [one.source.mtime if one.source.mtime >= one.compiled.mtime else one.source.ctime for one in old]
    return rule.finding(first.source.path, f"{names} {how}, {consequence}", told, since=min(came))
