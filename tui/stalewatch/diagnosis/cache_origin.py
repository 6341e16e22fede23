"""Cached files that were made for another release or directory than the one that is served (``docs/facts.md#laravel-roots``)."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from stalewatch.diagnosis import evidence, paths
from stalewatch.diagnosis.inputs import TOLERANCE
from stalewatch.diagnosis.rule import Rule
from stalewatch.model import figures
from stalewatch.model.layers import FILE_CACHED
from stalewatch.model.report import Finding, Layer, Remedy, Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalewatch.diagnosis.context import Context
    from stalewatch.model.snapshot import CacheFile, FileStat, NamedRoot

_TITLES = {layer: layer.spec.files[0].title for layer in FILE_CACHED}
_VIEWS = "resources"
"""The folder that names the root of an application best: nobody configures another one."""

ELSEWHERE = {
    layer: Rule(
        code=f"{layer}.made-elsewhere",
        layer=layer,
        verdict=Verdict.STALE,
        severity=Severity.CRITICAL,
        meaning=f"The {_TITLES[layer]} was made for another directory: the paths inside of it name another release, or the place where the "
        "application was built, as its root. Suspect where only the times say so: releases share the file, a newer release was there "
        "when it was written, and then the link was set back.",
        evidence=("made for", "application", "cache written", "newer release came", "link switched", "cache", "repeat"),
        remedy=(Remedy.REBUILD,),
        advice="Keep bootstrap/cache inside of each release, and cache where the application is served.",
        others=(Verdict.SUSPECT,),
    )
    for layer in FILE_CACHED
}


def judge(context: Context, layer: Layer, cache: CacheFile) -> Iterator[Finding]:
    """Whether *cache* was made for the application that is served, by the roots that it names, else by when it was written."""
    named = tuple(root for root in cache.named or () if not _reached(context, root))
    own = len(named) < len(cache.named or ())
    views = [root for root in named if _VIEWS in root.folders]
    if views and not any(_VIEWS in root.folders for root in cache.named or () if root not in named):
        yield _for_root(context, layer, cache, min(views, key=lambda root: len(root.path)))
    elif not own and (clear := next((root for root in named if len(root.folders) > 1), None)) is not None:
        yield _for_root(context, layer, cache, clear)
    elif not own:
        yield from _for_release(context, layer, cache)


def untold(context: Context, cache: CacheFile) -> bool:
    """Whether it was not seen if *cache*, which names no root, was written for another release."""
    release = context.host.release if context.host is not None else None
    if release is None or not release.link or any(_reached(context, root) for root in cache.named or ()):
        return False
    return cache.shared is None or (cache.shared and None in (release.switched_at, release.beside))


def _reached(context: Context, root: NamedRoot) -> bool:
    """Whether *root* is our application as the login sees it, or as the pool does (in a chroot or a container)."""
    if root.state != "missing":
        return root.state == "own"
    pool, cached = context.fpm.pool if context.fpm is not None else None, context.opcache
    chroot = pool.settings.get("chroot", "") if pool is not None else ""
    if chroot and context.root == f"{chroot.rstrip('/')}{root.path}":
        return True
    scripts = (script.path for script in cached.listed) if cached is not None else ()
    return any(path.startswith(f"{root.path}/") for path in chain(scripts, context.memory.scripts))


def _for_root(context: Context, layer: Layer, cache: CacheFile, root: NamedRoot) -> Finding:
    """The paths in *cache* begin with *root* (``docs/facts.md#laravel-roots``)."""
    unsure = root.state == "missing" and context.opcache is None
    written = cache.stat.mtime if cache.stat is not None else None
    return ELSEWHERE[layer].finding(
        cache.path,
        f"the {_TITLES[layer]} names {root.path} as the application's directory, not {context.root}",
        (
            evidence.text("made for", root.path),
            evidence.text("application", context.root),
            evidence.time("cache written", written),
            evidence.text("cache", cache.path),
            evidence.command("grep", "-c", "-F", "--", f"'{root.path}/", paths.absolute(cache.path, context.root)),
        ),
        verdict=Verdict.SUSPECT if unsure else None,
        severity=Severity.WARNING if unsure else None,
        since=written,
    )


def _for_release(context: Context, layer: Layer, cache: CacheFile) -> Iterator[Finding]:
    """*cache* names no root. Releases share it, and it was written when there was a newer one, before the link was set back to ours
    (``docs/facts.md#laravel-roots``)."""
    release = context.host.release if context.host is not None else None
    if not cache.shared or cache.stat is None or release is None or release.switched_at is None or cache.stat.mtime >= release.switched_at:
        return
    newer = _newer(release.beside or (), f"{context.root}/artisan", cache.stat.mtime)
    if newer:
        names = figures.several([paths.name_of(each.path.rpartition("/")[0]) for each in newer], 2)
        yield ELSEWHERE[layer].finding(
            cache.path,
            f"releases share the {_TITLES[layer]}, and it was written after {names} came and before the link was set back",
            (
                evidence.time("newer release came", newer[0].ctime),
                evidence.time("cache written", cache.stat.mtime),
                evidence.time("link switched", release.switched_at),
                evidence.text("application", context.root),
                evidence.text("cache", cache.path),
                evidence.stat(paths.absolute(cache.path, context.root), newer[0].path),
            ),
            verdict=Verdict.SUSPECT,
            severity=Severity.WARNING,
            since=release.switched_at,
        )


def _newer(beside: tuple[FileStat, ...], own: str, written: float) -> list[FileStat]:
    """The releases that came after ours, and before *written*; newest first. A sweep over all of them (chown -R) makes none newer."""
    ours = next((each.ctime for each in beside if each.path == own), None)
    if ours is None:
        return []
    return sorted((each for each in beside if ours + TOLERANCE < each.ctime < written), key=lambda each: -each.ctime)
