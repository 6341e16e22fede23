"""What is done to the fleet and to the operators, and when: all of it follows from a seed. Pure."""

from __future__ import annotations

import random
from dataclasses import dataclass

OPERATORS = ("anna", "bert", "cleo")
DEPLOY = "deploy"
KILLS = ("SIGKILL", "SIGTERM", "SIGHUP", "SIGINT")
FAULTS = (*KILLS, "freeze", "cut", "hang", "holder")
"""Signals to the operator's program; ``freeze``: it is stopped for a while; ``cut``: every ssh session of the host dies; ``hang``: they
are stopped for a while; ``holder``: the holder of the lock is killed on the server."""
EDITS = ("code", "config", "view", DEPLOY)
LEASE = 30.0
"""Seconds after which the server lets go of a lock whose operator is silent."""


CYCLE, BUSY = 40.0, 25.0
"""Of so many seconds, the first ones with changes and strikes, and the rest without."""


@dataclass(frozen=True)
class Change:
    """Another number for *what* on *host* (``deploy``: for all of it), *at* seconds after the beginning."""

    at: float
    host: str
    what: str


@dataclass(frozen=True)
class Strike:
    """*kind* of :data:`FAULTS` strikes whoever holds the lock of *host* then, *delay* seconds after it is held. *seconds*: how long."""

    at: float
    host: str
    kind: str
    delay: float
    seconds: float = 0.0


@dataclass(frozen=True)
class Plan:
    """*arguments*: those of each operator's fixes, in turn; *pauses*: seconds before each of them."""

    seed: int
    seconds: float
    changes: tuple[Change, ...]
    strikes: tuple[Strike, ...]
    arguments: dict[str, tuple[tuple[str, ...], ...]]
    pauses: dict[str, tuple[float, ...]]


def make(seed: int, seconds: float, hosts: tuple[str, ...]) -> Plan:
    """About one change in three seconds, and one strike in four; every now and then neither, so that a fix can come to its end."""
    chance = random.Random(seed)
    changes = [Change(0.0, host, what) for host in hosts for what in ("code", "config")]
    changes += [Change(at, chance.choice(hosts), chance.choice(EDITS)) for at in _moments(chance, seconds, 3.0)]
    strikes = [_strike(chance, at, hosts, seconds) for at in _moments(chance, seconds, 4.0)]
    arguments = {name: tuple(_arguments(chance) for _ in range(40)) for name in OPERATORS}
    pauses = {name: tuple(round(chance.uniform(0.0, 1.5), 2) for _ in range(40)) for name in OPERATORS}
    return Plan(seed, seconds, tuple(changes), tuple(strikes), arguments, pauses)


def _moments(chance: random.Random, seconds: float, apart: float) -> list[float]:
    moments, at = [], chance.uniform(0.0, apart)
    while at < seconds:
        if at % CYCLE < BUSY:
            moments.append(round(at, 2))
        at += chance.uniform(apart / 3, apart * 5 / 3)
    return moments


def _strike(chance: random.Random, at: float, hosts: tuple[str, ...], seconds: float) -> Strike:
    kind = chance.choice(FAULTS)
    host, delay = chance.choice(hosts), round(chance.uniform(0.0, 1.5), 2)
    if kind not in ("freeze", "hang"):
        return Strike(at, host, kind, delay)
    lasts = [chance.uniform(0.2, 2.0), chance.uniform(2.0, 8.0), chance.uniform(LEASE + 2, LEASE + 8)]
    return Strike(at, host, kind, delay, round(lasts[0] if seconds < 60 else chance.choice(lasts), 2))


def _arguments(chance: random.Random) -> tuple[str, ...]:
    everything = ("--all",) if chance.random() < 0.25 else ()
    together = ("--batch", "2") if chance.random() < 0.25 else ()
    return (*everything, *together)
