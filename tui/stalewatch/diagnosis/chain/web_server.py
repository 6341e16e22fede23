"""Where the web server passes this app's requests, by its own configuration. Not looked at where no configuration names the app."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from stalewatch.diagnosis import paths
from stalewatch.diagnosis.chain.link import Observed, broken, ok, unseen
from stalewatch.model import figures, reasons, times
from stalewatch.model.chain import LinkName, LinkState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stalewatch.diagnosis.context import Context, Ruling
    from stalewatch.model.layers import Layer
    from stalewatch.model.web import WebFacts


IN_THE_WEB_SERVER = ("apache2handler", "frankenphp")
"""What PHP calls itself where the web server runs it."""


_RELOAD = {
    "nginx": "sudo nginx -t && sudo systemctl reload nginx (or nginx -s reload)",
    "apache": "sudo apachectl configtest && sudo systemctl reload apache2 (or httpd; or apachectl graceful)",
    "caddy": "sudo systemctl reload caddy",
}


def judge(context: Context, rulings: Mapping[Layer, Ruling]) -> Observed | None:
    """The configuration names the pool that was asked, another one, or none that can be told; None where it says nothing of the app. One
    that cannot be told does not count against a pool in which the app is seen: that pool is a witness of its own."""
    web = _facts(context)
    if web is None or not (web.sites or web.denied):
        return None
    if not web.sites:
        return _unread(web, context) if not context.witness.shows else None
    found = _configured(web, context)
    return _not_reloaded(web) if web.newer and (found is None or found.link.state is LinkState.OK) else found


def _configured(web: WebFacts, context: Context) -> Observed | None:
    """What the files say of the pool that was asked."""
    site = web.sites[0]
    who = f"{site.server} {site.names[0] if site.names else site.root}"
    if web.passes_to and web.asked != web.passes_to:
        says = f"passes to {web.passes_to}, and {web.asked or 'no pool'} was asked"
        return broken(LinkName.WEB_SERVER, says, f"the configuration of {site.server}", file=site.file, socket=web.passes_to)
    if web.passes_to:
        how = f"the configuration of {site.server}"
        return ok(LinkName.WEB_SERVER, who, how, file=site.file, socket=web.passes_to, scripts=site.root)
    if web.asked:
        return None
    runtime = context.runtime
    if web.runs_php and runtime is not None and runtime.sapi in IN_THE_WEB_SERVER:
        return ok(LinkName.WEB_SERVER, who, f"its own PHP answers ({runtime.sapi})", file=site.file, scripts=site.root)
    if web.runs_php:
        return unseen(LinkName.WEB_SERVER, reasons.FPM_NOT_USED.unseen(f"no PHP-FPM pool serves this app: {web.undecided}"), file=site.file)
    return unseen(
        LinkName.WEB_SERVER,
        reasons.FPM_UNDECIDED.unseen(
            f"which pool serves this app cannot be told: {web.undecided}",
            "name the pool: --fpm-socket, or socket under [[server.app]] in stalewatch.toml",
        ),
        file=site.file,
    )


def _not_reloaded(web: WebFacts) -> Observed:
    """The files may say what the web server does not do yet (``docs/facts.md#web-server-reload``)."""
    server, names = web.sites[0].server, figures.several([paths.name_of(path) for path in web.newer])
    return unseen(
        LinkName.WEB_SERVER,
        reasons.WEB_NOT_RELOADED.unseen(
            f"{server} last read its configuration before {names} changed, and may still serve another directory or pool", _RELOAD[server]
        ),
        file=web.newer[0],
        changed=times.utc(web.changed),
        loaded=times.utc(web.loaded),
    )


def _unread(web: WebFacts, context: Context) -> Observed:
    """Nothing that was read names the app, and what could not be read may."""
    login = (context.host.login if context.host is not None else "") or "LOGIN"
    right = f"u:{login}:{'rx' if web.denied[0].endswith('/') else 'r'}"
    grant = f"sudo {shlex.join(('setfacl', '-m', right, str(web.denied[0])))}"
    return unseen(
        LinkName.WEB_SERVER,
        reasons.WEB_CONFIG_DENIED.unseen(
            f"this login may not read {figures.several(web.denied)}, which may say where this app's requests go",
            f"{grant}, or name the pool: socket under [[server.app]] in stalewatch.toml",
        ),
        file=web.denied[0],
    )


def _facts(context: Context) -> WebFacts | None:
    return context.host.web if context.host is not None else None
