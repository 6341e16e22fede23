"""Old bytecode: whether scripts are invalidated one by one, which loses no request, or FPM is reloaded. Pure.

After the caches, because what is rebuilt are PHP files, which OPcache holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stalewatch.model.layers import Layer
from stalewatch.model.report import Remedy
from stalewatch.runbook.commands import usable
from stalewatch.runbook.needs import why
from stalewatch.runbook.plan import Choice, Justification, Phase, Step

if TYPE_CHECKING:
    from stalewatch.model.snapshot import CacheFile
    from stalewatch.runbook.draft import Draft


class Way(NamedTuple):
    """*paths*: the scripts to invalidate; empty: reload."""

    reason: str
    causes: tuple[Justification, ...] = ()
    paths: tuple[str, ...] = ()


def chosen(draft: Draft) -> Way | None:
    """The gentlest way that does the job; None where there is nothing to do."""
    if not draft.wants(Phase.RELOAD) or draft.request.choice is Choice.CLEAR:
        return None
    if draft.request.choice is Choice.RELOAD:
        return Way("asked for")
    if draft.request.everything and draft.fixing:
        return Way("asked for: the whole sequence")
    reloads, stale = draft.needs(Remedy.RELOAD), draft.needs(Remedy.INVALIDATE)
    rebuilt = draft.of_kind("rebuild", "compile")
    held = _held(draft, rebuilt)
    follows = held is None or bool(held) or bool(draft.of_kind("wipe-file-cache"))
    if reloads:
        reason, causes = why(reloads + stale)
        return Way(reason, () if follows else causes)
    paths = list(dict.fromkeys([path for need in stale for path in need.paths] + (held or [])))
    if held is None or (paths and not draft.may_ask) or len(paths) > draft.few or not all(usable(path) for path in paths):
        after = "what was rebuilt is PHP that OPcache may hold" if rebuilt else f"{len(paths)} scripts are old"
        reason, causes = why(stale) if stale else (after, ())
        return Way(reason, () if follows else causes)
    if not paths:
        return None
    names = [f"{step.id} rewrote a file that OPcache does not look at again" for step in rebuilt if held]
    reason, causes = why(stale) if stale else ("; ".join(names), ())
    return Way(reason, () if follows else causes, tuple(paths))


def _held(draft: Draft, rebuilt: list[Step]) -> list[str] | None:
    """Files that are rewritten while OPcache keeps their old bytecode; None when they are not known or can't be named: reload then."""
    if not rebuilt:
        return []
    if draft.opcache is None:
        return None
    if draft.looks_at_disk:
        return []
    files: list[str] = []
    if any(step.kind == "compile" for step in rebuilt):
        return None  # a container is hundreds of files
    for step in rebuilt:
        if step.layer is Layer.VIEWS:
            if draft.host.views.truncated:
                return None
            files += [draft.absolute(view.compiled.path) for view in draft.host.views.views]
        else:
            files += [draft.absolute(cache.path) for cache in draft.host.caches if _written_by(cache, step)]
    return files


def _written_by(cache: CacheFile, step: Step) -> bool:
    return step.layer is not None and any(cache.name == file.name for file in step.layer.spec.files)
