"""(Memory, Snapshot) -> (Memory, Report): every layer gets a verdict, and everything that is not fresh a reason. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stalewatch.diagnosis import health, web_php
from stalewatch.diagnosis.chain import left_out, pool, premises, summed_up, table
from stalewatch.diagnosis.context import Context, Ruling
from stalewatch.diagnosis.judges import JUDGES
from stalewatch.diagnosis.not_judged import not_judged
from stalewatch.diagnosis.remember import remember
from stalewatch.diagnosis.worst_first import worst_first
from stalewatch.model import reasons
from stalewatch.model.inventory import Thresholds
from stalewatch.model.report import Layer, Report, Verdict, worst
from stalewatch.model.snapshot import Snapshot, Unseen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stalewatch.diagnosis.memory import Memory
    from stalewatch.model.memo import Memos

DEFAULT = Thresholds()
_ABSENT = Ruling(Verdict.ABSENT)


def diagnose(
    memory: Memory, snapshot: Snapshot, thresholds: Thresholds = DEFAULT, shared: Memos[Any] | None = None
) -> tuple[Memory, Report]:
    """What *snapshot* means, given what *memory* holds of earlier looks at the same app; and the memory for the next look.

    Never raises. Every :class:`Layer` has a verdict; one that is neither fresh nor absent has a finding of its layer, or
    ``errors`` say why. *shared*: the same for all apps of one look, so that what they have in common is worked out once.
    """
    context = pool.witnessed(Context.of(memory, snapshot, thresholds, shared))
    if not snapshot.app or (context.host is not None and not context.host.layout.exists):
        return memory, _nothing_there(context)
    rulings = {layer: _ruling(context, layer) for layer in Layer}
    rate = health.hit_rate(context)
    known = remember(context, rulings, rate)
    observed = table.observe(context, rulings)
    chain = tuple(one.link for one in observed)
    rulings, missing = premises.rest_on(rulings, chain)
    chain = summed_up.borne(chain, rulings)
    told = _told(context)
    rulings = left_out.without(rulings, told, shown=bool(context.witness.shows))
    found = [finding for ruling in rulings.values() for finding in ruling.findings]
    found += health.judge(context, rate)
    found = list(map(web_php.by_hand, found)) if web_php.is_told(context) else found
    layers = {layer: ruling.verdict for layer, ruling in rulings.items()}
    return known, Report(
        server=snapshot.server,
        address=snapshot.address,
        app=snapshot.app,
        verdict=worst(list(layers.values())),
        layers=layers,
        findings=tuple(sorted(found, key=worst_first)),
        errors=_once((*told, *missing)),
        snapshot=snapshot,
        observed_at=snapshot.observed_at,
        stale_since=min((one.since for one in found if one.verdict is Verdict.STALE and one.since is not None), default=None),
        hit_rate=rate,
        hit_rates=known.rates,
        chain=chain,
        not_judged=not_judged(context),
    )


def _ruling(context: Context, layer: Layer) -> Ruling:
    kind = context.host.layout.kind if context.host is not None else "laravel"
    return JUDGES[layer].judge(context) if kind == "laravel" or not layer.spec.laravel or kind in layer.spec.also else _ABSENT


def _nothing_there(context: Context) -> Report:
    """No app at that path: nothing is known, and the error says so."""
    snapshot = context.snapshot
    if snapshot.app:
        error = reasons.APP_MISSING.unseen(f"{snapshot.app} is not there", "give the app's root with --app")
    else:
        error = reasons.APP_NONE_FOUND.unseen("no PHP app was found", "give its root with --app")
    told = _told(context)
    return Report(
        server=snapshot.server,
        address=snapshot.address,
        app=snapshot.app,
        verdict=Verdict.UNKNOWN,
        layers=dict.fromkeys(Layer, Verdict.UNKNOWN),
        errors=told if any(one.code.startswith("app.") for one in told) else (error, *told),
        snapshot=snapshot,
        observed_at=snapshot.observed_at,
    )


def _told(context: Context) -> tuple[Unseen, ...]:
    """Everything that the snapshot itself says could not be seen, each once."""
    snapshot, host, runtime = context.snapshot, context.host, context.runtime
    inside = host.contained if host is not None and host.seen_fpm is not None and host.seen_fpm.running is None else None
    fpm = host.fpm if host is not None and not web_php.is_told(context) else None
    of_host = (host.hidden, inside, fpm) if host is not None else ()
    parts = [snapshot.host, *of_host, snapshot.runtime, runtime.opcache if runtime is not None else None]
    told = [part for part in parts if isinstance(part, Unseen)]
    told += [*snapshot.problems, *(host.problems if host is not None else ())]
    return _once(told)


def _once(told: Iterable[Unseen]) -> tuple[Unseen, ...]:
    return tuple({(one.code, one.message): one for one in told}.values())
