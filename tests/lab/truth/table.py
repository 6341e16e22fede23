"""All states."""

from __future__ import annotations

from tests.lab.truth import laravel, opcache_healthy, opcache_stale
from tests.lab.truth.state import State

STATES: tuple[State, ...] = (*opcache_stale.STATES, *laravel.STATES, *opcache_healthy.STATES)
