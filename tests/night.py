"""docs/incident-report.md: the report of the night that the demo tells.

``python -m tests.night`` prints it from night.rec, ``python -m tests.night record`` makes that file from the demo: its servers, a runbook
that ends it, and every moment moved by the same time, to the day of the incident. Nothing else of what was seen is touched, but the demo's
folder and who ran it.
"""

from __future__ import annotations

import re
import sys
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import msgspec

from stalewatch.cli.outputs.incident.document import render
from stalewatch.demo.embedded import Embedded
from stalewatch.engine.engine import Engine
from stalewatch.model.report import Verdict
from stalewatch.probe.who import who
from stalewatch.recording.incident import incident_of
from stalewatch.recording.reader import Recording
from stalewatch.recording.recorder import Recorder
from stalewatch.recording.recording_file import RecordedLines, RecordingFile
from stalewatch.runbook.plan import Choice, Request
from tests.builders.incident import at as moment_of

if TYPE_CHECKING:
    from collections.abc import Callable

FILE = Path(__file__).with_suffix(".rec")
CEST = timezone(timedelta(hours=2), "CEST")
DEPLOYED = "12:38:02"
FOLDER = re.compile(r"/tmp/stalewatch-demo-\d+(?:/web\d)?")
WRITTEN = re.compile(r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
YEARS = 20 * 365 * 86400.0
NO_TIME = frozenset({"size", "inode", "disk_free", "disk_total", "used_memory", "free_memory", "wasted_memory", "memory"})
PATIENCE = 60.0


def page() -> str:
    """The report, as docs/incident-report.md has it."""
    return render(incident_of(Recording(FILE)), zone=CEST)


class Moved:
    """From the time of the recording to that of the incident. *deploy*: when the code was deployed."""

    def __init__(self, deploy: float) -> None:
        self._later = moment_of(DEPLOYED) - deploy
        self._now = time.time()

    def tree(self, value: Any, name: str = "") -> Any:
        """*value* (as JSON has it) with every moment moved; *name*: of its field."""
        match value:
            case dict():
                return {self.words(key): self.tree(item, key) for key, item in value.items()}
            case [[*path], item] if path and all(isinstance(part, str) for part in path):  # of a patch
                return [[self.words(part) for part in path], self.tree(item, path[-1])]
            case list():
                return [self.tree(item, name) for item in value]
            case str():
                return self.words(value)
            case bool() | None:
                return value
            case int() | float() if name not in NO_TIME and self._now - YEARS < value < self._now + 3600:
                return type(value)(value + self._later)
        return value

    def words(self, said: str) -> str:
        """The moments and the folder in a text."""
        told = WRITTEN.sub(self._written, FOLDER.sub("/srv", said))
        return told.replace(who(), "mara@laptop")

    def _written(self, found: re.Match[str]) -> str:
        moment = datetime.strptime(found[0], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
        return datetime.fromtimestamp(moment.timestamp() + self._later, UTC).strftime("%Y-%m-%d %H:%M:%S")


def record(path: Path) -> float:
    """The demo and its fix, in *path*; when the code was deployed."""
    with Embedded() as world:
        recorder = Recorder(RecordingFile(path), world.fleet)
        engine = Engine(world.fleet, listener=recorder)
        engine.start()
        try:
            _until(lambda: _verdicts(engine) == {"web1": Verdict.STALE, "web2": Verdict.FRESH, "web3": Verdict.FRESH})
            stale = next(pane.report for pane in engine.board.snapshot().panes if pane.server == "web1")
            assert stale is not None
            assert stale.host is not None
            engine.run(engine.plan([stale.key], Request(choice=Choice.FIX))).result(timeout=PATIENCE)
            _until(lambda: set(_verdicts(engine).values()) == {Verdict.FRESH})
            time.sleep(3)
        finally:
            engine.stop()
            recorder.stop()
    return max(deploy.at for deploy in stale.host.release.deploys)


def _verdicts(engine: Engine) -> dict[str, Verdict]:
    return {pane.server: pane.report.verdict for pane in engine.board.snapshot().panes if pane.report is not None}


def _until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError("the demo is not as it has to be")
        time.sleep(0.1)


def main() -> None:
    if sys.argv[1:] == ["record"]:
        with TemporaryDirectory() as folder:
            raw = Path(folder) / "raw.rec"
            moved = Moved(record(raw))
            lines = [msgspec.json.encode(moved.tree(msgspec.json.decode(line))) + b"\n" for line in RecordedLines(raw) if line]
        file = RecordingFile(FILE, overwrite=True)
        file.write(lines)
        file.close()
        FILE.chmod(0o644)
        return
    print(page(), end="")


if __name__ == "__main__":
    main()
