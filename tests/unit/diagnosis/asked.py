"""The two exceptions to "nothing is greener for want of a fact", for all tests of that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.diagnosis.chain.premises import PREMISES
from stalewatch.diagnosis.not_judged import ENVIRONMENT
from stalewatch.model.chain import LinkName, LinkState
from stalewatch.model.layers import Layer

if TYPE_CHECKING:
    from stalewatch.model.report import Report


OTHER_SIDE = frozenset(
    {"Snapshot.runtime", "RuntimeFacts.opcache", "RuntimeFacts.status", "runtime", "opcache", "status", "some scripts", "the list"}
    | {"HostFacts.fpm", "FpmFacts.pool", "FpmFacts.pools_on_server", "fpm", "the pool"}
)
"""Without these the other side of a link is not seen, or nothing shows that the pool that was asked is the app's."""


def not_asked(whole: Report, less: Report, fact: str) -> set[Layer]:
    """Where *fact* is taken away: layers that rest on a link which *whole* has and does not bear them, and *less* does not ask for, because
    the other side of it is not seen (docs/design.md); and the configuration where *less* says beside it that the pool does not tell its
    environment."""
    if fact == "RuntimeFacts.environment":
        return {Layer.CONFIG} if ENVIRONMENT in set(less.not_judged) - set(whole.not_judged) else set()
    if fact not in OTHER_SIDE:
        return set()
    missed = {link.name for link in whole.chain if link.state is not LinkState.OK} - {link.name for link in less.chain}
    told_in = {Layer.FPM} if LinkName.DISK in missed else set()  # fpm.other-tree says what the link does
    return told_in | {layer for layer, premises in PREMISES.items() if missed & set(premises)}
