"""The demo's incident, recorded while a runbook ends it: shown again, every report is the one that was shown, byte for byte."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from stalewatch.cli.outputs.incident.document import render
from stalewatch.demo.embedded import Embedded
from stalewatch.engine.engine import Engine
from stalewatch.model.report import Report, Verdict
from stalewatch.model.step_names import RESULT
from stalewatch.recording.entries import Looked, Planned, Stepped
from stalewatch.recording.incident import incident_of
from stalewatch.recording.judged_again import JudgedAgain
from stalewatch.recording.reader import Recording
from stalewatch.recording.recorder import Recorder
from stalewatch.recording.recording_file import RecordingFile
from stalewatch.runbook.plan import Choice, Request, Status
from stalewatch.timeline import EventKind
from tests.builders.recordings import json, shown
from tests.builders.watching import eventually, reports

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Kept(Recorder):
    """Also keeps what was seen, in memory."""

    kept: list[tuple[bytes, ...]]

    def seen(self, server: str, reports: Sequence[Report], took: float) -> None:
        self.kept.append(tuple(map(json, reports)))
        super().seen(server, reports, took)


def test_the_incident_and_its_fix_are_shown_again_as_they_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(variable, str(tmp_path))
    path = tmp_path / "night.rec"
    Kept.kept = []
    with Embedded() as world:
        recorder = Kept(RecordingFile(path), world.fleet)
        engine = Engine(world.fleet, listener=recorder)
        engine.start()
        assert eventually(lambda: len(reports(engine)) == 3)
        plan = engine.plan([reports(engine)["web1"].key], Request(choice=Choice.FIX))
        ended = engine.run(plan).result(timeout=60)
        fixed = time.time()
        assert eventually(lambda: (reports(engine)["web1"].observed_at or 0) > fixed)
        assert eventually(lambda: reports(engine)["web1"].verdict is Verdict.FRESH)
        engine.stop()
        engine.publisher.flush()
        recorder.stop()
    assert set(ended.values()) == {Status.DONE}
    assert path.stat().st_size < 200_000

    recording = Recording(path)
    entries = [entry for entry in recording.entries() if entry is not None]
    judge = JudgedAgain(recording.header.fleet.thresholds)
    assert [tuple(map(json, judge.looked(entry))) for entry in entries if isinstance(entry, Looked)] == Kept.kept
    planned = next(entry for entry in entries if isinstance(entry, Planned))
    commands = {step.id: step.command for step in planned.servers[0].steps}
    assert {step.id: step.command for step in plan.servers[0].steps} == commands
    steps = [entry.progress for entry in entries if isinstance(entry, Stepped)]
    assert [(step.step, step.status) for step in steps if step.step == RESULT] == [(RESULT, Status.DONE)]
    for acting in plan.servers[0].acting:
        at = {step.status: step.at for step in steps if step.step == acting.id}
        assert at[Status.DONE] >= at[Status.RUNNING] > 0, "how long each step took is in it"

    last = list(recording.frames())[-1]
    assert recording.remarks() == ()
    assert tuple(map(json, last.reports)) == shown(engine.board)
    assert last.events == engine.board.snapshot().events

    night = render(incident_of(recording), zone=UTC)
    assert "`web1` ran other code than is on the disk." in night
    assert "Status: **resolved**" in night
    web1 = [event for event in last.events if event.server == "web1"]
    deploy = max((event for event in web1 if event.kind is EventKind.DEPLOY), key=lambda event: event.at)
    reload = max((event for event in web1 if event.kind is EventKind.RELOAD and event.at < deploy.at), key=lambda event: event.at)
    assert deploy.at - reload.at == pytest.approx(11 * 60 + 2, abs=2), "12:27 and 12:38:02"
    for event, word in ((deploy, "◆ deploy"), (reload, "▲ reload")):
        assert re.search(rf"- (\S+ )?{_clock(event.at)} UTC `web1` {word}", night)
    assert re.search(r"- `web1` ran old code \*\*from .* UTC to .* UTC\*\* \(1[23] min\), proven from ", night)
    assert re.search(r"- `web1`, `laravel.log`: .*Call context not found.* times", night)
    assert re.search(r"- (\S+ )?\S+ UTC config:cache: done, <?\d+ s\n  - `sudo -n .*artisan config:cache", night)
    assert "  - opcache: ✗ stale → ✓ fresh" in night


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S")
