"""``fix`` as a process that is told to end, or whose stdout takes nothing: the step ends, and how it ended is said where it can be."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from typing import IO

PROGRAM = """
import asyncio, os, signal, sys
sys.path.insert(0, {checkout!r})
import msgspec
from stalewatch.cli import fix_reporter
from stalewatch.cli.main import main
from stalewatch.runbook.plan import Status
from tests.builders import outputs as examples
from tests.unit.cli import conftest

async def run(self, plan, on_progress, stopped):
    for number in {signals}:
        os.kill(os.getpid(), number)
        await asyncio.sleep(0.05)
    on_progress(examples.progress(step="result"))
    sys.stderr.write("the step has ended: " + (stopped() or "nobody stops it") + chr(10))
    return {{("web1", "/srv/app"): Status.DONE}}

fix_reporter.PATIENCE = 0.3
conftest._Session.run = run
seams = conftest.Seams()
seams.looks = [(examples.stale(),)]
plan = examples.plan()
seams.plans = [msgspec.structs.replace(plan, servers=plan.servers[:1])]
main(["fix", "web1", "--yes"], obj=seams.open_fleet)
"""
CHECKOUT = str(Path(__file__).parents[3])
FIX = PROGRAM.format(checkout=CHECKOUT, signals="[]")
"""A fix of web1 that nothing disturbs."""
NOTHING_READS = "nobody reads it"


def fix(tmp_path: Path, *, stdout: int | IO[bytes] = subprocess.PIPE, signals: str = "[]") -> tuple[int, str, str]:
    """Exit code, stdout where it is a pipe of this test, stderr."""
    program = PROGRAM.format(checkout=CHECKOUT, signals=signals)
    environment = os.environ | {"XDG_STATE_HOME": str(tmp_path), "HOME": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "-c", program],
        stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, env=environment, cwd=tmp_path, timeout=30, check=False,
    )  # fmt: skip
    return ended.returncode, (ended.stdout or b"").decode(), ended.stderr.decode()


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129), ("SIGINT", 130)])
def test_a_signal_ends_it_after_the_step_that_runs(tmp_path: Path, name: str, code: int) -> None:
    ended, out, said = fix(tmp_path, signals=f"[signal.{name}]")
    assert ended == code
    assert f"stalewatch: {name}: the step that runs is finished first" in said
    assert f"the step has ended: stopped by {name}" in said
    assert "web1 /srv/app  result" in out


def test_the_second_signal_does_not_wait(tmp_path: Path) -> None:
    ended, _, said = fix(tmp_path, signals="[signal.SIGTERM, signal.SIGTERM]")
    assert ended == 143
    assert "the step has ended" not in said
    assert "runs to its end on the server; look again with stalewatch check" in said


def test_a_full_disk_breaks_nothing_off_and_is_no_success(tmp_path: Path) -> None:
    with open("/dev/full", "wb") as full:
        ended, _, said = fix(tmp_path, stdout=full)
    assert ended == 1
    assert "the step has ended: nobody stops it" in said
    assert f"stdout can't be written (No space left on device): how it ended is in {tmp_path}/stalewatch/audit.log" in said
    assert "Exception ignored" not in said


def test_a_reader_that_does_not_read_is_not_waited_for(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while os.write(writer, bytes(4096)):
            pass
    except BlockingIOError:
        os.set_blocking(writer, True)
    try:
        ended, _, said = fix(tmp_path, stdout=writer)
    finally:
        os.close(reader)
        os.close(writer)
    assert ended == 1
    assert "the step has ended: nobody stops it" in said
    assert f"stdout can't be written ({NOTHING_READS} for 0.3 s)" in said


def test_a_reader_that_has_gone_is_no_error(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        ended, _, said = fix(tmp_path, stdout=writer)
    finally:
        os.close(writer)
    assert ended == 0
    assert said == "the step has ended: nobody stops it\n"
