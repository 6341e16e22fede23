"""What a person must do where the runbook can't: one sentence, with the line to type on the server. Pure."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from stalewatch.diagnosis import composer, fpm, release, views, worker_orphans, worker_others, worker_places, worker_restarts, workers
from stalewatch.diagnosis.opcache import codes as opcache_codes
from stalewatch.diagnosis.rules import RULES
from stalewatch.model import reasons
from stalewatch.model.report import Verdict
from stalewatch.model.text import safe
from stalewatch.runbook.commands import usable
from stalewatch.runbook.plan import LeftOut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stalewatch.model.report import Finding, Report

_NOTHING_KNOWN = "the runbook cannot fix this"


def sentence(finding: Finding, report: Report) -> str:
    """What to do about *finding*, which no step of the runbook fixes."""
    line = _LINES.get(finding.code, _nothing)(finding, report)
    if line:
        return f"by hand: {line}"
    advice = _advice(finding)
    return f"by hand: {advice}" if advice else _NOTHING_KNOWN


def not_writable(report: Report) -> str:
    """What to do where compiled views are where the pool's user cannot write: no step could make them again ("": it can)."""
    host = report.host
    if host is None or host.views.writable is not False or all(view.writable for view in host.views.views):
        return ""
    fpm, runtime = report.fpm, report.runtime
    user = str(runtime.user) if runtime is not None else str(fpm.pool.user) if fpm is not None and fpm.pool is not None else ""
    folder = views.folder_of(host, host.release.root or report.app)
    if not user or not usable(folder):
        return "by hand: give the folder of the compiled views to the pool's user, then fix again"
    return f"by hand: give them to the pool's user: sudo chown -R {shlex.quote(user)} {shlex.quote(folder)}, then fix again"


def afterwards(finding: Finding) -> str:
    """What to do about a *finding* that comes back after the steps that fix it, or that they leave unknown."""
    advice = _advice(finding)
    return f": {advice}" if advice else ""


def _advice(finding: Finding) -> str:
    """What its rule advises, to stand within a sentence."""
    advice = RULES[finding.code].advice if finding.code in RULES else ""
    return f"{advice[:1].lower()}{advice[1:]}"


def unexplained(report: Report) -> Iterator[LeftOut]:
    """Why layers could not be judged of which no finding says it, and what to grant."""
    told = {finding.layer for finding in report.findings if finding.verdict is not Verdict.FRESH}
    if any(verdict is Verdict.UNKNOWN and layer not in told for layer, verdict in report.layers.items()):
        for error in report.errors:
            yield LeftOut(error.message, safe(f"not judged; {error.grant}" if error.grant else "not judged"))


def _nothing(_finding: Finding, _report: Report) -> str:
    return ""


def _as(owner: str, report: Report) -> str:
    login = str(report.host.login) if report.host is not None else ""
    return "" if owner in ("", login) else f"sudo -u {owner} "


def _composer(report: Report) -> tuple[str, str]:
    """As whom composer is run, and where."""
    facts = report.host.composer if report.host is not None else None
    owner = str(facts.loader.owner) if facts is not None and facts.loader is not None else ""
    return _as(owner, report), f"--working-dir={shlex.quote(report.app)}"


def _dump(_finding: Finding, report: Report) -> str:
    facts = report.host.composer if report.host is not None else None
    who, where = _composer(report)
    flag = "--classmap-authoritative" if facts is not None and facts.authoritative else "--optimize"
    return f"{who}composer dump-autoload {where} {flag}, then fix again"


def _install(_finding: Finding, report: Report) -> str:
    who, where = _composer(report)
    return f"{who}composer install {where} with the flags of your deploy, then fix again"


def _restart_fpm(_finding: Finding, report: Report) -> str:
    return _systemctl("restart", report)


def _preload(finding: Finding, report: Report) -> str:
    opcache, host, seen = report.opcache, report.host, report.fpm
    if opcache is None or host is None:
        return ""
    named, current = str(opcache.preload), host.release
    other = next((str(fact.value) for fact in finding.evidence if fact.label == "preloaded release"), "")
    right = named.replace(other, str(current.link or current.root), 1) if other and named.startswith(f"{other}/") else ""
    config = str(seen.config_path).rpartition("/")[0] if seen is not None else ""
    found = f" (grep -rn opcache.preload {shlex.quote(config)} finds it)" if usable(config) else ""
    wanted = f"set opcache.preload={right}" if right else "let opcache.preload name the current release"
    return f"{wanted}{found}, then: {_restart_fpm(finding, report) or 'restart PHP-FPM'}"


def _cron(finding: Finding, report: Report) -> str:
    known = report.host.release if report.host is not None else None
    old = next((str(fact.value) for fact in finding.evidence if fact.label == "release"), "")
    file, _, number = finding.subject.rpartition(":")
    if known is None or not old or not number:
        return ""
    edit = f"sudoedit {shlex.quote(file)}" if file.startswith("/etc/") else f"sudo crontab -e -u {shlex.quote(file.rpartition('/')[2])}"
    return f"{edit} (line {number}): write {known.link or known.root} for {old}"


def _restart_worker(finding: Finding, report: Report) -> str:
    """By its unit or its supervisor, where the server shows them."""
    pid = next((fact.value for fact in finding.evidence if fact.label == "pid"), None)
    if pid is None:
        return ""
    found = report.host.queue_workers if report.host is not None else ()
    worker = next((worker for worker in found if worker.process.pid == pid), None)
    if worker is not None:
        kill = f"{_as(str(worker.user), report)}kill {pid}, and start it again as it was started (no unit and no supervisor was seen)"
        return "; ".join(worker_restarts.restart_lines([worker])) or kill
    return f"restart it where it is supervised (systemctl status {pid} names the unit; under supervisord: supervisorctl restart PROGRAM)"


def _reload_octane(finding: Finding, report: Report) -> str:
    again = _restart_worker(finding, report)
    return f"{again}; octane:reload loads the code too, but leaves nothing to prove it by" if again else ""


def _deploy(finding: Finding, _report: Report) -> str:
    """Where the others have another commit; of other contents no name is known."""
    facts = {fact.label: str(fact.value) for fact in finding.evidence if fact.value}
    return f"deploy {facts['others'][:7]} to this server" if "others" in facts and "contents" not in facts else ""


def _purge(finding: Finding, report: Report) -> str:
    pids = next((str(fact.value) for fact in finding.evidence if fact.label == "processes"), "")
    found = report.host.queue_workers if report.host is not None else ()
    who = next((_as(str(worker.user), report) for worker in found if worker.orphan), "")
    return f"{who}php {shlex.quote(f'{report.app}/artisan')} horizon:purge (or {who}kill {pids})" if pids else ""


def _start_worker(finding: Finding, report: Report) -> str:
    again = next((str(fact.value) for fact in finding.evidence if fact.label == "start again"), "")
    return f"{again}; if they were ended for good: stalewatch mark --workers-ended {shlex.quote(report.address)}"


def _start_fpm(_finding: Finding, report: Report) -> str:
    return _systemctl("start", report)


def _systemctl(verb: str, report: Report) -> str:
    unit = str(report.fpm.unit) if report.fpm is not None else ""
    return f"sudo systemctl {verb} {shlex.quote(unit)}" if unit.endswith(".service") else ""


def _ask_the_pool(_finding: Finding, report: Report) -> str:
    """What only the pool can tell: the grant of the error that says why it could not be asked."""
    return next((str(error.grant) for error in report.errors if error.grant), "")


_LINES: dict[str, Callable[[Finding, Report], str]] = {
    composer.CLASS_MAP.code: _dump,
    composer.AUTOLOAD.code: _dump,
    composer.LOCK.code: _install,
    opcache_codes.PRELOAD_ELSEWHERE.code: _preload,
    fpm.OTHER_TREE.code: _restart_fpm,
    fpm.START_UNKNOWN.code: _ask_the_pool,
    reasons.FPM_NOT_RUNNING.code: _start_fpm,
    reasons.FPM_SOCKET_MISSING.code: _restart_fpm,
    release.MIXED.code: _deploy,
    views.UNPROVEN.code: _ask_the_pool,
    worker_others.CRON_OLD_RELEASE.code: _cron,
    worker_others.OTHER_OLDER.code: _restart_worker,
    worker_restarts.NOT_BACK.code: _start_worker,
    workers.OLDER.code: _restart_worker,
    workers.SUSPECT.code: _restart_worker,
    worker_places.OLD_BINARY.code: _restart_worker,
    worker_places.BINARY_CHANGED.code: _restart_worker,
    workers.RELOAD_UNSEEN.code: _reload_octane,
    worker_orphans.ORPHANED.code: _purge,
}
"""By the code of a finding."""
