"""Whether PHP-FPM keeps up, and what a reload would cost right now. Every finding here is ``fresh``: said beside the verdict."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stalewatch.diagnosis import repro, words
from stalewatch.diagnosis.context import Look
from stalewatch.diagnosis.rule import Rule
from stalewatch.model import figures
from stalewatch.model.report import Evidence, Finding, Layer, Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalewatch.model.snapshot import FpmFacts

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


def judge(look: Look, fpm: FpmFacts) -> tuple[Finding, ...]:
    """Every warning of a pool that is too busy."""
    return (*listen_queue(look, fpm), *max_children(look), *all_busy(look, fpm), *reload_kills(look, fpm))


def listen_queue(look: Look, fpm: FpmFacts) -> Iterator[Finding]:
    """Requests that wait for a worker: by FPM, or where nobody is free to tell, by the kernel."""
    status = look.status
    others = (fpm.backlog or 0) - OURS
    if status is None and others > 0:
        yield LISTEN_QUEUE.finding(
            fpm.pool.name if fpm.pool is not None else fpm.unit,
            f"{figures.count(others, 'request')} {figures.agree(others, 'waits', 'wait')} for a free worker",
            (words.number("waiting", others), words.command("ss", "-lxtn")),
        )
    if status is not None and status.listen_queue > 0:
        yield LISTEN_QUEUE.finding(
            status.pool,
            f"{figures.count(status.listen_queue, 'request')} {figures.agree(status.listen_queue, 'waits', 'wait')} for a free worker",
            (
                words.number("waiting", status.listen_queue),
                words.number("most so far", status.max_listen_queue),
                words.number("active", status.active),
                words.number("idle", status.idle),
                words.command("ss", "-xl"),
            ),
        )


def max_children(look: Look) -> Iterator[Finding]:
    """The counter grew between two looks at the same pool."""
    status, before = look.status, look.memory.max_children_reached
    if status is None or before is None or look.memory.pool_started != status.started or status.max_children_reached <= before:
        return
    limit = look.fpm.pool.max_children if look.fpm is not None and look.fpm.pool is not None else None
    yield MAX_CHILDREN.finding(
        status.pool,
        f"the pool {status.pool} reached its greatest number of workers",
        (
            words.number("times since start", status.max_children_reached),
            Evidence("pm.max_children", limit),
            repro.ask(look, repro.SCOREBOARD),
        ),
    )


def all_busy(look: Look, fpm: FpmFacts) -> Iterator[Finding]:
    """No idle worker, by the status page, or where that hangs by what the master tells systemd."""
    limit = fpm.pool.max_children if fpm.pool is not None else None
    shown = words.text("status text", fpm.status_text)
    repeat = words.command("systemctl", "show", "-p", "StatusText", fpm.unit or "php-fpm")
    status = look.status
    if status is not None:
        if status.total > 1 and status.idle == 0 and status.active >= (limit or status.total):
            yield ALL_BUSY.finding(
                status.pool,
                f"all {status.total} workers are busy",
                (words.number("active", status.active), words.number("total", status.total), repeat),
            )
        return
    told = _STATUS_TEXT.search(fpm.status_text)
    if told is not None and int(told[2][:9]) == 0 and int(told[1][:9]) >= max(limit or 1, 1):
        yield ALL_BUSY.finding(
            fpm.unit or "php-fpm", f"all {int(told[1][:9])} workers are busy", (words.number("active", int(told[1][:9])), shown, repeat)
        )


def reload_kills(look: Look, fpm: FpmFacts) -> Iterator[Finding]:
    """A risk to know of before a reload, told while requests are being worked on."""
    status = look.status
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
            words.age("process_control_timeout", 0),
            words.number("in flight", len(busy)),
            words.text("longest", f"{longest.method} {longest.uri}"),
            words.age("for", longest.duration),
            repro.ask(look, repro.SCOREBOARD),
        ),
    )
