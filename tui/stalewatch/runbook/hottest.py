"""After a reload the cache is empty: the scripts that were used most are compiled before the next server's turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model import figures
from stalewatch.model.errors import LinkError, StalewatchError
from stalewatch.model.text import safe
from stalewatch.runbook.commands import usable
from stalewatch.runbook.plan import Outcome, Status

if TYPE_CHECKING:
    from stalewatch.model.report import Report
    from stalewatch.runbook.app_session import AppSession

MOST = 10


def hottest(report: Report) -> list[str]:
    """The scripts of the app that were used most by *report*, as far as it lists them. Pure."""
    host, opcache = report.host, report.opcache
    if host is None or opcache is None or not opcache.enabled:
        return []
    roots = {f"{root.rstrip('/')}/" for root in (str(host.release.root), str(report.app)) if root.startswith("/")}
    used = {str(script.path): script.hits for script in opcache.listed if script.cached and script.exact and usable(script.path)}
    ours = [path for path in used if path.startswith(tuple(roots))]
    return sorted(ours, key=lambda path: (-used[path], path))[:MOST]


async def compile_hottest(session: AppSession, before: Report, outcome: Outcome) -> Outcome:
    """*outcome* of a reload, with how many of the scripts that were used most *before* it are compiled again.

    What can't be compiled by itself is compiled when it is asked for: that is no failure. Raises LinkError, where the link is lost."""
    paths = hottest(before) if outcome.status is Status.DONE else []
    if not paths:
        return outcome
    held = 0
    for path in paths:
        try:
            held += await session.compile(path)
        except (StalewatchError, ValueError) as error:
            if isinstance(error, LinkError):
                _ = session.link  # raises where there is none any more
    words = f"{held} of the {figures.count(len(paths), 'script')} that were used most"
    return Outcome(status=outcome.status, evidence={**outcome.evidence, "compiled": safe(words)})
