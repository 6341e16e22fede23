"""FPM's own log on a real host: found by its configuration, readable or not, and what it tells."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from typing import TYPE_CHECKING

from stalewatch.diagnosis.diagnose import diagnose
from stalewatch.diagnosis.memory import Memory
from stalewatch.model.report import Verdict
from stalewatch.timeline import EventKind, history
from tests.lab import php
from tests.lab.probing import host_of, look, probing

if TYPE_CHECKING:
    from stalewatch.model.snapshot import LogFacts, Snapshot
    from tests.lab import Host, Lab

LOG = f"/var/log/{php.FPM}.log"
PATIENCE = 60.0


def fpm_log(snapshot: Snapshot) -> LogFacts:
    (log,) = (log for log in host_of(snapshot).logs if log.fpm)
    return log


def alarms_of(snapshot: Snapshot) -> int:
    """Alarms in FPM's own log in the last half hour, also those of what was done to this host before."""
    return sum(minute.alarms for minute in fpm_log(snapshot).minutes)


async def test_fpms_own_log_is_followed_as_far_as_it_may_be_read(lab: Lab, web1: Host) -> None:
    web1.get("/")
    stamp = "$(date -d '-20 min' '+%d-%b-%Y %H:%M:%S')"
    try:
        async with probing(lab, web1) as (probe, _):
            snapshot = await look(probe, full=True)
            log, (_, report) = fpm_log(snapshot), diagnose(Memory(), snapshot)
            assert log.path == LOG
            assert log.unseen is not None
            assert log.unseen.message == f"deploy may not read {LOG}"
            assert log.unseen.grant.startswith("sudo setfacl -m u:deploy:r ")
            assert (report.verdict, report.errors) == (Verdict.FRESH, ()), "what a log hides is no verdict"

            web1.run(["sh", "-c", f'echo "[{stamp}] NOTICE: ready to handle connections" >>{LOG}; chmod 0644 {LOG}'])
            snapshot = await look(probe)
            assert fpm_log(snapshot).unseen is None
            assert "NOTICE: fpm is running" in " ".join(line.text for line in fpm_log(snapshot).tail)
            told = [event for event in history(diagnose(Memory(), snapshot)[1]) if event.kind is EventKind.RELOAD]
            now = host_of(snapshot).now
            assert any(abs(now - 1200 - event.at) < 30 and event.what == "started" for event in told), "in the server's own zone"
            assert len([event for event in told if event.at > now - 600 and ", " in event.what]) == 1, "the last start is told once"

            before = alarms_of(snapshot)
            os.kill(min(web1.fpm_workers()), signal.SIGKILL)
            deadline = time.monotonic() + PATIENCE
            while alarms_of(snapshot) == before and time.monotonic() < deadline:
                await asyncio.sleep(0.1)
                snapshot = await look(probe)
            assert alarms_of(snapshot) == before + 1
            assert "exited on signal 9 (SIGKILL)" in next(line.text for line in host_of(snapshot).log_lines if line.alarm)
    finally:
        web1.run(["chmod", "0600", LOG])
