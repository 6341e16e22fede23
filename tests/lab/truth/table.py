"""All states, in groups: one module each, whose docstring says what its states have in common."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

from tests.lab.truth import (
    apache,
    blue_green,
    cli_file_cache,
    closed,
    composer,
    contained,
    daemons,
    environment,
    fleet,
    fpm,
    fpm_files,
    future,
    hidden,
    identity,
    laravel,
    links_below,
    made_elsewhere,
    masters,
    named_sources,
    one_cause,
    opcache_healthy,
    opcache_stale,
    outside,
    packages,
    places,
    preload,
    reach,
    release,
    rsync,
    servers,
    symfony,
    unpacked,
    web_reloads,
    web_servers,
    workers,
)
from tests.lab.truth.state import State

MODULES = (
    fpm,  # one of them takes a minute
    opcache_stale,
    one_cause,
    laravel,
    named_sources,
    future,
    packages,
    composer,
    made_elsewhere,
    closed,
    release,
    blue_green,
    links_below,
    preload,
    unpacked,
    rsync,
    identity,
    servers,
    fpm_files,
    environment,
    symfony,
    masters,
    places,
    outside,
    web_servers,
    apache,
    web_reloads,
    reach,
    workers,
    hidden,
    contained,
    daemons,
    cli_file_cache,
    opcache_healthy,
    fleet,
)


@dataclass(frozen=True)
class Group:
    """States of one kind. *name*: of their module, in words; *about*: what they have in common."""

    name: str
    about: str
    states: tuple[State, ...]


def _group(module: ModuleType) -> Group:
    return Group(module.__name__.rpartition(".")[2].replace("_", " "), (module.__doc__ or "").splitlines()[0], module.STATES)


GROUPS: tuple[Group, ...] = tuple(map(_group, MODULES))
STATES: tuple[State, ...] = tuple(state for group in GROUPS for state in group.states)
