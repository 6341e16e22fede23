"""When what happened. Times are those of the incident, moved so that it is 12:50 when the demo starts."""

from __future__ import annotations

import msgspec

NOW = "12:50:00"


def _seconds(clock: str) -> int:
    hours, minutes, *seconds = (int(part) for part in clock.split(":"))
    return hours * 3600 + minutes * 60 + (seconds[0] if seconds else 0)


def at(start: float, clock: str) -> float:
    """*clock* (``12:38`` or ``12:38:02``) of the story as epoch seconds, in a demo that began at *start*."""
    return start + _seconds(clock) - _seconds(NOW)


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """What is special about one server. *rebuilt* and *reloaded*: when its caches and its FPM were renewed after the deploy ("": never).

    *pool_settings*: lines of the pool's own file. *calls*: seconds between two calls after the story's end.
    """

    name: str
    deployed: str
    rebuilt: str = ""
    reloaded: str = ""
    pool_settings: tuple[str, ...] = ()
    calls: float = 9.0


PACKAGES = "12:19:00"
EARLIER_DEPLOY = "12:20:00"
COMPILED_VIEWS = "12:25:10"
CACHED = "12:26:05"
RESTARTED = "12:27:00"
EARLY_CALLS = ("12:28:12", "12:31:40")
"""Before the deploy; with function names that the old code knows, so that it reached the service behind the controller."""
FIRST_TEST_CALL = "12:49:02"
TEST_CALL_EVERY = 4.2
TEST_CALLS = 14
"""The last one is 3 s before 12:50."""

SCENES = (
    Scene(
        name="web1",
        deployed="12:38:02",
        pool_settings=("php_admin_value[opcache.validate_timestamps] = 0",),
        calls=7.0,
    ),
    Scene(name="web2", deployed="12:38:04", rebuilt="12:39:10", reloaded="12:39:21", calls=11.0),
    Scene(name="web3", deployed="12:38:07", rebuilt="12:41:02", reloaded="12:41:15", calls=13.0),
)
