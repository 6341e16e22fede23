"""A real fix, recorded beside the dashboard and by another stalewatch: shown again as it was, and nothing secret is in it."""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
from typing import TYPE_CHECKING

from stalewatch.model.errors import UsageError
from stalewatch.model.report import Verdict
from stalewatch.model.step_names import RESULT
from stalewatch.recording.entries import Planned, Stepped
from stalewatch.recording.reader import Recording
from stalewatch.runbook.plan import Status
from tests.builders.recordings import plain
from tests.lab.program import check, dashboard
from tests.lab.test_e2e_secrets import assert_no_canary, hide
from tests.lab.waiting import until
from tests.terminal import STALEWATCH, Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.lab import Host, Lab


def test_a_fix_in_the_dashboard_is_in_its_recording_and_in_that_of_who_only_watches(lab: Lab, web1: Host, tmp_path: Path) -> None:
    own, other = tmp_path / "own.rec", tmp_path / "other.rec"
    hide(web1)
    argv = [*STALEWATCH, "record", str(other), "web1", "--ssh-config", str(lab.ssh_config), "--interval", "0.5"]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True) as watcher, ended(watcher):
        with dashboard(lab, "--record", str(own), "web1") as terminal:
            terminal.wait_for(r"config +✗", timeout=30)
            until(lambda: last_shown(other) is Verdict.STALE, "the other one to see old code", 30)
            terminal.type("f")
            terminal.wait_for(r"Cancel +Run")
            terminal.confirm()
            terminal.wait_for(r"✓ web1 verified", timeout=60)
            terminal.type("\x1b")
            terminal.wait_for("✓ FRESH", timeout=40)
            terminal.type("q")
            terminal.wait_for("This is being recorded. Quit anyway?")
            terminal.signal(15)
            assert terminal.wait_exit() == 143
        web1.reload()  # an invalidation that comes between two looks is told by fewer hits only, and here nobody visits
        assert web1.get("/") == "home v2"
        until(lambda: last_shown(other) is Verdict.FRESH, "the other one to see the fix", 30)
        watcher.send_signal(signal.SIGTERM)
        assert watcher.stderr is not None
        assert re.search(r"other\.rec: \d+ looks, \d+ events, [\d.]+ \w+ in ", watcher.stderr.read())
        assert watcher.wait(20) == 0
    assert_no_canary(*plain(own), *plain(other))
    frames = list(Recording(own).frames())
    now = check(lab, "web1")[1]["web1"]
    assert {layer.value: verdict.value for layer, verdict in frames[-1].reports[0].layers.items()} == now["layers"]
    (planned,) = (frame.entry for frame in frames if isinstance(frame.entry, Planned))
    assert any("config:cache" in step.command for step in planned.servers[0].steps)
    steps = [frame.entry.progress for frame in frames if isinstance(frame.entry, Stepped)]
    assert [step.status for step in steps if step.step == RESULT] == [Status.DONE]
    with Terminal([*STALEWATCH, "replay", str(own)], columns=80, rows=24) as terminal:
        terminal.wait_for("REPLAY .*1 stale", timeout=30)
        terminal.type(")")
        terminal.wait_for(r"REPLAY \S+ end .*1 fresh", timeout=30)
        terminal.type("q")
        assert terminal.wait_exit() == 0


def last_shown(path: Path) -> Verdict | None:
    """The verdict in a recording that is still written; None while nothing is in it."""
    with contextlib.suppress(UsageError):
        verdicts = [report.verdict for frame in Recording(path).frames() for report in frame.reports]
        return verdicts[-1] if verdicts else None
    return None


@contextlib.contextmanager
def ended(process: subprocess.Popen[str]) -> Iterator[None]:
    """It does not outlive a test that fails."""
    try:
        yield
    finally:
        process.kill()
