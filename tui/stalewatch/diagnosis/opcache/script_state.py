"""What a script is judged to be, before it becomes a finding."""

from __future__ import annotations

from enum import Enum, auto
from typing import NamedTuple

from stalewatch.diagnosis.opcache.window import Window
from stalewatch.model.snapshot import Script


class ScriptState(Enum):
    """``FRESH`` and ``NEUTRAL`` (not cached, or gone and not used) say nothing; the rule of each other one is in ``codes.BY_STATE``."""

    FRESH = auto()
    NEUTRAL = auto()
    PENDING = auto()
    SUSPECT = auto()
    RENAMED = auto()
    """Suspect only because a parent directory was renamed over."""
    STALE = auto()
    SAME_MTIME = auto()
    """Stale for ever: other content with the same mtime."""
    DELETED = auto()
    """Used while it is not on the disk."""
    DELETED_UNSEEN = auto()
    """Not on the disk, and since when is not known."""
    PRELOADED = auto()
    KEPT = auto()
    """Stale, and brought back by every reload: from the file cache."""
    KEPT_UNSEEN = auto()
    """Suspect: what the file cache holds of it is not known."""


class ScriptVerdict(NamedTuple):
    """*proven*: the content on disk now is what is compiled. *since*: when the change came. *until*: when a pending one ends (None: at the
    next request). *why*: a clause for the summary; where it is a *proof* that old code runs, its place is the evidence."""

    script: Script
    state: ScriptState
    window: Window
    proven: bool = False
    since: float | None = None
    until: float | None = None
    why: str = ""
    proof: bool = False
