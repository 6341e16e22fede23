"""What happens to servers: small functions of a host that states are put together from."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.lab import Host
from tests.lab.truth.state import warm
from tests.lab.waiting import until

CONTROLLER = "app/Http/Controllers/HomeController.php"
HOUR = 3600.0

Change = Callable[[Host], object]


def then(*changes: Change) -> Callable[[Host], None]:
    """One after another."""

    def change(host: Host) -> None:
        for one in changes:
            one(host)

    return change


def opcache(**settings: object) -> Callable[[Host], None]:
    """Settings of the pool's OPcache, with a restart; then served a while."""

    def arrange(host: Host) -> None:
        host.fpm(**settings)
        warm(host)

    return arrange


def get(uri: str = "/", times: int = 10, script: str | None = None, pool: str = "www") -> Callable[[Host], None]:
    """Requests."""

    def change(host: Host) -> None:
        for _ in range(times):
            host.request(uri, script=script, pool=pool)

    return change


def edit(host: Host) -> None:
    """The fix comes to the controller."""
    host.release("v2")


def rewrite(mtime_back: float = 0.0, path: str = CONTROLLER, replace: tuple[str, str] = ("home v1", "home v2")) -> Callable[[Host], None]:
    """Other content, with the modification time that the file had, or an earlier one."""

    def change(host: Host) -> None:
        mtime = host.file(path).stat().st_mtime
        host.edit(path, replace=replace, mtime=mtime - mtime_back)

    return change


def shell(command: str, user: str = "root") -> Callable[[Host], None]:
    """A command in the host."""

    def change(host: Host) -> None:
        host.run(["sh", "-ec", command], user=user)

    return change


def pause(seconds: float) -> Callable[[Host], None]:
    """Time passes that the state is made of: a revalidation window, the age of a file."""

    def change(_host: Host) -> None:
        time.sleep(seconds)

    return change


def healed(body: str = "home v2", uri: str = "/", script: str | None = None) -> Callable[[Host], None]:
    """Requests until the new code is served and is in the cache (a file younger than two seconds is not kept)."""

    def change(host: Host) -> None:
        until(lambda: host.request(uri, script=script).body.strip() == body, f"{body!r} from {host.name}", pause=0.1)
        time.sleep(2.2)
        get(uri, script=script)(host)

    return change
