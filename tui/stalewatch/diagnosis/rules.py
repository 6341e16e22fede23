"""Every rule there is, collected from the file of each layer."""

from __future__ import annotations

from stalewatch.diagnosis import fpm, health, laravel_cache, packages, release, views, worker_places, workers
from stalewatch.diagnosis.opcache import codes
from stalewatch.diagnosis.rule import Rule

RULES: dict[str, Rule] = {
    rule.code: rule
    for rule in (
        *release.RULES,
        *packages.RULES,
        *laravel_cache.RULES,
        *views.RULES,
        *codes.RULES,
        *fpm.RULES,
        *workers.RULES,
        *worker_places.RULES,
        *health.RULES,
    )
}
"""By code, in the order of the layers."""
