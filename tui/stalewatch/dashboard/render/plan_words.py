"""What a plan changes, in the sentence that a tired person reads before anything else. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model import figures

if TYPE_CHECKING:
    from stalewatch.runbook.plan import ServerPlan


def changes(server: ServerPlan) -> str:
    """``rebuild config, routes; invalidate 4 scripts in OPcache``; "" where nothing is changed."""
    done: dict[str, list[str]] = {}
    for step in server.acting:
        done.setdefault(step.does, []).append(step.what)
    return "; ".join(does.format(", ".join(dict.fromkeys(whats))) for does, whats in done.items())


def cost(server: ServerPlan) -> str:
    """What it means for requests that are being served."""
    if not server.interrupts:
        return "no reload: no request is lost"
    if server.in_flight is None:
        return "requests in flight may be killed; their number is unknown"
    if server.in_flight == 0:
        return "no request is in flight"
    running = f"{figures.count(server.in_flight, 'request')} in flight"
    return f"{running} will be killed" if server.idle is None else f"waits up to {server.idle:g} s for {running}, then refuses the reload"


def kills(server: ServerPlan) -> bool:
    """Whether requests may be lost."""
    return server.interrupts and server.in_flight != 0
