"""When what happened. Times are those of the incident, moved so that it is 12:50 when the demo starts."""

from __future__ import annotations

from enum import Enum

import msgspec

NOW = "12:50:00"


def _seconds(clock: str) -> int:
    hours, minutes, *seconds = (int(part) for part in clock.split(":"))
    return hours * 3600 + minutes * 60 + (seconds[0] if seconds else 0)


def at(start: float, clock: str) -> float:
    """*clock* (``12:38`` or ``12:38:02``) of the story as epoch seconds, in a demo that began at *start*."""
    return start + _seconds(clock) - _seconds(NOW)


class Where(Enum):
    """Where PHP-FPM runs: on the machine; there, but with a mount namespace of its own; in a container."""

    MACHINE = "machine"
    NAMESPACE = "namespace"
    CONTAINER = "container"


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """One server: what happened to it, and when ("": never).

    *deployed*: the fix came; *rebuilt*, *reloaded*: its caches and its FPM were renewed after that. *upgraded*: another PHP was installed
    over the one that runs. *cleaned*: somebody removed the socket of the pool. *pool_settings*: lines of the pool's own file.
    *tested*: the first of its test calls; *calls*: seconds between two later ones; *function*: what they call.
    *where* FPM runs. *known*: ssh knows its host key. *worker*: a queue worker runs. *releases*: a deploy makes a new
    folder and switches the link ``current`` to it.
    """

    name: str
    deployed: str = ""
    rebuilt: str = ""
    reloaded: str = ""
    upgraded: str = ""
    cleaned: str = ""
    pool_settings: tuple[str, ...] = ()
    tested: str = "12:49:02"
    calls: float = 9.0
    function: str = "check_availability_v17"
    where: Where = Where.MACHINE
    known: bool = True
    worker: bool = False
    releases: bool = False


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """One story. *name*: as on the command line; *group*: of its servers; *about*: what happened, in three sentences; *ends*: what to press
    or do, for the first line that is read, with actions for keys (``{fix}``)."""

    name: str
    group: str
    about: str
    ends: str = "press {fix} to fix"
    scenes: tuple[Scene, ...]


def happenings(scene: Scene) -> list[tuple[float, str]]:
    """What happened after the restart at 12:27, in order: seconds from NOW (negative), and its name."""
    told = {
        "deploy": scene.deployed,
        "rebuild": scene.rebuilt,
        "reload": scene.reloaded,
        "upgrade": scene.upgraded,
        "lose socket": scene.cleaned,
    }
    found = [(at(0, clock), name) for name, clock in told.items() if clock]
    found += [(at(0, clock), "early call") for clock in EARLY_CALLS]
    found += [(at(0, scene.tested) + number * TEST_CALL_EVERY, "call") for number in range(TEST_CALLS)]
    return sorted(found)


PACKAGES = "12:19:00"
EARLIER_DEPLOY = "12:20:00"
COMPILED_VIEWS = "12:25:10"
CACHED = "12:26:05"
RESTARTED = "12:27:00"
EARLY_CALLS = ("12:28:12", "12:31:40")
"""Before the deploy; with function names that the old code knows, so that it reached the service behind the controller."""
TEST_CALL_EVERY = 4.2
TEST_CALLS = 14
"""The last one is 3 s before 12:50."""
