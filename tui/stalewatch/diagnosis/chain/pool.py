"""Which pool serves this app. The pool that was asked counts only if something shows that requests for this app reach it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from stalewatch.diagnosis.chain.link import Observed, broken, ok, unseen
from stalewatch.diagnosis.chain.web_server import IN_THE_WEB_SERVER
from stalewatch.diagnosis.context import Witness
from stalewatch.diagnosis.fpm import DOWN
from stalewatch.diagnosis.opcache.app_scope import AppScope
from stalewatch.diagnosis.opcache.requested import any_script
from stalewatch.model import reasons
from stalewatch.model.chain import LinkName
from stalewatch.model.layers import Layer
from stalewatch.model.unseen import Unseen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stalewatch.diagnosis.context import Context, Ruling
    from stalewatch.model.processes import FpmFacts

_ONE_CACHE = ("fpm-fcgi", *IN_THE_WEB_SERVER)
"""What PHP calls itself where all processes that serve requests share one OPcache."""


def judge(context: Context, rulings: Mapping[Layer, Ruling]) -> Observed:
    """One witness is enough: the pool's own cache, its status page, an earlier look, or that there is no other pool. One that nobody can
    reach serves nobody."""
    name = _name(context)
    dead = next((finding for finding in rulings[Layer.FPM].findings if finding.code in DOWN), None)
    if dead is not None:
        return broken(
            LinkName.POOL,
            "PHP-FPM is down",
            "processes and sockets of this server",
            seen=str(dead.summary),
            pool=name,
            socket=address(context),
        )
    if (runtime := context.runtime) is not None and runtime.via == "health_url" and runtime.sapi not in _ONE_CACHE:
        grant = "reload the web server after each deploy, or serve the app by PHP-FPM or mod_php"
        why = reasons.HEALTH_URL_ONE_PROCESS.unseen(f"{name} may be one of several processes that each have a cache of their own", grant)
        return unseen(LinkName.POOL, why, asked_through=way(context))
    if how := context.witness.shows:
        return ok(LinkName.POOL, name, how, socket=address(context), asked_through=way(context))
    told = context.snapshot.runtime
    if isinstance(told, Unseen):
        return unseen(LinkName.POOL, told, socket=address(context))
    return unseen(
        LinkName.POOL,
        _contained(context)
        or reasons.CHAIN_POOL_UNPROVEN.unseen(
            f"nothing shows that {name} serves this app: none of its scripts was requested there",
            "request a page of it once, or name its pool: socket under [[server.app]] in stalewatch.toml",
        ),
        socket=address(context),
        asked_through=way(context),
    )


def witnessed(context: Context) -> Context:
    """*context* with who shows that requests for this app reach this pool."""
    now = _seen_now(context)
    return replace(context, witness=Witness(now, now or _told(context)))


def address(context: Context) -> str:
    """Where the pool listens, "" not known."""
    return str(context.fpm.pool.listen) if context.fpm is not None and context.fpm.pool is not None else ""


def way(context: Context) -> str:
    """How the pool was asked: ``tunnel`` or ``tcp`` by sshd's forwarding, ``relay (php)`` through a session; "" it was not."""
    runtime = context.runtime
    if runtime is None:
        return ""
    if runtime.via == "health_url":
        return f"health_url ({runtime.sapi})"
    return f"relay ({runtime.relay})" if runtime.relay else runtime.via


def _seen_now(context: Context) -> str:
    scope = AppScope.of(context)
    if context.opcache is not None and any_script(context, context.opcache, scope):
        return "scripts of this app in its cache"
    if context.status is not None and any(map(scope.inside, context.status.scripts)):
        return "a script of this app on its status page"
    return ""


def names_the_pool(context: Context) -> str:
    """The web server whose configuration names the pool that was asked, in words; "" none."""
    web = context.host.web if context.host is not None else None
    named = web is not None and web.sites and web.passes_to and web.asked == web.passes_to
    return f"{web.sites[0].server} passes requests there" if web is not None and named else ""


def _told(context: Context) -> str:
    if told := names_the_pool(context):
        return told
    if address(context) and context.memory.served_by == address(context):
        return "seen at an earlier look"
    return "the only pool on this server" if context.fpm is not None and not _contained(context) and _alone(context.fpm) else ""


def _contained(context: Context) -> Unseen | None:
    """Why the pool that serves the app may be one in a container; None: there is none."""
    return context.host.contained if context.host is not None else None


def _alone(fpm: FpmFacts) -> bool:
    return fpm.running is True and fpm.pool is not None and fpm.pools_on_server == 1


def _name(context: Context) -> str:
    fpm, runtime = context.fpm, context.runtime
    if runtime is not None and runtime.via == "health_url":
        return f"PHP {runtime.php_version} as {runtime.sapi}"
    if fpm is None or fpm.pool is None:
        return "the pool that was asked"
    version = f"php{fpm.version} " if fpm.version else ""
    return f"{version}pool {fpm.pool.name}"
