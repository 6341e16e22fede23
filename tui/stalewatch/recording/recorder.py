"""Keeps in a file what an engine sees and does: a listener of it, with a thread that compares, compresses and writes."""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING

from stalewatch import __version__
from stalewatch.engine.listener import Listener
from stalewatch.probe.who import who
from stalewatch.recording.codec import encoded
from stalewatch.recording.entries import SCHEMA, AppLook, Connecting, Failed, Happened, Header, Looked, Stepped
from stalewatch.recording.patch import between, whole
from stalewatch.recording.told import fleet_told, plan_told

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stalewatch.diagnosis.memory import Memory
    from stalewatch.model.inventory import AppKey, Fleet
    from stalewatch.model.report import Report
    from stalewatch.model.snapshot import Snapshot, Unseen
    from stalewatch.recording.entries import Entry
    from stalewatch.recording.recording_file import RecordingFile
    from stalewatch.runbook.plan import Plan, Progress
    from stalewatch.timeline import Event
    from stalewatch.transport.link import ConnectStep

EVERY = 1.0
"""Seconds between two writes: what a killed process loses at most."""
WHOLE_EVERY = 300
"""Every so many looks at an app are written whole: from there on, what was damaged before is no matter."""


class _Judgement:
    """A look at one app, with the memory before and after."""

    def __init__(self, memory: Memory, snapshot: Snapshot, after: Memory) -> None:
        self.memory = memory
        self.snapshot = snapshot
        self.after = after


class _Shown:
    """A look at a server that was shown."""

    def __init__(self, at: float, server: str, took: float, judged: Sequence[_Judgement]) -> None:
        self.at = at
        self.server = server
        self.took = took
        self.judged = judged


class Recorder(Listener):
    """Its methods may be called from one thread at a time and do not block. *broke* is called once, from another thread, with the line
    that says why nothing is written any more. *looks*, *events*: how many were kept so far."""

    def __init__(
        self, file: RecordingFile, fleet: Fleet, *, broke: Callable[[str], None] = lambda _: None, now: Callable[[], float] = time.time
    ) -> None:
        self._file = file
        self._broke = broke
        self._now = now
        self._judged: dict[str, list[_Judgement]] = {}
        self._queue: queue.SimpleQueue[Entry | Header | _Shown | None] = queue.SimpleQueue()
        self._last: dict[AppKey, tuple[_Judgement, int]] = {}
        self.looks = 0
        self.events = 0
        self.why_not = ""
        self._queue.put(Header(schema=SCHEMA, version=__version__, begun=now(), fleet=fleet_told(fleet)))
        self._thread = threading.Thread(target=self._run, name="stalewatch-recorder", daemon=True)
        self._thread.start()

    @property
    def size(self) -> int:
        """Bytes that are in the file."""
        return self._file.size

    def stop(self, timeout: float = 5.0) -> None:
        """Write what is left and end the file. Returns after at most *timeout* seconds."""
        self._queue.put(None)
        self._thread.join(timeout)

    # -------------------------------------------------------------------------------------------------- in the engine's loop

    def judged(self, memory: Memory, snapshot: Snapshot, after: Memory) -> None:
        self._judged.setdefault(snapshot.server, []).append(_Judgement(memory, snapshot, after))

    def seen(self, server: str, reports: Sequence[Report], took: float) -> None:
        known = self._judged.pop(server, [])
        shown = [one for report in reports for one in known if one.snapshot is report.snapshot]
        self._queue.put(_Shown(self._now(), server, took, shown))

    def connecting(self, server: str, step: ConnectStep) -> None:
        self._queue.put(Connecting(at=self._now(), server=server, step=step))

    def failed(self, server: str, error: Unseen, retry_in: float | None) -> None:
        self._queue.put(Failed(at=self._now(), server=server, error=error, retry_in=retry_in))

    def happened(self, events: Sequence[Event]) -> None:
        self._queue.put(Happened(at=self._now(), events=tuple(events)))

    def planned(self, plan: Plan) -> None:
        self._queue.put(plan_told(plan, at=self._now(), who=who()))

    def progressed(self, progress: Progress) -> None:
        self._queue.put(Stepped(at=self._now(), progress=progress))

    # ------------------------------------------------------------------------------------------------ in the recorder's thread

    def _run(self) -> None:
        going = True
        while going:
            waiting = [self._queue.get()]
            deadline = time.monotonic() + EVERY
            while waiting[-1] is not None and (left := deadline - time.monotonic()) > 0:
                try:
                    waiting.append(self._queue.get(timeout=left))
                except queue.Empty:
                    break
            going = waiting[-1] is not None
            if not self.why_not:
                self._write([entry for entry in waiting if entry is not None], end=not going)

    def _write(self, entries: Sequence[Entry | Header | _Shown], *, end: bool) -> None:
        try:
            if entries:
                self._file.write([encoded(self._entry(entry)) for entry in entries])
            if end:
                self._file.close()
        except OSError as error:
            self.why_not = f"{self._file.path} takes no more: {error.strerror}; what was recorded before stays"
            self._broke(self.why_not)

    def _entry(self, entry: Entry | Header | _Shown) -> Entry | Header:
        if isinstance(entry, Happened):
            self.events += len(entry.events)
        if not isinstance(entry, _Shown):
            return entry
        self.looks += 1
        apps = tuple(self._app_look(one) for one in entry.judged)
        return Looked(at=entry.at, server=entry.server, took=round(entry.took, 4), apps=apps)

    def _app_look(self, now: _Judgement) -> AppLook:
        key = (now.snapshot.server, str(now.snapshot.app))
        last, since = self._last.get(key, (None, 0))
        entire = last is None or since >= WHOLE_EVERY
        self._last[key] = (now, 1 if entire else since + 1)
        if last is None or entire:
            return AppLook(app=now.snapshot.app, snapshot=whole(now.snapshot), memory=whole(now.memory))
        return AppLook(app=now.snapshot.app, snapshot=between(last.snapshot, now.snapshot), memory=between(last.after, now.memory))
