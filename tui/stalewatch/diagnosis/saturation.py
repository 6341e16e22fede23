"""Whether PHP-FPM keeps up, and what a reload would cost right now. Every finding here is ``fresh``: said beside the verdict."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stalewatch.diagnosis import evidence, repro
from stalewatch.diagnosis.context import Context
from stalewatch.diagnosis.rule import Rule
from stalewatch.model import figures
from stalewatch.model.report import Evidence, Finding, Layer, Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalewatch.model.snapshot import FpmFacts, PoolStatus

_STATUS_TEXT = re.compile(r"Processes active: (\d+), idle: (\d+)")
OURS = 1
"""Of what waits at the socket, our own question: one is in flight at most."""


def _health(name: str, severity: Severity, meaning: str, evidence: tuple[str, ...]) -> Rule:
    return Rule(code=f"fpm.{name}", layer=Layer.FPM, verdict=Verdict.FRESH, severity=severity, meaning=meaning, evidence=evidence)


LISTEN_QUEUE = _health(
    "listen-queue",
    Severity.WARNING,
    "Requests wait for a free worker.",
    ("waiting", "most so far", "active", "idle", "repeat"),
)
MAX_CHILDREN = _health(
    "max-children",
    Severity.WARNING,
    "The pool hit pm.max_children since the last look: requests had to wait.",
    ("times since start", "pm.max_children", "repeat"),
)
ALL_BUSY = _health(
    "all-busy",
    Severity.WARNING,
    "No worker is idle: the next request waits.",
    ("active", "total", "pm.max_children", "status text", "repeat"),
)
RELOAD_KILLS = _health(
    "reload-kills",
    Severity.INFO,
    "process_control_timeout is 0 (PHP's default): a reload kills the requests that are being worked on.",
    ("process_control_timeout", "in flight", "longest", "for", "repeat"),
)
RULES = (LISTEN_QUEUE, MAX_CHILDREN, ALL_BUSY, RELOAD_KILLS)


def judge(context: Context, fpm: FpmFacts) -> tuple[Finding, ...]:
    """Every warning of a pool that is too busy."""
    return (*listen_queue(context, fpm), *max_children(context), *all_busy(context, fpm), *reload_kills(context, fpm))


def listen_queue(context: Context, fpm: FpmFacts) -> Iterator[Finding]:
    """Requests that wait for a worker: by FPM, or by the kernel while no worker is free to answer (``docs/facts.md#fpm-saturation``)."""
    status = _now(context)
    others = (fpm.backlog or 0) - OURS
    if status is None and others > 0:
        yield LISTEN_QUEUE.finding(
            fpm.pool.name if fpm.pool is not None else fpm.unit,
            f"{figures.count(others, 'request')} {figures.agree(others, 'waits', 'wait')} for a free worker",
            (evidence.number("waiting", others), evidence.command("ss", "-lxtn")),
        )
    if status is not None and status.listen_queue > 0:
        yield LISTEN_QUEUE.finding(
            status.pool,
            f"{figures.count(status.listen_queue, 'request')} {figures.agree(status.listen_queue, 'waits', 'wait')} for a free worker",
            (
                evidence.number("waiting", status.listen_queue),
                evidence.number("most so far", status.max_listen_queue),
                evidence.number("active", status.active),
                evidence.number("idle", status.idle),
                evidence.command("ss", "-xl"),
            ),
        )


def max_children(context: Context) -> Iterator[Finding]:
    """The counter grew between two looks at the same pool (``docs/facts.md#fpm-saturation``)."""
    status, before = context.status, context.memory.max_children_reached
    if status is None or before is None or context.memory.pool_started != status.started or status.max_children_reached <= before:
        return
    limit = context.fpm.pool.max_children if context.fpm is not None and context.fpm.pool is not None else None
    yield MAX_CHILDREN.finding(
        status.pool,
        f"the pool {status.pool} reached pm.max_children",
        (
            evidence.number("times since start", status.max_children_reached),
            Evidence("pm.max_children", limit),
            repro.scoreboard(context),
        ),
    )


def all_busy(context: Context, fpm: FpmFacts) -> Iterator[Finding]:
    """No idle worker, by the status page, or by what the master tells systemd where that hangs (``docs/facts.md#fpm-saturation``)."""
    limit = fpm.pool.max_children if fpm.pool is not None else None
    shown = evidence.text("status text", fpm.status_text)
    repeat = evidence.command("systemctl", "show", "-p", "StatusText", fpm.unit or "php-fpm")
    status = _now(context)
    if status is not None:
        # FPM corrects its own count once a second: until then each of several looks is one more.
        free = any(worker.state == "Idle" for worker in status.workers)
        if status.total > 1 and not free and status.idle == 0 and status.active >= (limit or status.total):
            yield ALL_BUSY.finding(
                status.pool,
                f"all {status.total} workers are busy",
                (evidence.number("active", status.active), evidence.number("total", status.total), repeat),
            )
        return
    told = _STATUS_TEXT.search(fpm.status_text)
    if told is not None and int(told[2][:9]) == 0 and int(told[1][:9]) >= max(limit or 1, 1):
        yield ALL_BUSY.finding(
            fpm.unit or "php-fpm", f"all {int(told[1][:9])} workers are busy", (evidence.number("active", int(told[1][:9])), shown, repeat)
        )


def reload_kills(context: Context, fpm: FpmFacts) -> Iterator[Finding]:
    """A risk to know of before a reload, while requests are in flight (``docs/facts.md#fpm-reload``)."""
    status = _now(context)
    if fpm.process_control_timeout != 0 or status is None:
        return
    busy = [worker for worker in status.workers if worker.state == "Running" and worker.script and "stalewatch" not in worker.script]
    if not busy:
        return
    longest = max(busy, key=lambda worker: worker.duration)
    yield RELOAD_KILLS.finding(
        status.pool,
        f"a reload now would kill {figures.count(len(busy), 'request')}, because process_control_timeout is 0",
        (
            evidence.age("process_control_timeout", 0),
            evidence.number("in flight", len(busy)),
            evidence.text("longest", f"{longest.method} {longest.uri}"),
            evidence.age("for", longest.duration),
            repro.scoreboard(context),
        ),
    )


def _now(context: Context) -> PoolStatus | None:
    """The scoreboard, where it is not that of an earlier look: what happened then is over."""
    return context.status if context.status is not None and not context.status.seen_at else None
