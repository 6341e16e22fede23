"""What a fix takes from confirmed to verified, against its bare commands typed one after the other. Needs the lab (root)."""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import tempfile
import time
from typing import TYPE_CHECKING

from stalewatch.engine.fleet_session import open_fleet
from stalewatch.model.inventory import Fleet, Server
from stalewatch.runbook.plan import Choice, Plan, Progress, Request, Status
from tests.bench.table import Row, limit
from tests.lab import Lab

if TYPE_CHECKING:
    from stalewatch.engine.fleet_session import FleetSession
    from tests.lab import Host

ROUNDS = 5
WHOLE = Request(choice=Choice.FIX, everything=True)
"""On a healthy host: every cache is rebuilt, FPM reloaded, and all of it verified."""


def fix(quick: bool) -> list[Row]:
    """The whole sequence on a healthy host, by turns with its own commands, each by an ssh of its own."""
    rounds = 2 if quick else ROUNDS
    with Lab(1) as lab, tempfile.TemporaryDirectory(prefix="stalewatch-bench-") as state:
        os.environ["XDG_STATE_HOME"] = state
        (host,) = lab.hosts
        host.fpm(validate_timestamps=0)
        for uri in ("/", "/view", "/config", "/api/ping"):
            host.get(uri)
        bare, ours, steps = asyncio.run(_measured(str(lab.ssh_config), host, rounds))
    return [
        Row(f"the {steps} commands of a whole fix, each by an ssh of its own", f"{bare:.2f} s"),
        limit("the same by the runbook, from confirmed to verified", ours / bare, 3, "times that", 2, f" ({ours:.2f} s)"),
    ]


async def _measured(ssh_config: str, host: Host, rounds: int) -> tuple[float, float, int]:
    """Medians in seconds, and how many commands."""
    bare, ours = [], []
    plan = None
    fleet = Fleet(servers=(Server(target=host.name, name=host.name),), ssh_config=ssh_config)
    async with open_fleet(fleet) as session:
        for _ in range(rounds):
            await session.look()
            plan = session.propose(WHOLE)
            ours.append(await _run(session, plan))
            bare.append(await asyncio.to_thread(_typed, plan, ssh_config, host))
    steps = len(_commands(plan)) if plan is not None else 0
    return statistics.median(bare), statistics.median(ours), steps


async def _run(session: FleetSession, plan: Plan) -> float:
    told: list[Progress] = []
    begun = time.monotonic()
    ended = await session.run(plan, told.append)
    seconds = time.monotonic() - begun
    if set(ended.values()) != {Status.DONE}:
        raise RuntimeError(f"the fix was not verified: {told[-1].evidence}")
    return seconds


def _commands(plan: Plan) -> list[str]:
    return [step.command for server in plan.servers for step in server.acting if step.via == "shell"]


def _typed(plan: Plan, ssh_config: str, host: Host) -> float:
    """The last of them returns before FPM is reloaded; that is waited for, and not counted."""
    old = host.fpm_workers()
    begun = time.monotonic()
    for command in _commands(plan):
        subprocess.run(["ssh", "-F", ssh_config, host.name, command], check=True, capture_output=True, timeout=60)
    seconds = time.monotonic() - begun
    host.wait_for_fpm(old)
    return seconds
