"""What becomes of a server that could not be looked at, whatever the reason: ``unknown``, with that reason. The same for every face."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from stalewatch.diagnosis.unreachable import as_unreachable, never_seen
from stalewatch.model import reasons
from stalewatch.model.errors import StalewatchError
from stalewatch.model.text import safe

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stalewatch.model.inventory import Server
    from stalewatch.model.report import Report
    from stalewatch.model.snapshot import Unseen

log = logging.getLogger(__name__)


def as_unseen(server: str, error: Exception) -> Unseen:
    """*error* as a fact of the report. One that nobody foresaw (a bug in one rule, an answer nested too deeply) goes to the log too."""
    if isinstance(error, StalewatchError):
        return error.unseen()
    log.error("%s could not be judged", server, exc_info=error)
    message = f"{server}: stalewatch could not judge this server ({type(error).__name__}: {error})"
    return reasons.INTERNAL.unseen(message, "this is a bug in stalewatch: its log has the traceback")


def unknown_reports(server: Server, apps: Iterable[str], last: Iterable[Report], error: Unseen) -> tuple[Report, ...]:
    """A report per app of *server*: its last one, now unknown; for each of *apps* (paths) without one, one that was never seen."""
    known = {str(report.app): report for report in last if report.snapshot is not None}
    paths = dict.fromkeys((*apps, *known)) or {"": None}
    return tuple(
        as_unreachable(known[path], error) if path in known else never_seen(server.name, server.target, safe(path), error) for path in paths
    )
