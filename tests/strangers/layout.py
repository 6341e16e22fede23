"""What a layout is, and what must be said of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.lab import Host
from tests.lab.application import APP
from tests.strangers.web_servers import http


@dataclass(frozen=True)
class Said:
    """What the program says of the layout's application, and how `check` of the whole server exits. *codes*: of all findings that are not
    fresh. *errors*: why something is unknown. *cause*: what the first finding begins with."""

    verdict: str
    code: int
    codes: frozenset[str] = frozenset()
    errors: frozenset[str] = frozenset()
    cause: str = ""


FRESH = Said("fresh", 0)
STALE = Said("stale", 1, frozenset({"opcache.stale-bytecode"}), cause="the pool never looks at the disk (validate_timestamps=0)")


def unknown(*errors: str) -> Said:
    """Neither fresh nor stale, with these reasons."""
    return Said("unknown", 3, errors=frozenset(errors))


def reload_fpm(host: Host) -> None:
    """As a deploy should end."""
    host.reload()


def reload_unit(name: str) -> Callable[[Host], object]:
    """The same for another service."""
    return lambda host: host.systemctl("reload", name)


@dataclass(frozen=True, kw_only=True)
class Layout:
    """One server. *build* takes a host with PHP-FPM (opcache.validate_timestamps=0) and /srv/app, and returns when it serves. *served*:
    what the layout answers now. *edit* changes the code on the disk. *before*: what is in the answer as long as the old code runs.
    *after*: what would be, once the new does. *first*, *then*: what is said before and after; None: anything but fresh.
    *reload*: brings the new code into the PHP that serves, after which *first* is said again. *everyday*: `make test` has it too."""

    name: str
    build: Callable[[Host], object]
    edit: Callable[[Host], object] = field(default=lambda host: host.release("v2"))
    served: Callable[[Host], str] = http
    app: str = APP
    before: str = "home v1"
    after: str = "home v2"
    first: Said | None = FRESH
    then: Said | None = STALE
    reload: Callable[[Host], object] = reload_fpm
    everyday: bool = False
