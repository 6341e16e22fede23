"""What the web servers' configuration means for one application, as the snapshot has it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model import reasons
from stalewatch.model.snapshot import FpmFacts, Unseen
from stalewatch.model.text import safe
from stalewatch.model.web import WebFacts, WebSite
from stalewatch.probe.host.fpm_facts import socket_facts
from stalewatch.probe.host.web_server.loads import newer

if TYPE_CHECKING:
    from stalewatch.probe.host.discovery import AppLocation
    from stalewatch.probe.host.host_probe import TickFacts
    from stalewatch.probe.host.machine import Machine, Master

_NOT_USED = (
    "let a page tell what the web server's own PHP holds (stalewatch init --health-file), or reload the web server after each deploy"
)
NOT_RUNNING = reasons.FPM_NOT_RUNNING.unseen("FPM is configured here, but no master process runs", "start FPM")
NO_APP = reasons.APP_NONE_FOUND.unseen(
    "no PHP application was found in the web servers' roots, the pools' directories and caches, /srv, /var/www",
    "name it: --app PATH, or [[server.app]] in stalewatch.toml",
)
_NO_POOL = reasons.FPM_NOT_FOUND.unseen("no FPM pool was found that can serve this application")
_GRANT = "name the pool: --fpm-socket, or socket under [[server.app]] in stalewatch.toml"


def web_facts(location: AppLocation, address: str, machine: Machine) -> WebFacts | None:
    """The sites of *location* that run PHP. *address*: the pool that is asked for it."""
    told = [site for site in location.sites if site.passes_to or site.undecided or site.runs_php]
    if not told:
        denied = machine.web.denied
        return WebFacts(sites=(), asked=safe(address), denied=tuple(map(safe, denied))) if denied else None
    late = newer(machine.web, machine.loads, told)
    sites = tuple(
        WebSite(
            server=site.server,
            root=safe(site.root),
            names=tuple(safe(name, 200) for name in site.names),
            passes_to=tuple(safe(one) for one in site.passes_to),
            undecided=safe(site.undecided, 500),
            runs_php=site.runs_php,
            file=safe(site.file),
            variables=tuple((safe(name), safe(value)) for name, value in site.variables),
        )
        for site in told
    )
    return WebFacts(
        sites=sites,
        passes_to=safe("" if location.disputed else location.passes_to),
        asked=safe(address),
        undecided=safe(location.undecided, 500),
        runs_php=location.runs_php,
        newer=tuple(map(safe, late)),
        changed=max(late.values(), default=0.0),
        loaded=max((machine.loads.at.get(site.server, 0.0) for site in told), default=0.0),
    )


def missing_pool(location: AppLocation, address: str, tick: TickFacts, hidden: Unseen | None) -> FpmFacts | Unseen | None:
    """FPM of an application whose web server names a pool that no configuration here has, or several. None: it names none at all."""
    if location.entry.socket or not (location.passes_to or location.undecided):
        return None
    if location.runs_php:
        return reasons.FPM_NOT_USED.unseen(f"no PHP-FPM pool serves this app: {location.undecided}", _NOT_USED)
    if not location.passes_to or location.disputed:
        return reasons.FPM_UNDECIDED.unseen(f"which pool serves this app cannot be told: {location.undecided}", _GRANT)
    if not address:
        return reasons.FPM_UNDECIDED.unseen(f"the web server passes requests to {location.passes_to}, which is not on this server", _GRANT)
    socket = socket_facts(address, tick) if address.startswith("/") else None
    down = hidden is None and socket is not None and not socket.exists
    return FpmFacts(running=False if down else None, socket=socket)


def no_pool(master: Master | None, hidden: Unseen | None) -> Unseen:
    """Why there is no pool to ask."""
    if master is None or not master.denied:
        return hidden or _NO_POOL
    return reasons.FPM_CONFIG_DENIED.unseen(
        "this login may not read " + ", ".join(master.denied[:3]),
        "chmod o+r there, or name the pool's socket (--fpm-socket, app.socket in stalewatch.toml)",
    )
