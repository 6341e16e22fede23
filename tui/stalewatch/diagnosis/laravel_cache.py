"""The layers that Laravel caches in one PHP file each, as config and routes. Their sources are newer than the file, or it is broken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.diagnosis import cache_origin, cli_cache, evidence, inputs, paths, pool_environment
from stalewatch.diagnosis.context import Context, Ruling, rule_on
from stalewatch.diagnosis.rule import Rule
from stalewatch.model import figures
from stalewatch.model.layers import FILE_CACHED, Layer
from stalewatch.model.report import Evidence, Finding, Remedy, Severity, Verdict
from stalewatch.model.snapshot import CacheFile, FileStat, Inputs
from stalewatch.model.times import is_writing_time, written_by

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalewatch.diagnosis.memory import Baseline

_TITLES = {layer: layer.spec.files[0].title for layer in FILE_CACHED}
_EVIDENCE = (
    "source modified",
    "source changed",
    "source last seen",
    "cache written",
    "cache",
    "more sources",
    "owner",
    "pool's user",
    "repeat",
)
COPYING = 600.0
"""Seconds within which a release that was copied with its caches is whole."""
WRITING = 2.0
"""Seconds: config and routes are not written atomically, so a half file this young may still be growing."""


def _rule(
    layer: Layer,
    name: str,
    verdict: Verdict,
    severity: Severity,
    meaning: str,
    remedy: tuple[Remedy, ...] = (Remedy.REBUILD,),
    advice: str = "",
) -> Rule:
    return Rule(
        code=f"{layer}.{name}",
        layer=layer,
        verdict=verdict,
        severity=severity,
        meaning=meaning.format(title=_TITLES[layer]),
        evidence=_EVIDENCE,
        remedy=remedy,
        advice=advice,
    )


STALE = {
    layer: _rule(
        layer,
        "stale",
        Verdict.STALE,
        Severity.CRITICAL,
        "A source of the {title} is newer than the cache (by its mtime, or its content changed since the cache was last seen fresh), "
        "or was removed since: the application uses the cached values, not the files.",
    )
    for layer in FILE_CACHED
}
SUSPECT = {
    layer: _rule(
        layer,
        "suspect",
        Verdict.SUSPECT,
        Severity.WARNING,
        "A source of the {title} has a newer ctime than the cache, but not a newer mtime: a chmod, or new content with an old time "
        "(rsync -t, cp -p). A check sum that an earlier look remembers settles it, but for .env, which is never read.",
    )
    for layer in FILE_CACHED
}
PROVIDER = {
    layer: _rule(
        layer,
        "provider-newer",
        Verdict.SUSPECT,
        Severity.WARNING,
        "A service provider, a class that a source uses, or a file of a module or package is newer than the {title}. It can add to "
        "that cache, but need not.",
    )
    for layer in FILE_CACHED
}
BROKEN = {
    layer: _rule(
        layer,
        "broken",
        Verdict.STALE,
        Severity.CRITICAL,
        "The {title} is truncated or not valid PHP, or its owner and mode let the pool's user not read it (as root's umask 077 leaves it): "
        "the application cannot use it, and artisan cannot start either, because it loads that file.",
        (Remedy.REBUILD,),
        "A fix takes the file away, so that artisan can start, and puts it back where none can be made.",
    )
    for layer in FILE_CACHED
}
OWNER = {
    layer: _rule(
        layer,
        "foreign-owner",
        Verdict.FRESH,
        Severity.INFO,
        "The {title} belongs to root while PHP runs as another user: artisan cannot write it as that user, and `config:clear` reports "
        "success although the file stays.",
        (Remedy.CONFIGURE,),
    )
    for layer in FILE_CACHED
}
UNSEEN = {
    layer: _rule(
        layer,
        "sources-unseen",
        Verdict.UNKNOWN,
        Severity.WARNING,
        "The {title} exists, but its sources could not be read, so there is nothing to compare it with; or the application has more files "
        "than stalewatch lists, so not all sources were compared; or it could not be read itself, so "
        "nothing shows that it is whole and was made for this application; or the application's own code says where it is.",
        (),
        "Let the login read bootstrap/cache and the sources. A place that the application's own code names is named in the pool too "
        "(env[…]); where files are too many to be listed, let the deploy make the cache again.",
    )
    for layer in FILE_CACHED
}


def rules_of(layer: Layer) -> tuple[Rule, ...]:
    """Everything that can be said of *layer*."""
    own = (pool_environment.OTHER_ENVIRONMENT,) if layer is Layer.CONFIG else ()
    return tuple(table[layer] for table in (cli_cache.MADE, STALE, SUSPECT, cache_origin.ELSEWHERE, PROVIDER, BROKEN, OWNER, UNSEEN)) + own


def judge(context: Context, layer: Layer) -> Ruling:
    """*layer*, one of ``FILE_CACHED``. No cache file: absent, because Laravel then reads the sources."""
    if context.host is None:
        return Ruling(Verdict.UNKNOWN)
    cache = next((cache for cache in context.host.caches if cache.name == layer.value), None)
    if cache is None:
        return rule_on(Verdict.UNKNOWN, unseen(layer, "", context.root))
    if cache.elsewhere:
        return rule_on(Verdict.UNKNOWN, moved(context, layer, cache))
    if cache.stat is None:
        return Ruling(Verdict.ABSENT)
    sources = context.host.inputs.get(layer.value)
    baseline = baseline_of(context, layer, cache)
    found = list(broken(context, layer, cache, cache.stat))
    if found:
        return rule_on(Verdict.FRESH, found)  # how old it is does not matter: nothing can use it, and artisan not rebuild it
    if None in (cache.complete, cache.named) or cache_origin.untold(context, cache):
        found += unseen(layer, cache.path, context.root, itself=True)
    found += cache_origin.judge(context, layer, cache)
    if any(finding.verdict is Verdict.STALE for finding in found):
        return rule_on(Verdict.FRESH, found)  # it was not made from the sources that are here, so their times say nothing
    if sources is None or not (sources.direct or sources.indirect):
        found += unseen(layer, cache.path, context.root)
    else:
        found += stale(context, layer, cache.stat, sources, baseline)
        found += gone(context, layer, cache.stat, sources, baseline)
        found += (*provider(context, layer, cache.stat, sources), *package(context, layer, cache.stat, sources))
        found += cli_cache.of_cached(context, layer, cache.stat)
        if why := cli_cache.unseen(context.host):
            found += compiled_unseen(layer, cache.path, context.root, why)
        if sources.cut or sources.hides(cache.stat.ctime):
            found += unseen(layer, cache.path, context.root, some=True)
    if layer is Layer.CONFIG:
        found += (*pool_environment.cached_otherwise(context, cache), *pool_environment.other_app_env(context, cache))
    found += foreign_owner(context, layer, cache.stat)
    return rule_on(Verdict.FRESH, found)


def baseline_of(context: Context, layer: Layer, cache: CacheFile) -> Baseline | None:
    """The inputs that this very cache file was fresh with."""
    known = context.memory.baselines.get(layer.value)
    return known if known is not None and cache.stat is not None and known.stamp == cache.stat.mtime else None


def stale(context: Context, layer: Layer, cache: FileStat, sources: Inputs, baseline: Baseline | None) -> Iterator[Finding]:
    """A direct source is newer than the cache (``docs/facts.md#laravel-inputs``), or only its ctime is (``docs/facts.md#ctime``)."""
    behind = inputs.compare(sources.direct, written_by(cache.mtime, cache.ctime), cache.ctime, baseline, context.now)
    if behind.proven:
        newest = behind.proven[0]
        many, lag = len(behind.proven), newest.mtime - cache.mtime
        how = (
            f"{figures.agree(many, 'is', 'are')} {figures.span(lag)} newer than"
            if lag > 0
            else f"changed after {figures.agree(many, 'it was', 'they were')} read into"
        )
        yield STALE[layer].finding(
            newest.path,
            f"{_sources(behind.proven)} {how} the {_TITLES[layer]}",
            _evidence(context, newest, cache, len(behind.proven) - 1),
            since=min(inputs.came(source, cache.mtime, baseline) for source in behind.proven),
        )
    elif behind.touched:
        newest = behind.touched[0]
        yield SUSPECT[layer].finding(
            newest.path,
            f"{_sources(behind.touched)} changed on disk after the {_TITLES[layer]} was written, without a newer modification time",
            _evidence(context, newest, cache, len(behind.touched) - 1),
            since=min(inputs.came(source, cache.mtime, baseline) for source in behind.touched),
        )


def gone(context: Context, layer: Layer, cache: FileStat, sources: Inputs, baseline: Baseline | None) -> Iterator[Finding]:
    """A source was removed after the cache was fresh: its values stay in the cache (``docs/facts.md#laravel-inputs``)."""
    if sources.truncated:
        return
    missing = inputs.removed(sources.direct, baseline)
    if missing:
        names = figures.several([paths.name_of(source.path) for source in missing])
        yield STALE[layer].finding(
            missing[0].path,
            f"{names} {figures.agree(len(missing), 'was', 'were')} removed after the {_TITLES[layer]} was written",
            (
                evidence.time("source last seen", baseline.at if baseline is not None else None),
                evidence.time("cache written", cache.mtime),
                evidence.text("cache", cache.path),
                evidence.stat(paths.absolute(cache.path, context.root)),
            ),
        )


def provider(context: Context, layer: Layer, cache: FileStat, sources: Inputs) -> Iterator[Finding]:
    """A provider that may add to this cache is newer (``docs/facts.md#laravel-inputs``)."""
    newer = []
    for source in sources.indirect:
        if max(source.mtime, source.ctime) <= cache.mtime:
            break
        if source.mtime > cache.mtime and is_writing_time(source.mtime, source.ctime, context.now):
            newer.append(source)
    if newer:
        lag = f"{figures.agree(len(newer), 'is', 'are')} {figures.span(newer[0].mtime - cache.mtime)}"
        yield PROVIDER[layer].finding(
            newer[0].path,
            f"{_sources(tuple(newer))} {lag} newer than the {_TITLES[layer]} and may add to it",
            _evidence(context, newer[0], cache, len(newer) - 1),
            since=min(source.mtime for source in newer),
        )


def package(context: Context, layer: Layer, cache: FileStat, sources: Inputs) -> Iterator[Finding]:
    """What a package brings to this cache came after it. Composer gives a file the time that it had in its archive, so c tells
    (``docs/facts.md#laravel-inputs``). A cache that was copied here came with its release, whose packages may be copied last."""
    copied = cache.ctime > cache.mtime + inputs.TOLERANCE
    limit = max(cache.mtime, cache.ctime) + (COPYING if copied else inputs.TOLERANCE)
    came = [each for each in sources.indirect if each.path.startswith("vendor/") and each.mtime <= cache.mtime and each.ctime > limit]
    if came:
        came.sort(key=lambda each: -each.ctime)
        yield PROVIDER[layer].finding(
            came[0].path,
            f"{_sources(tuple(came))} came after the {_TITLES[layer]} and may add to it",
            _evidence(context, came[0], cache, len(came) - 1),
            since=came[-1].ctime,
        )


def broken(context: Context, layer: Layer, file: CacheFile, cache: FileStat) -> Iterator[Finding]:
    """A half-written or damaged cache file, or one that PHP may not read (``docs/facts.md#laravel-atomic``)."""
    if not file.unusable or context.now - written_by(cache.mtime, cache.ctime) <= WRITING:
        return
    path = paths.absolute(file.path, context.root)
    user = _pool_user(context) or "the pool's user"
    yield BROKEN[layer].finding(
        file.path,
        f"the {_TITLES[layer]} belongs to {cache.owner}, and {user} may not read it"
        if file.closed
        else f"the {_TITLES[layer]} is truncated or not valid PHP",
        (
            evidence.time("cache written", cache.mtime),
            evidence.command("ls", "-l", "--", path) if file.closed else evidence.command("php", "-l", path),
        ),
        since=cache.mtime,
    )


def unseen(layer: Layer, path: str, root: str, *, itself: bool = False, some: bool = False) -> Iterator[Finding]:
    """Nothing to compare the cache with (``docs/facts.md#laravel-inputs``), or not with *some* sources, or the cache *itself* could not be
    read; *path* "": it was not looked for."""
    what = f"the sources of the {_TITLES[layer]}" if path and not itself else f"the {_TITLES[layer]}"
    yield UNSEEN[layer].finding(
        path or layer.value,
        f"{what} were not all looked at: the application has more files than stalewatch lists" if some else f"{what} could not be read",
        (evidence.text("cache", path), evidence.stat(paths.absolute(path or "bootstrap/cache", root))),
    )


def compiled_unseen(layer: Layer, path: str, root: str, why: str) -> Iterator[Finding]:
    """What artisan made it of is not known (``docs/facts.md#cli-file-cache``)."""
    told = (evidence.text("cache", path), evidence.stat(paths.absolute(path, root)))
    yield UNSEEN[layer].finding(path, f"{why}; artisan may have made the {_TITLES[layer]} of it", told)


def moved(context: Context, layer: Layer, cache: CacheFile) -> Iterator[Finding]:
    """The application's code keeps it at a place of its own (``docs/facts.md#laravel-inputs``)."""
    variable = layer.spec.files[0].variable
    yield UNSEEN[layer].finding(
        cache.path,
        f"the application's own code says where the {_TITLES[layer]} is, and that is not looked at: name it in the pool too "
        f"(env[{variable}] = PATH)",
        (evidence.text("cache", cache.path), evidence.command("grep", "-rn", variable, paths.absolute("bootstrap", context.root))),
    )


def foreign_owner(context: Context, layer: Layer, cache: FileStat) -> Iterator[Finding]:
    """Root wrote the cache; PHP runs as another user (``docs/facts.md#laravel-exit-codes``)."""
    user = _pool_user(context)
    if cache.owner == "root" and user not in ("", "root"):
        yield OWNER[layer].finding(
            cache.path,
            f"the {_TITLES[layer]} belongs to root, so {user} cannot write it again",
            (
                evidence.text("owner", cache.owner),
                evidence.text("pool's user", user),
                evidence.command("ls", "-l", "--", paths.absolute(cache.path, context.root)),
            ),
        )


def _pool_user(context: Context) -> str:
    told = context.runtime.user if context.runtime is not None else ""
    return told or (context.fpm.pool.user if context.fpm is not None and context.fpm.pool else "")


def _sources(found: tuple[FileStat, ...]) -> str:
    names = [f"the link {source.path[2:]}" if source.path.startswith("./") else str(source.path) for source in found]
    return figures.several(names, 2)


def _evidence(context: Context, source: FileStat, cache: FileStat, more: int) -> tuple[Evidence, ...]:
    told = [
        evidence.time("source modified", source.mtime),
        evidence.time("source changed", source.ctime),
        evidence.time("cache written", cache.mtime),
        evidence.text("cache", cache.path),
    ]
    if more:
        told.append(evidence.number("more sources", more))
    return (*told, evidence.stat(paths.absolute(source.path, context.root), paths.absolute(cache.path, context.root)))
