"""Looks of a recording -> the Reports that were shown, by the ordinary diagnosis. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from stalewatch.diagnosis.diagnose import diagnose
from stalewatch.diagnosis.memory import Memory
from stalewatch.engine.short_names import named
from stalewatch.model.snapshot import Snapshot
from stalewatch.recording.patch import NotApplicable, Patch, apply

if TYPE_CHECKING:
    from stalewatch.model.inventory import AppKey, Thresholds
    from stalewatch.model.report import Report
    from stalewatch.recording.entries import Looked


class _Known(msgspec.Struct, frozen=True):
    """An app as the last look left it: its Snapshot as a tree, and the Memory for the next look."""

    snapshot: Any
    memory: Memory


class JudgedAgain:
    """Goes through the looks of a recording in their order. *skipped*: how many could not be judged, because a line before was damaged."""

    def __init__(self, thresholds: Thresholds) -> None:
        self._thresholds = thresholds
        self._known: dict[AppKey, _Known] = {}
        self.skipped = 0

    def looked(self, look: Looked) -> tuple[Report, ...]:
        """What was shown of that server; nothing where what the look builds on was lost."""
        try:
            return named([self._report(look.server, one.app, one.snapshot, one.memory) for one in look.apps])
        except (NotApplicable, msgspec.ValidationError, KeyError):
            for one in look.apps:
                self._known.pop((look.server, one.app), None)
            self.skipped += 1
            return ()

    def lost(self) -> None:
        """A line is missing: nothing can be built on what is known until the next whole look at each app."""
        self._known.clear()

    def known(self) -> dict[AppKey, _Known]:
        """What :meth:`restore` goes back to."""
        return dict(self._known)

    def restore(self, known: dict[AppKey, _Known]) -> None:
        """Be again as at that call of :meth:`known`."""
        self._known = dict(known)

    def _report(self, server: str, app: str, snapshot: Patch, memory: Patch) -> Report:
        before = None if snapshot.whole and memory.whole else self._known[server, app]
        tree = apply(before.snapshot if before else None, snapshot)
        remembered = before.memory if before else Memory()
        if memory != Patch():
            remembered = msgspec.convert(apply(msgspec.to_builtins(remembered), memory), Memory)
        after, report = diagnose(remembered, msgspec.convert(tree, Snapshot), self._thresholds)
        self._known[server, app] = _Known(tree, after)
        return report
