"""PHP-FPM itself: does it run, with the configuration that is on the disk, and is it keeping up."""

from __future__ import annotations

import re
from math import floor
from typing import TYPE_CHECKING

from tui.diagnosis import by_hand, words
from tui.diagnosis.look import Look, Ruling, rule_on
from tui.diagnosis.rule import Rule
from tui.report import Evidence, Finding, Layer, Remedy, Severity, Verdict
from tui.snapshot import ConfigTest, Unseen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui.snapshot import FpmFacts

_STATUS_TEXT = re.compile(r"Processes active: (\d+), idle: (\d+)")
OURS = 1
"""Of what waits at the socket, our own question: one is in flight at most."""
DEAD = frozenset({"socket-dead", "socket-missing", "port-refused", "not-running"})
"""Last parts of error codes by which transport and probe say that nobody answers on the pool's socket."""


def _unknown(name: str, meaning: str) -> Rule:
    return Rule(
        code=f"fpm.{name}",
        layer=Layer.FPM,
        verdict=Verdict.UNKNOWN,
        severity=Severity.CRITICAL,
        meaning=meaning,
        evidence=("unit", "socket", "reason", "repeat"),
        advice="Start it; `php-fpm -t` says what is wrong with its configuration.",
    )


def _stale(name: str, meaning: str) -> Rule:
    return Rule(
        code=f"fpm.{name}",
        layer=Layer.FPM,
        verdict=Verdict.STALE,
        severity=Severity.CRITICAL,
        meaning=meaning,
        evidence=("file", "modified", "running since", "pool started", "cache started", "more files", "php-fpm -t", "repeat"),
        remedy=(Remedy.RELOAD,),
    )


def _health(name: str, severity: Severity, meaning: str, evidence: tuple[str, ...]) -> Rule:
    return Rule(code=f"fpm.{name}", layer=Layer.FPM, verdict=Verdict.FRESH, severity=severity, meaning=meaning, evidence=evidence)


NOT_RUNNING = _unknown(
    "not-running",
    "PHP-FPM is configured, but its master process does not run: nothing is served, and nothing can be said of what would be.",
)
NO_SOCKET = _unknown("socket-missing", "PHP-FPM's master runs, but the pool's socket is not there: the web server cannot reach it.")
NOT_ANSWERING = _unknown("not-answering", "PHP-FPM's socket is there, but nobody answers on it.")
CONFIG_NEWER = _stale(
    "config-newer",
    "An ini or pool file was modified after the pool started (the later of the pool's and OPcache's start; the master's own start does "
    "not move on a reload): FPM runs with the old configuration. Only mtimes count here.",
)
BINARY_NEWER = _stale("binary-newer", "The php-fpm binary was modified after the pool started: the old version still runs.")
CONFIG_INVALID = Rule(
    code="fpm.config-invalid",
    layer=Layer.FPM,
    verdict=Verdict.STALE,
    severity=Severity.CRITICAL,
    meaning="FPM runs with its old configuration, and `php-fpm -t` refuses the one on the disk: the next reload or restart, by anybody "
    "(a deploy, logrotate, an update), ends it, and systemctl will say that it went well.",
    evidence=CONFIG_NEWER.evidence,
    remedy=(Remedy.CONFIGURE,),
    advice="Put the file right and do not reload before `php-fpm -t` says that the test is successful.",
)
START_UNKNOWN = Rule(
    code="fpm.start-unknown",
    layer=Layer.FPM,
    verdict=Verdict.UNKNOWN,
    severity=Severity.WARNING,
    meaning="A configuration file is newer than the master process, and neither the status page nor OPcache could be asked whether a "
    "reload took it in since.",
    evidence=CONFIG_NEWER.evidence,
)
CONFIG_UNSEEN = Rule(
    code="fpm.config-unseen",
    layer=Layer.FPM,
    verdict=Verdict.UNKNOWN,
    severity=Severity.WARNING,
    meaning="PHP-FPM runs, but its configuration files, or since when it runs with them, could not be read.",
    evidence=("unit", "repeat"),
)
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
RULES = (
    NOT_RUNNING,
    NO_SOCKET,
    NOT_ANSWERING,
    CONFIG_NEWER,
    BINARY_NEWER,
    CONFIG_INVALID,
    START_UNKNOWN,
    CONFIG_UNSEEN,
    LISTEN_QUEUE,
    MAX_CHILDREN,
    ALL_BUSY,
    RELOAD_KILLS,
)


def judge(look: Look) -> Ruling:
    """The fpm layer. Its workers' ages are shown and never judged: they prove nothing of the bytecode."""
    if look.fpm is None:
        return Ruling(Verdict.UNKNOWN)
    down = tuple(dead(look, look.fpm))
    if down:
        return rule_on(Verdict.UNKNOWN, down)
    found = (
        *config(look, look.fpm),
        *listen_queue(look, look.fpm),
        *max_children(look),
        *all_busy(look, look.fpm),
        *reload_kills(look, look.fpm),
    )
    return rule_on(Verdict.FRESH, found)


def dead(look: Look, fpm: FpmFacts) -> Iterator[Finding]:
    """Nothing is served."""
    unit = fpm.unit or "php-fpm"
    pool = fpm.pool.listen if fpm.pool is not None else ""
    if not fpm.running:
        evidence = (words.text("unit", unit), words.text("socket", pool), words.command("systemctl", "status", unit))
        yield NOT_RUNNING.finding(unit, "PHP-FPM is not running", evidence)
    elif fpm.socket is not None and not fpm.socket.exists and look.runtime is None:
        evidence = (words.text("unit", unit), words.text("socket", fpm.socket.path), words.command("stat", fpm.socket.path))
        yield NO_SOCKET.finding(fpm.socket.path, f"the socket {fpm.socket.path} is not there", evidence)
    elif isinstance(look.snapshot.runtime, Unseen) and look.snapshot.runtime.code.rpartition(".")[2] in DEAD:
        reason = look.snapshot.runtime.message
        yield NOT_ANSWERING.finding(
            pool or unit,
            "nobody answers on PHP-FPM's socket",
            (words.text("socket", pool), words.text("reason", reason), words.command("systemctl", "status", unit)),
        )


def config(look: Look, fpm: FpmFacts) -> Iterator[Finding]:
    """Files that FPM reads only when it starts or reloads."""
    pool = look.status.started if look.status is not None else 0.0
    cache = float(look.opcache.start_time) if look.opcache is not None else 0.0
    master = fpm.master.started if fpm.master is not None else 0.0
    known = max(pool, cache)
    running = max(known, master)
    newer = [file for file in fpm.config_files if floor(file.mtime) > running]
    if not fpm.config_files or not running:
        yield unseen(fpm)
        return
    if not newer:
        return
    newest = max(newer, key=lambda file: file.mtime)
    # Who is not root sees of the master's binary only its name.
    rule = BINARY_NEWER if words.name_of(newest.path) == words.name_of(fpm.binary) else CONFIG_NEWER
    rule = rule if known else START_UNKNOWN
    names = words.several([words.name_of(file.path) for file in newer])
    ending = "" if known else ", and whether a reload took it in since could not be asked"
    summary = f"{names} changed {words.amount(newest.mtime - running)} after PHP-FPM last read its configuration{ending}"
    repeat = words.stat(newest.path)
    if isinstance(fpm.config_test, ConfigTest) and not fpm.config_test.valid:
        rule = CONFIG_INVALID
        summary = f"{names} is broken, and the next reload will end PHP-FPM: {fpm.config_test.said}"
        repeat = words.command("sudo", fpm.binary if fpm.binary.startswith("/") else f"/usr/sbin/{fpm.binary or 'php-fpm'}", "-t")
    yield rule.finding(
        newest.path,
        summary,
        (
            words.text("file", newest.path),
            words.time("modified", newest.mtime),
            words.time("running since", running),
            words.time("pool started", pool or None),
            words.time("cache started", cache or None),
            words.number("more files", len(newer) - 1),
            *tested(fpm),
            repeat,
        ),
        since=min(file.mtime for file in newer),
    )


def tested(fpm: FpmFacts) -> Iterator[Evidence]:
    """What FPM itself thinks of the files on the disk, as far as it could be asked."""
    match fpm.config_test:
        case ConfigTest(valid=valid, said=said):
            yield words.text("php-fpm -t", "the configuration is valid" if valid else said)
        case Unseen(message=message, grant=grant):
            yield words.text("php-fpm -t", f"not known: {message}" + (f" ({grant})" if grant else ""))


def unseen(fpm: FpmFacts) -> Finding:
    """One of the two sides of the comparison is missing."""
    what = "since when it runs" if fpm.config_files else "its configuration files"
    unit = fpm.unit or "php-fpm"
    evidence = (words.text("unit", fpm.unit), words.command("systemctl", "status", unit))
    return CONFIG_UNSEEN.finding(unit, f"PHP-FPM runs, but {what} could not be read", evidence)


def listen_queue(look: Look, fpm: FpmFacts) -> Iterator[Finding]:
    """Requests that wait for a worker: by FPM, or where nobody is free to tell, by the kernel."""
    status = look.status
    others = (fpm.backlog or 0) - OURS
    if status is None and others > 0:
        yield LISTEN_QUEUE.finding(
            fpm.pool.name if fpm.pool is not None else fpm.unit,
            f"{words.count(others, 'request')} wait{'s' if others == 1 else ''} for a free worker",
            (words.number("waiting", others), words.command("ss", "-lxtn")),
        )
    if status is not None and status.listen_queue > 0:
        yield LISTEN_QUEUE.finding(
            status.pool,
            f"{words.count(status.listen_queue, 'request')} wait{'s' if status.listen_queue == 1 else ''} for a free worker",
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
            by_hand.ask(look, by_hand.SCOREBOARD),
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
        f"a reload now would kill {words.count(len(busy), 'request')}, because process_control_timeout is 0",
        (
            words.age("process_control_timeout", 0),
            words.number("in flight", len(busy)),
            words.text("longest", f"{longest.method} {longest.uri}"),
            words.age("for", longest.duration),
            by_hand.ask(look, by_hand.SCOREBOARD),
        ),
    )
