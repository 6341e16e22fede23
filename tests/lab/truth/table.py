"""All states."""

from __future__ import annotations

from tests.lab.truth import (
    blue_green,
    composer,
    contained,
    daemons,
    fpm,
    future,
    hidden,
    identity,
    laravel,
    made_elsewhere,
    masters,
    one_cause,
    opcache_healthy,
    opcache_stale,
    packages,
    places,
    preload,
    reach,
    release,
    rsync,
    servers,
    symfony,
    unpacked,
    web_servers,
    workers,
)
from tests.lab.truth.fleet import FLEET
from tests.lab.truth.state import State

STATES: tuple[State, ...] = (
    *fpm.STATES,  # one of them takes a minute
    *opcache_stale.STATES,
    *one_cause.STATES,
    *laravel.STATES,
    *future.STATES,
    *packages.STATES,
    *composer.STATES,
    *made_elsewhere.STATES,
    *release.STATES,
    *blue_green.STATES,
    *preload.STATES,
    *unpacked.STATES,
    *rsync.STATES,
    *identity.STATES,
    *servers.STATES,
    *symfony.STATES,
    *masters.STATES,
    *places.STATES,
    *web_servers.STATES,
    *reach.STATES,
    *workers.STATES,
    *hidden.STATES,
    *contained.STATES,
    *daemons.STATES,
    *opcache_healthy.STATES,
    *FLEET,
)
