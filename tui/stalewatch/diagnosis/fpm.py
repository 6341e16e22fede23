"""PHP-FPM itself: does it run, and with the configuration that is on the disk."""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING

from stalewatch.diagnosis import saturation, words
from stalewatch.diagnosis.context import Look, Ruling, rule_on
from stalewatch.diagnosis.rule import Rule
from stalewatch.model import figures, reasons
from stalewatch.model.report import Evidence, Finding, Layer, Remedy, Severity, Verdict
from stalewatch.model.snapshot import ConfigTest, Unseen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalewatch.model.snapshot import FpmFacts

DEAD = frozenset(
    reason.code for reason in (reasons.FPM_SOCKET_DEAD, reasons.FPM_SOCKET_MISSING, reasons.FPM_PORT_REFUSED, reasons.FPM_NOT_RUNNING)
)
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
RULES = (
    NOT_RUNNING,
    NO_SOCKET,
    NOT_ANSWERING,
    CONFIG_NEWER,
    BINARY_NEWER,
    CONFIG_INVALID,
    START_UNKNOWN,
    CONFIG_UNSEEN,
    *saturation.RULES,
)


def judge(look: Look) -> Ruling:
    """The fpm layer. Its workers' ages are shown and never judged: they prove nothing of the bytecode."""
    if look.fpm is None:
        return Ruling(Verdict.UNKNOWN)
    down = tuple(dead(look, look.fpm))
    if down:
        return rule_on(Verdict.UNKNOWN, down)
    return rule_on(Verdict.FRESH, (*config(look, look.fpm), *saturation.judge(look, look.fpm)))


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
    elif isinstance(look.snapshot.runtime, Unseen) and look.snapshot.runtime.code in DEAD:
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
    names = figures.several([words.name_of(file.path) for file in newer])
    ending = "" if known else ", and whether a reload took it in since could not be asked"
    summary = f"{names} changed {figures.span(newest.mtime - running)} after PHP-FPM last read its configuration{ending}"
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
