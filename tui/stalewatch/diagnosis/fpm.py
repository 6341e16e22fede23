"""PHP-FPM itself: does it run, and with the configuration that is on the disk."""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING

from stalewatch.diagnosis import evidence, fpm_config, fpm_ini, paths, pool_environment, saturation, trees, web_php
from stalewatch.diagnosis.context import Context, Ruling, rule_on
from stalewatch.diagnosis.fpm_start import start_of
from stalewatch.diagnosis.rule import Rule
from stalewatch.model import figures, reasons
from stalewatch.model.report import Evidence, Finding, Layer, Remedy, Severity, Verdict
from stalewatch.model.snapshot import ConfigTest, Unseen
from stalewatch.model.times import is_writing_time

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
        evidence=("file", "modified", "changed", "running since", "pool started", "cache started", "more files", "php-fpm -t", "repeat"),
        remedy=(Remedy.RELOAD,),
    )


NOT_RUNNING = _unknown(
    "not-running",
    "PHP-FPM is configured, but its master process is not running: it serves nothing, so there is nothing to judge.",
)
NO_SOCKET = _unknown("socket-missing", "The pool's socket is not there: the web server cannot reach PHP-FPM, be its master up or not.")
NOT_ANSWERING = _unknown("not-answering", "PHP-FPM's socket is there, but nothing answers on it.")
DOWN = frozenset(rule.code for rule in (NOT_RUNNING, NO_SOCKET, NOT_ANSWERING))
"""Codes of what says that nobody is served."""
CONFIG_NEWER = _stale(
    "config-newer",
    "An ini or pool file was modified after the pool started (the later of the pool's and OPcache's start; the master's own start does "
    "not move on a reload): FPM runs with the old configuration. Only mtimes count here.",
)
BINARY_NEWER = _stale("binary-newer", "The php-fpm binary was modified after the pool started: the old version still runs.")
BINARY_REPLACED = _stale(
    "binary-replaced",
    "The php-fpm binary was replaced after FPM started, as package managers do it: a new file with an old modification time. The pool "
    "itself says that it runs a file that the disk holds no more.",
)
EXTENSION_REPLACED = _stale(
    "extension-replaced",
    "A PHP extension was replaced or removed after FPM started: the pool itself says that it runs a file that the disk holds no more.",
)
CONFIG_INVALID = Rule(
    code="fpm.config-invalid",
    layer=Layer.FPM,
    verdict=Verdict.STALE,
    severity=Severity.CRITICAL,
    meaning="FPM runs with its old configuration, and `php-fpm -t` refuses the one on the disk: the next reload or restart, by anybody "
    "(a deploy, logrotate, an update), stops FPM, and systemctl reports success.",
    evidence=CONFIG_NEWER.evidence,
    remedy=(Remedy.CONFIGURE,),
    advice="Fix the file, and do not reload before `php-fpm -t` says that the test is successful.",
)
START_UNKNOWN = Rule(
    code="fpm.start-unknown",
    layer=Layer.FPM,
    verdict=Verdict.UNKNOWN,
    severity=Severity.WARNING,
    meaning="A configuration file is newer than the master process, and neither the status page nor OPcache could be asked whether FPM "
    "was reloaded since.",
    evidence=CONFIG_NEWER.evidence,
    advice="Let the login use the pool's socket, or reload PHP-FPM once its configuration test is successful.",
)
CONFIG_UNSEEN = Rule(
    code="fpm.config-unseen",
    layer=Layer.FPM,
    verdict=Verdict.UNKNOWN,
    severity=Severity.WARNING,
    meaning="PHP-FPM runs, but its configuration files, or the time when it last read them, could not be read.",
    evidence=("unit", "repeat"),
    advice="Let the login read PHP-FPM's configuration files, and the master's process in /proc (hidepid).",
)
OTHER_TREE = Rule(
    code="fpm.other-tree",
    layer=Layer.FPM,
    verdict=Verdict.STALE,
    severity=Severity.CRITICAL,
    meaning="The pool sees other files under the application's path than this login does: FPM has a mount namespace of its own "
    "(PrivateMounts, a container), and something was mounted over the path since. What is deployed does not reach it. Stale where the "
    "pool's tree has older code, else suspect. Nothing that was compared with this login's files is called fresh.",
    evidence=("path", "our device and inode", "the pool's device and inode", "older script", "more files", "repeat"),
    remedy=(Remedy.CONFIGURE,),
    advice="Restart the unit of PHP-FPM (systemctl restart): a reload keeps the mount namespace.",
    others=(Verdict.SUSPECT,),
)
RULES = (
    NOT_RUNNING,
    NO_SOCKET,
    NOT_ANSWERING,
    CONFIG_NEWER,
    BINARY_NEWER,
    BINARY_REPLACED,
    EXTENSION_REPLACED,
    CONFIG_INVALID,
    START_UNKNOWN,
    CONFIG_UNSEEN,
    OTHER_TREE,
    fpm_ini.GONE,
    *fpm_config.RULES,
    pool_environment.USER_INI,
    *saturation.RULES,
    *web_php.RULES,
)


def judge(context: Context) -> Ruling:
    """The fpm layer. Its workers' ages are shown and never judged: they prove nothing of the bytecode."""
    if context.fpm is None:
        return web_php.judge(context) if web_php.is_told(context) else Ruling(Verdict.UNKNOWN)
    down = tuple(dead(context, context.fpm))
    if down or (context.fpm.running is None and context.runtime is None):
        return rule_on(Verdict.UNKNOWN, down)
    found = (*config(context, context.fpm), *fpm_ini.gone(context, context.fpm))
    # One cause, one finding: a binary with a newer modification time is told by that.
    told = {finding.code for finding in found}
    swapped = () if BINARY_NEWER.code in told else tuple(replaced(context, context.fpm))
    touched = () if told else tuple(fpm_config.judge(context, context.fpm))
    touched += tuple(pool_environment.user_ini(context, context.fpm))
    return rule_on(Verdict.FRESH, (*found, *touched, *swapped, *other_tree(context, context.fpm), *saturation.judge(context, context.fpm)))


def other_tree(context: Context, fpm: FpmFacts) -> Iterator[Finding]:
    """The pool and this login see other files under the same path (``docs/facts.md#other-tree``)."""
    found = trees.compare(context)
    if found is None or not found.other or not context.witness.shows:
        return
    ours, theirs = found.other[0]
    older = trees.older_scripts(context)
    unit, pid = fpm.unit or "php-fpm", fpm.master.pid if fpm.master is not None else "PID"
    what = f", with older code: {figures.several([paths.name_of(path) for path in older])}" if older else ""
    yield OTHER_TREE.finding(
        ours.path,
        f"PHP-FPM sees another tree at {context.root} than this login{what}; only a restart of {unit} ends that, a reload does not",
        (
            evidence.text("path", ours.path),
            evidence.text("our device and inode", f"{ours.dev} {ours.inode}"),
            evidence.text("the pool's device and inode", f"{theirs.dev} {theirs.inode}"),
            evidence.text("older script", older[0] if older else ""),
            evidence.number("more files", len(found.other) - 1),
            evidence.command("sudo", "stat", "-c", "%d %i %n", f"/proc/{pid}/root{ours.path}"),
        ),
        verdict=None if older else Verdict.SUSPECT,
        severity=None if older else Severity.WARNING,
    )


def dead(context: Context, fpm: FpmFacts) -> Iterator[Finding]:
    """FPM does not run, or cannot be reached (``docs/facts.md#fpm-processes``). One that is only configured here is not missed where the
    app may be served from a container."""
    if fpm.running is None and context.host is not None and context.host.contained is not None:
        return
    unit = fpm.unit or "php-fpm"
    pool = fpm.pool.listen if fpm.pool is not None else ""
    if fpm.running is False:
        shown = (evidence.text("unit", unit), evidence.text("socket", pool), evidence.command("systemctl", "status", unit))
        yield NOT_RUNNING.finding(unit, "PHP-FPM is not running", shown)
    elif fpm.socket is not None and not fpm.socket.exists and context.runtime is None:
        shown = (evidence.text("unit", unit), evidence.text("socket", fpm.socket.path), evidence.command("stat", fpm.socket.path))
        yield NO_SOCKET.finding(fpm.socket.path, f"the socket {fpm.socket.path} is not there", shown)
    elif isinstance(context.snapshot.runtime, Unseen) and context.snapshot.runtime.code in DEAD:
        reason = context.snapshot.runtime.message
        yield NOT_ANSWERING.finding(
            pool or unit,
            "nothing answers on PHP-FPM's socket",
            (evidence.text("socket", pool), evidence.text("reason", reason), evidence.command("systemctl", "status", unit)),
        )


def config(context: Context, fpm: FpmFacts) -> Iterator[Finding]:
    """Files that FPM reads only when it starts or reloads (``docs/facts.md#fpm-reload``), its binary (``docs/facts.md#fpm-binary``)."""
    start = start_of(context, fpm)
    known, running = start.known, start.latest
    newer = [
        file for file in fpm_ini.files(context, fpm) if floor(file.mtime) > running and is_writing_time(file.mtime, file.ctime, context.now)
    ]
    if not fpm.config_files or not running:
        yield unseen(fpm)
        return
    if not newer:
        return
    newest = max(newer, key=lambda file: file.mtime)
    # Who is not root sees of the master's binary only its name.
    rule = BINARY_NEWER if paths.name_of(newest.path) == paths.name_of(fpm.binary) else CONFIG_NEWER
    rule = rule if known else START_UNKNOWN
    names = figures.several([paths.name_of(file.path) for file in newer])
    ending = "" if known else ", and whether it was reloaded since could not be asked"
    summary = f"{names} changed {figures.span(newest.mtime - running)} after PHP-FPM last read its configuration{ending}"
    repeat = evidence.stat(newest.path)
    if isinstance(fpm.config_test, ConfigTest) and not fpm.config_test.valid:
        rule = CONFIG_INVALID
        summary = f"the configuration is not valid ({names}), and the next reload will stop PHP-FPM: {fpm.config_test.said}"
        repeat = evidence.command("sudo", fpm.binary if fpm.binary.startswith("/") else f"/usr/sbin/{fpm.binary or 'php-fpm'}", "-t")
    yield rule.finding(
        newest.path,
        summary,
        (
            evidence.text("file", newest.path),
            evidence.time("modified", newest.mtime),
            evidence.time("running since", running),
            evidence.time("pool started", start.pool or None),
            evidence.time("cache started", start.cache or None),
            evidence.number("more files", len(newer) - 1),
            *tested(fpm),
            repeat,
        ),
        since=min(file.mtime for file in newer),
    )


def replaced(context: Context, fpm: FpmFacts) -> Iterator[Finding]:
    """What the pool runs and the disk holds no more, by the pool's own /proc (``docs/facts.md#fpm-binary``)."""
    gone = (context.runtime.replaced or ()) if context.runtime is not None else ()
    binary = [path for path in gone if not path.endswith(".so")]
    for rule, some, word in (
        (BINARY_REPLACED, binary, "the binary"),
        (EXTENSION_REPLACED, [path for path in gone if path.endswith(".so")], "an extension"),
    ):
        if not some:
            continue
        now = next((file for file in fpm.config_files if file.path == some[0]), None)
        start = start_of(context, fpm)
        yield rule.finding(
            some[0],
            f"PHP-FPM still runs {word} that was replaced on disk: {figures.several([paths.name_of(path) for path in some])}",
            (
                evidence.text("file", some[0]),
                evidence.time("modified", now.mtime if now is not None else None),
                evidence.time("changed", now.ctime if now is not None else None),
                evidence.time("pool started", start.pool or None),
                evidence.time("cache started", start.cache or None),
                evidence.number("more files", len(some) - 1),
                evidence.command("sudo", "grep", "(deleted)", f"/proc/{fpm.master.pid if fpm.master is not None else 'PID'}/maps"),
            ),
            since=now.ctime if now is not None else None,
        )


def tested(fpm: FpmFacts) -> Iterator[Evidence]:
    """What FPM itself says of the files on the disk, if it could be asked (``docs/facts.md#fpm-config-test``)."""
    match fpm.config_test:
        case ConfigTest(valid=valid, said=said):
            yield evidence.text("php-fpm -t", "the configuration is valid" if valid else said)
        case Unseen(message=message, grant=grant):
            yield evidence.text("php-fpm -t", f"not known: {message}" + (f" ({grant})" if grant else ""))


def unseen(fpm: FpmFacts) -> Finding:
    """One of the two sides of the comparison is missing (``docs/facts.md#fpm-reload``)."""
    what = "the time of its start" if fpm.config_files else "its configuration files"
    unit = fpm.unit or "php-fpm"
    shown = (evidence.text("unit", fpm.unit), evidence.command("systemctl", "status", unit))
    return CONFIG_UNSEEN.finding(unit, f"PHP-FPM runs, but {what} could not be read", shown)
