"""What would break the server, or lose requests, said before anything is done. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from stalewatch.model import figures, reasons
from stalewatch.model.snapshot import ConfigTest, FpmFacts, HostFacts, Unseen
from stalewatch.model.text import SafeText, safe
from stalewatch.model.times import utc
from stalewatch.probe.host.parsers import fpm_test
from stalewatch.runbook.commands import permit, usable
from stalewatch.runbook.plan import Action, Outcome, Phase, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalewatch.model.report import Report
    from stalewatch.model.snapshot import PoolWorker
    from stalewatch.runbook.plan import Step

DISK_FLOOR = 64 * 1024 * 1024
"""Bytes: less free space than this and nothing is rebuilt."""


class Risks(msgspec.Struct, frozen=True, kw_only=True):
    """*blocked* not empty: nothing is run. *in_flight*: requests that a reload would kill, None when not known."""

    blocked: tuple[SafeText, ...] = ()
    warnings: tuple[SafeText, ...] = ()
    in_flight: int | None = 0


def blocked_at_all(report: Report) -> tuple[SafeText, ...]:
    """Why nothing at all can be planned for this server."""
    snapshot = report.snapshot
    if snapshot is None:
        why = [str(error.message) for error in report.errors] or ["this server was never seen"]
        return tuple(safe(f"not seen: {reason}") for reason in why)
    if isinstance(snapshot.host, Unseen):
        return (safe(f"not seen: {snapshot.host.message}"),)
    if not report.app or not snapshot.host.layout.exists:
        return (safe(f"there is no application at {report.app}" if report.app else "no application was found here"),)
    if not usable(report.app):
        return (safe("the application's path can't be used in a command"),)
    return ()


def risks(report: Report, host: HostFacts, steps: Sequence[Step], *, user: str, production: bool, may_invalidate: int) -> Risks:
    """What to refuse and what to say about *steps*. *may_invalidate*: how many scripts *invalidate* would do instead of a reload."""
    blocked: list[str] = []
    warnings: list[str] = []
    artisan = [step for step in steps if step.action in (Action.ARTISAN, Action.QUEUE_RESTART)]
    reload = any(step.action is Action.RELOAD_FPM for step in steps)
    acting = any(step.phase not in (Phase.PREFLIGHT, Phase.VERIFY) for step in steps)
    if host.lock is not None and acting:
        blocked.append(f"{host.lock.who} runs a runbook here since {utc(host.lock.since)}")
    if artisan and host.disk_free is not None and host.disk_free < DISK_FLOOR:
        blocked.append(f"the disk is full: {figures.size(host.disk_free)} free")
    if artisan and not user:
        blocked.append("not known which user the pool runs as: what artisan writes could not be rewritten by FPM")
    if reload:
        blocked += _reload_blocked(host.fpm)
    if acting and production:
        warnings.append("this is production")
    if acting and host.release.under_way is not None:
        way = host.release.under_way
        warnings.append(f"a deploy is under way ({way.sign}, since {utc(way.since)}): what is rebuilt now may be old again in a moment")
    if artisan:
        warnings += _foreign_owners(host, user)
    if any(step.action is Action.ARTISAN and step.id == "cache:clear" for step in steps):
        warnings.append("cache:clear empties the application cache; on Redis it is flushdb: everything in that database, sessions too")
    if any(step.action is Action.QUEUE_RESTART for step in steps):
        warnings.append("with a cache store that servers share, the queue workers of every server restart at once")
    in_flight = _in_flight(report, host) if reload else 0
    if reload:
        warnings += _reload_warnings(host.seen_fpm, in_flight, may_invalidate)
    return Risks(blocked=_safe(blocked), warnings=_safe(warnings), in_flight=in_flight)


def _reload_blocked(fpm: FpmFacts | Unseen) -> list[str]:
    if isinstance(fpm, Unseen):
        return [f"a reload is needed and FPM was not seen: {fpm.message}"]
    if not fpm.running:
        return ["FPM does not run: a reload can't start it"]
    if isinstance(fpm.config_test, ConfigTest) and not fpm.config_test.valid:
        return [f"FPM's configuration is broken, a reload would end it: {fpm.config_test.said}"]
    return [] if fpm.unit else ["a reload is needed and the unit of the FPM master is not known"]


def _reload_warnings(fpm: FpmFacts | None, in_flight: int | None, may_invalidate: int) -> list[str]:
    timeout = fpm.process_control_timeout if fpm is not None else None
    gentler = f"; invalidate would lose none ({figures.count(may_invalidate, 'script')})" if may_invalidate else ""
    if timeout is None:
        return [f"process_control_timeout is not known (default 0): a reload may kill requests in flight{gentler}"]
    if timeout > 0:
        return [f"the reload waits up to {timeout:g} s for requests in flight; new ones queue meanwhile"]
    if in_flight is None:
        return [f"process_control_timeout is 0: a reload kills the requests in flight (how many is not known){gentler}"]
    if in_flight == 0:
        return [f"process_control_timeout is 0: a reload kills what is in flight (now: nothing){gentler}"]
    return [f"process_control_timeout is 0: a reload kills {figures.count(in_flight, 'request')} in flight{gentler}"]


def _in_flight(report: Report, host: HostFacts) -> int | None:
    """Requests that a reload would kill: 0 where it waits for them."""
    fpm, status = host.seen_fpm, report.status
    if fpm is not None and fpm.process_control_timeout:
        return 0
    if status is None:
        return None
    pool = fpm.pool if fpm is not None else None
    ours = str(pool.status_path) if pool else ""
    if status.workers:
        return sum(worker.state != "Idle" and not _ours(worker, ours) for worker in status.workers)
    return max(status.active - 1, 0)  # the one that answers is active too


def _ours(worker: PoolWorker, status_path: str) -> bool:
    return bool(status_path and worker.uri.startswith(status_path)) or "stalewatch" in worker.script


def _foreign_owners(host: HostFacts, user: str) -> list[str]:
    foreign = {str(cache.stat.owner) for cache in host.caches if cache.stat and cache.stat.owner and cache.stat.owner != user}
    if not foreign:
        return []
    return [f"cache files belong to {', '.join(sorted(foreign))}, not to the pool's user {user}: artisan may not be able to replace them"]


def _safe(lines: list[str]) -> tuple[SafeText, ...]:
    return tuple(safe(line) for line in lines)


def judge(step: Step, output: str, code: int) -> Outcome:
    """What a preflight command says. A failed one stops the server's plan; what can't be told is done with its reason in the evidence."""
    if step.action is Action.FPM_TEST:
        return _judge_fpm_test(output, code)
    if step.action is Action.DISK_FREE:
        return _judge_disk(output)
    if step.action is Action.RIGHTS:
        return _judge_rights(step.command.split(" && "), output, code)
    if code == 0:
        return Outcome(status=Status.DONE, evidence={"artisan": safe("is there")})
    return Outcome(status=Status.FAILED, evidence={"artisan": safe("there is no artisan in the application's root")})


def _judge_fpm_test(output: str, code: int) -> Outcome:
    said, told = last_lines(output), fpm_test.read(output)
    if isinstance(told, ConfigTest):
        mistake = told.said or said or safe(f"exit code {code}")
        if told.valid and code == 0:
            return Outcome(status=Status.DONE, evidence={"php-fpm -t": safe("the configuration is valid")})
        return Outcome(status=Status.FAILED, evidence={"php-fpm -t": mistake})
    if told.code == reasons.FPM_TEST_UNCLEAR.code and code not in (126, 127):
        return Outcome(status=Status.FAILED, evidence={"php-fpm -t": said or safe(f"exit code {code}")})
    return _not_told(f"{told.message} ({told.grant})" if told.code == reasons.FPM_TEST_DENIED.code else told.message, said)


def _judge_disk(output: str) -> Outcome:
    fields = output.strip().splitlines()[-1].split() if output.strip() else []
    if len(fields) < 6 or not fields[3].isdigit():
        return _not_told("df could not be read", last_lines(output))
    free = int(fields[3]) * 1024
    status = Status.DONE if free >= DISK_FLOOR else Status.FAILED
    return Outcome(status=status, evidence={"free": safe(figures.size(free))})


def _judge_rights(asked: list[str], output: str, code: int) -> Outcome:
    if code == 0:
        return Outcome(status=Status.DONE, evidence={"sudo": safe("every command of the plan is permitted")})
    if _no_right(output) or code == 1:
        permitted = sum(not line.startswith("sudo:") for line in output.strip().splitlines())  # it prints each one that is
        missing = asked[min(permitted, len(asked) - 1)].replace("sudo -n -l", "sudo -n", 1)
        grant = safe(f"in sudoers: {permit(missing)}")
        return Outcome(status=Status.FAILED, evidence={"not permitted": safe(missing), "grant": grant})
    return _not_told("sudo does not tell what it permits", last_lines(output))


def last_lines(output: str, most: int = 3) -> SafeText:
    """The end of what a command said, in one line."""
    return safe("; ".join(line.strip() for line in output.strip().splitlines()[-most:])[-400:])


def _no_right(output: str) -> bool:
    return "a password is required" in output or "not allowed" in output or "may not run" in output


def _not_told(why: str, said: SafeText) -> Outcome:
    return Outcome(status=Status.DONE, evidence={"unknown": safe(why), **({"said": said} if said else {})})
