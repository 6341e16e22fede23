"""Reload the FPM master: all workers and the whole OPcache are new. Requests in flight may be lost. Pure."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from stalewatch.diagnosis.fpm import DOWN
from stalewatch.model import figures
from stalewatch.model.fixing import InFlight
from stalewatch.model.layers import Layer
from stalewatch.model.report import Remedy, Report
from stalewatch.model.snapshot import ConfigTest, Unseen
from stalewatch.model.text import SafeText, safe
from stalewatch.model.times import utc
from stalewatch.runbook.commands import Access, Command, usable
from stalewatch.runbook.plan import Outcome, Phase, Status, Step
from stalewatch.runbook.preflight import in_flight, only_remembered, pool_name, pools_reached
from stalewatch.runbook.step_spec import Proof, StepSpec
from stalewatch.runbook.steps import bytecode, fpm_test

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalewatch.model.processes import EndedPool, Unstartable
    from stalewatch.model.snapshot import MasterPool
    from stalewatch.runbook.draft import Draft

_SIGNAL = re.compile(r"(/usr)?/bin/kill (-(SIG)?USR2|-s (SIG)?USR2|-12) \$\{?MAINPID\}?")
"""What distributions write as the ExecReload of FPM's unit."""
GRACE = 15.0
"""How many seconds a reload may take beyond ``process_control_timeout`` before it counts as unproven."""


def _command(access: Access) -> Command:
    if access.master:
        return Command(("/usr/bin/kill", "-USR2", str(access.master)), "root")
    return Command(("/usr/bin/systemctl", "reload", _unit(access)), "root")


def _unit(access: Access) -> str:
    return access.unit.removesuffix(".service") or "UNIT"


def _line(access: Access) -> str:
    """The configuration is tested in the same line: what was valid at the preflight may be broken by now, and then a reload ends FPM. A
    signal goes to nothing but an FPM master of this configuration."""
    still = ("grep", "-qaF", access.title, f"/proc/{access.master}/cmdline")
    parts = [shlex.join(still)] if access.master else []
    if access.main and not access.master:
        parts = [f"systemctl show -p MainPID {shlex.quote(_unit(access))} | grep -qx MainPID={access.main}"]
    parts += [access.text(fpm_test.command(access))] if access.fpm_binary else []
    return " && ".join([*parts, access.text(_command(access))])


def _wanted(draft: Draft) -> list[Step]:
    way = bytecode.chosen(draft)
    if way is None or way.paths:
        return []
    fpm = draft.host.seen_fpm
    timeout = GRACE + ((fpm.process_control_timeout if fpm is not None else None) or 0.0)  # the command returns before anything happened
    idle = None if fpm is None or fpm.process_control_timeout or draft.request.in_flight is InFlight.KILL else draft.request.in_flight_wait
    return [RELOAD.step(_line(draft.access), way.reason, layer=Layer.FPM, timeout=timeout, causes=way.causes, idle=idle)]


def _blocks(draft: Draft) -> Iterator[str]:
    fpm = draft.host.fpm
    if isinstance(fpm, Unseen):
        yield f"a reload is needed and FPM was not seen: {fpm.message}"
    elif fpm.running is False:
        yield "FPM does not run: a reload can't start it"
    elif dead := next((finding for finding in draft.report.findings if finding.code in DOWN), None):
        yield f"{dead.summary}: a reload does not bring it back"
    elif isinstance(fpm.config_test, ConfigTest) and not fpm.config_test.valid:
        yield f"FPM's configuration is broken, a reload would end it: {fpm.config_test.said}"
    elif not draft.access.unit and not draft.access.master:
        yield "a reload is needed and the unit of the FPM master is not known"
    for each in fpm.unstartable if not isinstance(fpm, Unseen) else ():
        yield _cannot_start(each)
    for pool in fpm.ended if not isinstance(fpm, Unseen) else ():
        yield _ends(pool)
    if draft.report.runtime is not None and (why := only_remembered(draft.report.runtime.remembered, draft.host.now)):
        yield why


def _cannot_start(each: Unstartable) -> str:
    why = "another program listens there" if each.taken else f"the folder {each.path.rpartition('/')[0]} is not there"
    what = f"pool {each.of} listens on {each.path}" if each.of else f"its pid file is {each.path}"
    return f"FPM would not start again, and a reload ends it for all sites: {what}, and {why} (php-fpm -t does not look at that)"


def _ends(pool: EndedPool) -> str:
    by_hand = "put that right, or reload PHP-FPM (and what passes requests to that pool) by hand"
    if pool.moved_to:
        return f"a reload would move pool {pool.name} to {pool.moved_to}, where nothing listens now: {by_hand}"
    return f"a reload would end pool {pool.name}, which runs and is in PHP-FPM's configuration no more: {by_hand}"


def _warns(draft: Draft) -> Iterator[str]:
    fpm, running = draft.host.seen_fpm, in_flight(draft.report)
    timeout = fpm.process_control_timeout if fpm is not None else None
    if draft.access.master and fpm is not None:
        unit = (
            f"{fpm.unit} runs other programs too"
            if fpm.unit_pid and fpm.unit_pid != draft.access.master
            else f"{fpm.unit} cannot be reloaded"
        )
        yield f"{unit}: the signal goes to the FPM master itself (supervisorctl signal USR2 PROGRAM does the same)"
    elif fpm is not None and (other := _unusual(fpm.unit_reloads)):
        yield f"systemctl reload {_unit(draft.access)} runs {other}: whether that reloads this FPM master is not known"
    if len(pools := pools_reached(draft.report)) > 1:
        yield f"the reload reaches all pools of this FPM master: {figures.several([_pool(pool) for pool in pools], most=8)}"
    stale = draft.stale_paths
    gentler = f"; invalidate would lose none ({figures.count(len(stale), 'script')})" if stale and all(map(usable, stale)) else ""
    waits = running and draft.request.in_flight is not InFlight.KILL
    without = "process_control_timeout is " + ("not known (default 0)" if timeout is None else "0")
    if timeout:
        yield f"the reload waits up to {timeout:g} s for requests in flight; new ones queue meanwhile"
    elif waits:
        now = figures.count(running or 0, "request")
        yield f"{without}: it is waited up to {draft.request.in_flight_wait:g} s for {now} in flight, then the reload is refused{gentler}"
    elif timeout is None:
        yield f"{without}: a reload may kill requests in flight{gentler}"
    elif running is None:
        yield f"{without}: a reload kills the requests in flight (how many is not known){gentler}"
    elif running == 0:
        yield f"{without}: a reload kills what is in flight (now: nothing){gentler}"
    else:
        yield f"{without}: a reload kills {figures.count(running, 'request')} in flight{gentler}"


def _unusual(reloads: tuple[SafeText, ...] | None) -> str:
    """What a reload of the unit runs, where that is not the one signal ("" it is, or it is not told)."""
    return "" if reloads is None or (len(reloads) == 1 and _SIGNAL.fullmatch(reloads[0])) else "; ".join(reloads)


def _pool(pool: MasterPool) -> str:
    running = "" if pool.requests is None else f": {figures.count(pool.requests, 'request')} in flight" if pool.requests else ": idle"
    return f"{pool_name(pool)}{running}"


def _proven(proof: Proof) -> Outcome:
    """Pool and OPcache start times have moved and the old workers are gone; not yet, until all that can be seen says so."""
    before, after, sent = proof.before, proof.after, proof.sent
    if after.fpm is None or after.fpm.running is False:
        return Outcome(status=Status.RUNNING, evidence={"fpm": safe("does not run")})
    evidence: dict[str, SafeText] = {}
    waiting = False
    old, new = _workers(before), _workers(after)
    still = sorted(pid for pid, _ in old & new)
    if still:
        waiting = True
        evidence["old workers"] = safe(", ".join(map(str, still[:10])))
    elif new:
        evidence["workers"] = safe(f"{len(new)} new, no old pid left")
    proofs = 0
    for name, was, now in (("pool start time", _pool_start(before), _pool_start(after)), ("opcache since", _since(before), _since(after))):
        if now is None:
            waiting = waiting or was is not None
            evidence[name] = safe("not seen")
        elif now < sent or now == was:
            waiting = True
            evidence[name] = safe(f"still {utc(now)}")
        else:
            proofs += 1
            evidence[name] = safe(utc(now))
    if not proofs and not waiting:  # nobody may ask the pool: only /proc is left
        waiting = not new or not all(started >= sent for _, started in new)
        evidence["proof"] = safe("worker start times only: the pool could not be asked")
    return Outcome(status=Status.RUNNING if waiting else Status.DONE, evidence=evidence)


def _workers(report: Report) -> frozenset[tuple[int, int]]:
    return frozenset((process.pid, round(process.started)) for process in report.fpm.workers) if report.fpm is not None else frozenset()


def _pool_start(report: Report) -> int | None:
    return int(report.status.started) if report.status is not None else None


def _since(report: Report) -> int | None:
    opcache = report.opcache
    return opcache.since if opcache is not None and opcache.enabled else None


RELOAD = StepSpec(
    kind="reload",
    phase=Phase.RELOAD,
    remedies=(Remedy.RELOAD,),
    does="reload PHP-FPM gracefully",
    interrupts=True,
    wanted=_wanted,
    prove=_proven,
    blocks=_blocks,
    warns=_warns,
    grants=lambda access: [_command(access)] if access.unit and not access.master else [],
)
