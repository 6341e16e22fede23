"""Clear and rebuild what Laravel caches: ``*:clear``, ``*:cache`` (which clears its own layer first), ``package:discover``. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from stalewatch.diagnosis import views
from stalewatch.diagnosis.pool_environment import OTHER_ENVIRONMENT
from stalewatch.model.layers import LAYERS, REBUILT, Layer
from stalewatch.model.replace import replace
from stalewatch.model.report import Remedy
from stalewatch.model.times import utc, written_by
from stalewatch.runbook.commands import usable
from stalewatch.runbook.needs import cached_layers, why
from stalewatch.runbook.plan import Choice, Justification, Outcome, Phase, Status, Step
from stalewatch.runbook.step_spec import Proof, StepSpec, outcome
from stalewatch.runbook.steps import artisan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalewatch.model.snapshot import CacheFile, FileStat, HostFacts
    from stalewatch.runbook.draft import Draft

# ------------------------------------------------------------------------------------------------------------------ rebuild


def _rebuilds(draft: Draft) -> list[Step]:
    steps = [
        REBUILD.step(
            draft.access.text(draft.access.in_the_pools_environment(layer.spec.rebuild)),
            reason,
            id=layer.spec.rebuild,
            what=layer.value,
            layer=layer,
            timeout=artisan.TIMEOUT,
            causes=causes,
        )
        for layer, reason, causes in _to_rebuild(draft)
    ]
    if not draft.may_ask:
        return steps
    return [
        replace(step, keeps=_kept(draft, step.layer), script=draft.access.script, away=_cannot_start(draft, step.layer)) for step in steps
    ]


def _cannot_start(draft: Draft, layer: Layer | None) -> bool:
    """Whether artisan may not be able to start with what is there of *layer*: half a file, or a provider of a package that is gone."""
    names = [file.name for file in layer.spec.files] if layer is not None else []
    facts = draft.host.packages
    gone = layer is Layer.PACKAGES and facts.installed is not None and set(facts.cached or ()) - set(facts.installed)
    return bool(gone) or any(cache.name in names and cache.unusable for cache in draft.host.caches)


def _kept(draft: Draft, layer: Layer | None) -> tuple[str, ...]:
    """What the pool keeps aside: the files of *layer*, or the folder of the compiled views, which ends in a slash."""
    if layer is None:
        return ()
    if layer is Layer.VIEWS:
        folder = f"{views.folder_of(draft.host, draft.host.release.root or draft.report.app)}/"
        return (folder,) if usable(folder) else ()
    names = [file.name for file in layer.spec.files]
    found = sorted((cache for cache in draft.host.caches if cache.name in names), key=lambda cache: names.index(cache.name))
    paths = tuple(draft.absolute(cache.path) for cache in found)
    return paths if all(map(usable, paths)) else ()


def _to_rebuild(draft: Draft) -> Iterator[tuple[Layer, str, tuple[Justification, ...]]]:
    request = draft.request
    if not draft.laravel or not draft.wants(Phase.REBUILD) or request.choice in (Choice.CLEAR, Choice.RELOAD):
        return
    discover = draft.needs(Remedy.DISCOVER)
    if discover or request.everything:
        reason, causes = why(discover) if discover else ("asked for: the whole sequence", ())
        yield Layer.PACKAGES, reason, () if request.everything else causes
    cached = cached_layers(draft.host)
    for layer in REBUILT:
        if request.choice is Choice.REBUILD or request.everything:
            if layer in cached or layer in draft.cleared:
                when = "cached now" if layer in cached else "cached before it was cleared"
                yield layer, f"asked for: {layer.value} {when}", ()
        elif needs := draft.needs(Remedy.REBUILD, layer=layer):
            yield layer, *why(needs)


def _rebuilt(proof: Proof) -> Outcome:
    host, layer = proof.after.host, proof.step.layer
    if host is None or layer is None:
        return outcome(Status.RUNNING, why="the server could not be looked at")
    if layer is Layer.VIEWS:
        return _views_rebuilt(proof, host)
    written = [cache for cache in _files(host, layer) if cache.stat is not None]
    if not written:
        return outcome(Status.FAILED, why=f"{proof.step.id} left no cache file")
    evidence: dict[str, str] = {}
    failed = False
    newest = max((written_by(source.mtime, source.ctime) for source in _sources(host, layer)), default=0.0)
    for cache in written:
        stat = cache.stat
        if stat is None:
            continue
        wrong = _wrong(stat, proof.sent, newest, str(proof.server.user)) or (
            "it is not complete" if cache.complete is False else "the pool's user may not read it" if cache.closed else ""
        )
        failed = failed or bool(wrong)
        evidence[cache.path] = wrong or f"written {utc(stat.mtime)}, owner {stat.owner or 'not known'}"
    otherwise = [finding for finding in proof.after.findings if layer is Layer.CONFIG and finding.code == OTHER_ENVIRONMENT.code]
    if otherwise:  # the pool itself compared it
        return outcome(Status.FAILED, why=otherwise[0].summary, **evidence)
    return outcome(Status.FAILED if failed else Status.DONE, **evidence)


def _wrong(stat: FileStat, sent: int, newest: float, user: str) -> str:
    if math.floor(stat.mtime) < sent:
        return f"not rewritten: still of {utc(stat.mtime)}"
    if math.floor(newest) > stat.mtime + 1:
        return f"older than its newest source ({utc(newest)})"
    if user and stat.owner and stat.owner != user:
        return f"belongs to {stat.owner}, the pool runs as {user}"
    return ""


def _sources(host: HostFacts, layer: Layer) -> tuple[FileStat, ...]:
    inputs = host.inputs.get(layer.value)
    return inputs.direct if inputs and layer is not Layer.PACKAGES else ()  # packages: the set counts, not the times


def _views_rebuilt(proof: Proof, host: HostFacts) -> Outcome:
    views = host.views.views
    if not views:
        return outcome(Status.FAILED, why="view:cache left no compiled view")
    old = sum(
        view.source is not None and math.floor(written_by(view.source.mtime, view.source.ctime)) > math.floor(view.compiled.mtime)
        for view in views
    )
    return outcome(
        Status.FAILED if old else Status.DONE,
        views=proof.after.layers[Layer.VIEWS].value,
        **{"compiled views": f"{old} of {len(views)} older than their source" if old else str(len(views))},
    )


# -------------------------------------------------------------------------------------------------------------------- clear


def _clears(draft: Draft) -> list[Step]:
    steps = [
        CLEAR.step(
            draft.access.text(draft.access.artisan(layer.spec.clear)),
            reason,
            id=layer.spec.clear,
            what=layer.value,
            layer=layer,
            timeout=artisan.TIMEOUT,
            causes=causes,
        )
        for layer, reason, causes in _to_clear(draft)
    ]
    return [replace(step, keeps=_kept(draft, step.layer)) for step in steps] if draft.may_ask else steps


def _to_clear(draft: Draft) -> list[tuple[Layer, str, tuple[Justification, ...]]]:
    if not draft.laravel or not draft.wants(Phase.CLEAR):
        return []
    only_clear = draft.request.everything and draft.fixing and not draft.wants(Phase.REBUILD)
    if draft.request.choice is Choice.CLEAR or only_clear:
        return [(layer, f"asked for: {layer.value} cached now", ()) for layer in cached_layers(draft.host)]
    rebuilt = {layer for layer, _, _ in _to_rebuild(draft)}
    asked = [Remedy.CLEAR]
    if not draft.wants(Phase.REBUILD):  # only a clear: a stale cache is emptied rather than rebuilt
        asked.append(Remedy.REBUILD)
    return [(layer, *why(needs)) for layer in REBUILT if layer not in rebuilt and (needs := draft.needs(*asked, layer=layer))]


def _cleared(proof: Proof) -> Outcome:
    host, layer = proof.after.host, proof.step.layer
    if host is None or layer is None:
        return outcome(Status.RUNNING, why="the server could not be looked at")
    if layer is Layer.VIEWS:
        old = sum(math.floor(view.compiled.mtime) < proof.sent for view in host.views.views)
        return outcome(Status.FAILED if old else Status.DONE, **{"compiled views": f"{old} old ones are still there" if old else "gone"})
    files = _files(host, layer)
    left = [cache for cache in files if cache.stat is not None]
    return outcome(Status.FAILED if left else Status.DONE, **{cache.path: "still there" if cache.stat else "gone" for cache in files})


def _mixes(draft: Draft) -> Iterator[str]:
    yield from artisan.warns(draft)
    if not draft.looks_at_disk and not any(step.phase is Phase.RELOAD for step in draft.steps):
        yield "OPcache does not look at the disk here: a clear alone mixes new routes with old code until a reload"


def _files(host: HostFacts, layer: Layer) -> list[CacheFile]:
    return [cache for cache in host.caches if cache.name == layer.value]


CLEAR = StepSpec(
    kind="clear",
    phase=Phase.CLEAR,
    remedies=(Remedy.CLEAR,),
    does="clear {}",
    wanted=_clears,
    prove=_cleared,
    blocks=artisan.blocks,
    warns=_mixes,
    grants=lambda access: [access.artisan(name) for name in [layer.spec.clear for layer in REBUILT]],
)
"""``*:clear`` of one layer."""
REBUILD = StepSpec(
    kind="rebuild",
    phase=Phase.REBUILD,
    remedies=(Remedy.REBUILD, Remedy.DISCOVER),
    does="rebuild {}",
    wanted=_rebuilds,
    prove=_rebuilt,
    blocks=artisan.writing_blocks,
    warns=artisan.warns,
    grants=lambda access: [access.in_the_pools_environment(name) for name in [spec.rebuild for spec in LAYERS if spec.rebuild]],
)
"""``*:cache`` of one layer, or ``package:discover``."""
