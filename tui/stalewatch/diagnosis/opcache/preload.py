"""Preloaded code of another release than the one that is served: its classes win over every file, through resets too."""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING

from stalewatch.diagnosis import evidence, paths, repro
from stalewatch.diagnosis.memory import earlier_roots
from stalewatch.diagnosis.opcache import codes
from stalewatch.diagnosis.opcache.app_scope import base_of
from stalewatch.model.report import Remedy, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalewatch.diagnosis.context import Context
    from stalewatch.model.disk import ReleaseFacts
    from stalewatch.model.report import Evidence, Finding
    from stalewatch.model.runtime import Opcache


def judge(context: Context, opcache: Opcache) -> Iterator[Finding]:
    """The release that ``opcache.preload`` names, and those that it was loaded from, against the current one
    (``docs/facts.md#opcache-preload``)."""
    release = context.host.release if context.host is not None else None
    if release is None or not opcache.preload:
        return
    named = str(opcache.preload)
    through_link = bool(release.link) and named.startswith(f"{release.link}/")
    if not through_link and (other := known_release(context, release, named)):
        yield elsewhere(context, opcache, release, other)
    elif other := next(filter(None, (known_release(context, release, folder) for folder in opcache.preloaded or ())), ""):
        yield loaded_before(context, opcache, release, other)
    elif through_link and release.switched_at is not None and floor(release.switched_at) > opcache.start_time:
        yield loaded_before(context, opcache, release, "")
    elif not through_link and (other := neighbour(context, opcache, release, named)):
        yield elsewhere(context, opcache, release, other, Verdict.SUSPECT)


def known_release(context: Context, release: ReleaseFacts, path: str) -> str:
    """The root of another release of this app that *path* is in, "" none: one in the same ``releases`` folder, or one that the link led to
    at an earlier look."""
    folder = f"{base_of(release.root)}/releases/"
    if path.startswith(folder):
        root = folder + path[len(folder) :].partition("/")[0]
        return root if root != release.root else ""
    return next((root for root in earlier_roots(context.memory, release.root) if f"{path}/".startswith(f"{root}/")), "")


def neighbour(context: Context, opcache: Opcache, release: ReleaseFacts, path: str) -> str:
    """A directory beside the one that the link leads to, that *path* is in and nobody requests: an earlier target of the link, or another
    app that was not requested yet."""
    folder = f"{release.root.rpartition('/')[0]}/"
    if not release.link or folder == "/" or not path.startswith(folder) or path.startswith(f"{release.root}/"):
        return ""
    root = folder + path[len(folder) :].partition("/")[0]
    workers = context.status.workers if context.status is not None else ()
    requested = (*(entry.path for entry in opcache.entry_points), *(worker.script for worker in workers))
    return "" if root == path or any(script.startswith(f"{root}/") for script in requested) else root


def elsewhere(context: Context, opcache: Opcache, release: ReleaseFacts, other: str, verdict: Verdict | None = None) -> Finding:
    """The setting names another release: a reload loads it again (``docs/facts.md#opcache-preload``)."""
    return codes.PRELOAD_ELSEWHERE.finding(
        opcache.preload,
        f"opcache.preload names {paths.name_of(other)}, but {paths.name_of(release.root)} is the current release: the classes that PHP "
        "preloads win over its files, after a reload or restart too",
        _evidence(context, opcache, release, other),
        since=release.switched_at,
        verdict=verdict,
        remedy=(Remedy.CONFIGURE,),
    )


def loaded_before(context: Context, opcache: Opcache, release: ReleaseFacts, other: str) -> Finding:
    """The setting is right, but PHP preloaded before the link was switched (``docs/facts.md#opcache-preload``)."""
    came = f"from {paths.name_of(other)}" if other else "before the link was switched"
    return codes.PRELOAD_ELSEWHERE.finding(
        opcache.preload,
        f"PHP preloaded {came}, and {paths.name_of(release.root)} is the current release: the preloaded classes win over its files until a "
        "reload",
        _evidence(context, opcache, release, other),
        since=release.switched_at,
        remedy=(Remedy.RELOAD,),
    )


def _evidence(context: Context, opcache: Opcache, release: ReleaseFacts, other: str) -> tuple[Evidence, ...]:
    told = [evidence.text("opcache.preload", opcache.preload), evidence.text("current release", release.root)]
    if other:
        told.append(evidence.text("preloaded release", other))
    if release.switched_at is not None:
        told.append(evidence.time("link switched", release.switched_at))
    return (*told, evidence.time("cache since", opcache.start_time), repro.command(context, 'ini_get("opcache.preload")'))
