"""The chain: every link in the order in which a request meets it, and who judges it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from stalewatch.diagnosis.chain import disk, entry, php, pool, summed_up, web_server
from stalewatch.diagnosis.chain.link import LinkSpec
from stalewatch.model.chain import LinkName

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stalewatch.diagnosis.chain.link import Observed
    from stalewatch.diagnosis.context import Context, Ruling
    from stalewatch.model.layers import Layer

LINKS: tuple[LinkSpec, ...] = (
    LinkSpec(LinkName.WEB_SERVER, "to which pool does the web server pass this app's requests?", web_server.judge),
    LinkSpec(LinkName.POOL, "which pool serves this app?", pool.judge),
    LinkSpec(LinkName.PHP, "is the PHP that runs the PHP on the disk: binary, extensions, version, configuration?", php.judge),
    LinkSpec(LinkName.DISK, "do the pool and this login see the same tree?", disk.judge),
    LinkSpec(LinkName.ENTRY, "which file of which release does the passed path lead to, for PHP, now?", entry.judge),
    LinkSpec(LinkName.BYTECODE, "is what is compiled what is on the disk?", partial(summed_up.judge, LinkName.BYTECODE)),
    LinkSpec(LinkName.CLASSES, "do Composer's files belong to this code?", partial(summed_up.judge, LinkName.CLASSES)),
    LinkSpec(
        LinkName.CACHES,
        "were the caches made from these sources?",
        partial(summed_up.judge, LinkName.CACHES),
    ),
    LinkSpec(LinkName.WORKERS, "what code do long-running processes hold?", partial(summed_up.judge, LinkName.WORKERS)),
)


def observe(context: Context, rulings: Mapping[Layer, Ruling]) -> tuple[Observed, ...]:
    """Every link, as far as this look shows it; what nothing rests on at this look is left out."""
    judged = (spec.judge(context, rulings) for spec in LINKS)
    return tuple(one for one in judged if one is not None)
