"""The least privilege that the runbook needs, for sudoers(5): what the steps grant, so that it can't drift apart from the plans. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model.replace import replace
from stalewatch.model.text import safe
from stalewatch.runbook import steps
from stalewatch.runbook.commands import permit, usable
from stalewatch.runbook.needs import worker_kinds
from stalewatch.runbook.rights import Rights

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalewatch.model.report import Report
    from stalewatch.model.text import SafeText
    from stalewatch.runbook.commands import Access


def rights(report: Report, access: Access | None) -> Rights:
    """*access*: how the app is reached (None: the server was not seen)."""
    if access is None or report.host is None:
        return Rights(server=safe(report.server), app=report.app, missing=tuple(_unseen(report)))
    access = replace(access, workers=bool(worker_kinds(report.host.queue_workers) & {"horizon", "octane", "reverb", "messenger"}))
    artisan = "" if report.host.layout.kind == "laravel" else f"{access.root}/artisan"
    lines = tuple(_lines(access, without=artisan)) if usable(access.root) else ()
    return Rights(
        server=safe(report.server),
        app=report.app,
        login=access.login,
        user=access.user,
        lines=lines,
        missing=tuple(_missing(report, access)),
    )


def sudoers(access: Access) -> str:
    """Exact lines, each ending in a newline. A login that is the pool's user or root needs none."""
    return "".join(f"{line}\n" for line in _lines(access))


def _lines(access: Access, *, without: str = "") -> Iterator[str]:
    """*without*: a program that the app does not have."""
    if access.login == "root":
        return
    for command in (command for spec in steps.STEPS for command in spec.grants(access)):
        if command.user not in ("", access.login) and (not without or without not in command.argv):
            yield permit(access.text(command), access.login)


def _missing(report: Report, access: Access) -> Iterator[SafeText]:
    if not usable(access.root):
        yield safe("its path cannot stand in a command, so nothing is run for it")
    elif access.login == "root":
        return
    if not access.user:
        yield safe("as whom the pool runs was not seen: the lines for artisan are missing")
        yield from _unseen(report)
    if access.master:
        yield safe(f"FPM is reloaded by a signal to its master, whose pid is another one after each start: kill -USR2 {access.master}")
    elif not access.unit:
        yield safe("the unit of FPM was not seen: the line for its reload is missing")


def _unseen(report: Report) -> Iterator[SafeText]:
    for error in report.errors:
        yield safe(f"{error.message}; {error.grant}" if error.grant else str(error.message))
