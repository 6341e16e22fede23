"""What would break the server, or lose requests, said before anything is done. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.diagnosis.release import LEFT_OVER
from stalewatch.model import figures
from stalewatch.model.app_names import app_name
from stalewatch.model.replace import replace
from stalewatch.model.snapshot import MasterPool, Unseen
from stalewatch.model.text import SafeText, safe
from stalewatch.model.times import utc
from stalewatch.runbook.commands import usable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stalewatch.model.report import Report
    from stalewatch.model.runtime import FromMemory
    from stalewatch.model.snapshot import DeployUnderWay
    from stalewatch.runbook.draft import Draft


def blocked_at_all(report: Report) -> tuple[SafeText, ...]:
    """Why nothing at all can be planned for this server."""
    snapshot = report.snapshot
    if snapshot is None:
        why = [str(error.message) for error in report.errors] or ["this server was never seen"]
        return tuple(safe(f"not seen: {reason}") for reason in why)
    if isinstance(snapshot.host, Unseen):
        return (safe(f"not seen: {snapshot.host.message}"),)
    if not report.app or not snapshot.host.layout.exists:
        return (safe(f"there is no application at {report.app}" if report.app else "no application was found here"),)
    if not usable(report.app):
        return (safe("the application's path can't be used in a command"),)
    return ()


def blocks(draft: Draft) -> Iterator[str]:
    """Why nothing of *draft* may be run, whatever its steps are."""
    holder = draft.host.lock
    if holder is not None:
        yield f"{holder.who} runs a runbook here since {utc(holder.since)}{holder.process}"
    way = deploy_under_way(draft.report)
    if way is not None and not draft.request.during_deploy:
        yield f"a deploy is under way ({way.sign}, since {utc(way.since)}): wait for its end, or override it (--during-deploy; d in a plan)"


def only_remembered(scripts: Iterable[FromMemory], now: float) -> str:
    """Why no reload may be, where PHP answers *scripts* from its memory alone; "" none of them any more."""
    still = [script for script in scripts if script.until > now]
    if not still:
        return ""
    paths, until = figures.several([str(script.path) for script in still], most=3), utc(max(script.until for script in still))
    return (
        f"{paths}: gone from the disk, and PHP answers from its memory until {until} at the latest, or until a reload ends it: "
        f"put it back, or what it led to, before that"
    )


def deploy_under_way(report: Report) -> DeployUnderWay | None:
    """The deploy that runs now; one whose sign is older than an hour has left it behind."""
    way = report.host.release.under_way if report.host is not None else None
    return None if way is None or report.host is None or report.host.now - way.since > LEFT_OVER else way


def warns(draft: Draft, *, production: bool) -> Iterator[str]:
    """What a person must know of *draft*, whatever its steps are."""
    if production:
        yield "this is production"
    way = draft.host.release.under_way
    if way is not None and (draft.request.during_deploy or deploy_under_way(draft.report) is None):
        yield f"a deploy is under way ({way.sign}, since {utc(way.since)}): what is rebuilt now may be old again in a moment"


def in_flight(report: Report) -> int | None:
    """Requests that a reload would kill, in all pools of the master that were seen: 0 where it waits for them, None where it is not
    known."""
    if report.fpm is not None and report.fpm.process_control_timeout:
        return 0
    counts = [pool.requests for pool in pools_reached(report)]
    known = [count for count in counts if count is not None]
    return sum(known) if sum(known) or (known and len(known) == len(counts)) else None


def pools_reached(report: Report) -> tuple[MasterPool, ...]:
    """The pools whose workers a reload ends, that of the app first."""
    fpm, status = report.fpm, report.status
    pool = fpm.pool if fpm is not None else None
    own = status.requests(str(pool.status_path) if pool is not None else "") if status is not None else None
    if fpm is None or not fpm.pools:
        return (MasterPool(pool.name if pool is not None else safe(""), (report.app,), own),)
    first, *others = fpm.pools
    if own is not None and pool is not None and first.name == pool.name:
        first = replace(first, requests=own)
    return (first, *others)


def where_in_flight(report: Report) -> str:
    """``www (shop) 2, api 1``: the pools that handle requests."""
    return figures.several([f"{pool_name(pool)} {pool.requests}" for pool in pools_reached(report) if pool.requests], most=6)


def pool_name(pool: MasterPool) -> str:
    """A pool and what it serves: ``www (shop, blog)``."""
    apps = figures.several([app_name(app) for app in pool.apps]) if pool.apps else ""
    return f"pool {pool.name or '?'}{f' ({apps})' if apps else ''}"
