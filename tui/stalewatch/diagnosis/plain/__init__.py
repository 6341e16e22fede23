"""What every finding means, in three sentences for whoever has just been woken. Proofs are in the rules."""

from __future__ import annotations

from stalewatch.diagnosis.plain import bytecode, caches, health, packages, pool, release, workers
from stalewatch.diagnosis.plain.sentences import Plain as Plain

PLAIN: dict[str, Plain] = {
    **release.PLAIN,
    **packages.PLAIN,
    **caches.PLAIN,
    **bytecode.PLAIN,
    **pool.PLAIN,
    **workers.PLAIN,
    **health.PLAIN,
}
"""By code: one row for every rule."""
