"""What happens to servers: small functions of a host that states are put together from."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Thread

from tests.lab import Host
from tests.lab.application import FAR_FUTURE
from tests.lab.truth.state import APP, INDEX, warm
from tests.lab.waiting import until

CONTROLLER = "app/Http/Controllers/HomeController.php"
HOUR = 3600.0

Change = Callable[[Host], object]


def then(*changes: Change) -> Change:
    """One after another."""

    def change(host: Host) -> None:
        for one in changes:
            one(host)

    return change


def opcache(**settings: object) -> Change:
    """Settings of the pool's OPcache, with a restart; then served a while."""
    return then(lambda host: host.fpm(**settings), warm)


VT0 = opcache(validate_timestamps=0)


def ini(**settings: object) -> Change:
    """Settings of FPM's php.ini, with a restart; then served a while."""
    return then(lambda host: host.ini(**settings), warm)


def get(uri: str = "/", times: int = 10, script: str | None = None, pool: str = "www") -> Change:
    """Requests."""

    def change(host: Host) -> None:
        for _ in range(times):
            host.request(uri, script=script, pool=pool)

    return change


def edit(host: Host) -> None:
    """The fix comes to the controller."""
    host.release("v2")


def change_text(path: str, old: str, new: str) -> Change:
    """A text in a file becomes another, now."""
    return lambda host: host.edit(path, replace=(old, new))


AGENT = change_text("config/services.php", "agent-v1", "agent-v2")
ENV = change_text(".env", "RETELL_VERSION=v1", "RETELL_VERSION=v2")
ROUTE = change_text("routes/api.php", "'ping']", "'package']")
EVENT = change_text("app/Providers/EventServiceProvider.php", "[AnswerPing::class]", "[]")
VIEW = change_text("resources/views/home.blade.php", "view v1", "view v2")


def rewrite(path: str = CONTROLLER, old: str = "home v1", new: str = "home v2", back: float = 0.0) -> Change:
    """Other content, with the modification time that the file had, or one *back* seconds earlier."""

    def change(host: Host) -> None:
        mtime = host.file(path).stat().st_mtime
        host.edit(path, replace=(old, new), mtime=mtime - back)

    return change


def touch(path: str = CONTROLLER) -> Change:
    """A new modification time, the same content."""
    return lambda host: host.touch(path, time.time())


def cache(*layers: str) -> Change:
    """Cache these layers again."""
    return lambda host: host.cache(*layers)


def clear(*layers: str) -> Change:
    """Clear these caches."""
    return lambda host: host.clear_caches(*layers)


def shell(command: str, user: str = "root") -> Change:
    """A command in the host, at the application's root."""
    return lambda host: host.run(["sh", "-ec", f"cd {APP} 2>/dev/null || cd /srv; {command}"], user=user)


def pause(seconds: float) -> Change:
    """Time passes that the state is made of: a revalidation window, the age of a file."""
    return lambda _host: time.sleep(seconds)


def healed(body: str = "home v2", uri: str = "/", script: str | None = None) -> Change:
    """Requests until the new code is served and is in the cache (a file younger than two seconds is not kept)."""

    def change(host: Host) -> None:
        until(lambda: host.request(uri, script=script).body.strip().startswith(body), f"{body!r} from {host.name}", pause=0.1)
        time.sleep(2.2)
        get(uri, script=script)(host)

    return change


def kill_workers(host: Host) -> None:
    """Every worker of FPM dies; its master makes new ones."""
    old = host.fpm_workers()
    for pid in old:
        os.kill(pid, signal.SIGKILL)
    host.wait_for_fpm(old)


def run_in_pool(code: str) -> Change:
    """PHP that runs inside the pool, once, and is not kept in its cache."""

    def change(host: Host) -> None:
        script = host.root("/run/lab-once.php")
        script.write_text(f"<?php {code}")
        os.utime(script, (FAR_FUTURE, FAR_FUTURE))
        host.request("/", script="/run/lab-once.php")

    return change


def busy(host: Host) -> None:
    """One worker is busy for the next minute; returns when it is at work. A restart of FPM ends it."""
    leave_running(host, "/sleep/60", INDEX)
    until(
        lambda: any(one["state"] == "Running" and one["script"] == INDEX for one in host.status()["processes"]),
        f"a busy worker on {host.name}",
    )


def jam(host: Host) -> None:
    """The only worker of a pool is busy for the next minute; returns when it is at work."""
    begun = host.root("/tmp/lab-jammed")
    begun.unlink(missing_ok=True)
    script = host.root("/run/lab-jam.php")
    script.write_text("<?php touch('/tmp/lab-jammed'); for ($i = 0; $i < 600; $i++) usleep(100000);")
    leave_running(host, "/", "/run/lab-jam.php")
    until(begun.exists, f"a jammed pool on {host.name}")


def leave_running(host: Host, uri: str, script: str) -> None:
    """A request that nobody waits for."""

    def ask() -> None:
        with suppress(OSError):
            host.request(uri, script=script, timeout=70)

    Thread(target=ask, daemon=True).start()
