"""Who judges which layer, and by which rules."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from stalewatch.diagnosis import fpm, laravel_cache, packages, release, symfony, views, workers
from stalewatch.diagnosis.opcache import codes, state
from stalewatch.model.layers import FILE_CACHED, Layer

if TYPE_CHECKING:
    from collections.abc import Callable

    from stalewatch.diagnosis.context import Context, Ruling
    from stalewatch.diagnosis.rule import Rule


class Judge(NamedTuple):
    """*judge*: what the layer comes to, by one look. *rules*: everything it may say."""

    judge: Callable[[Context], Ruling]
    rules: tuple[Rule, ...]


def _cached(context: Context, layer: Layer) -> Ruling:
    """A layer that is kept in one PHP file, by Laravel or by Symfony."""
    other = context.host is not None and context.host.layout.kind == "symfony"
    return symfony.judge(context, layer) if other else laravel_cache.judge(context, layer)


JUDGES: dict[Layer, Judge] = {
    **{layer: Judge(partial(_cached, layer=layer), (*laravel_cache.rules_of(layer), *symfony.rules_of(layer))) for layer in FILE_CACHED},
    Layer.RELEASE: Judge(release.judge, release.RULES),
    Layer.PACKAGES: Judge(packages.judge, packages.RULES),
    Layer.VIEWS: Judge(views.judge, views.RULES),
    Layer.OPCACHE: Judge(state.judge, codes.RULES),
    Layer.FPM: Judge(fpm.judge, fpm.RULES),
    Layer.WORKERS: Judge(workers.judge, workers.RULES),
}
"""For every layer; those that are kept in one file have the same judge."""
