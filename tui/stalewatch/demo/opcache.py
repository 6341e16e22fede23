"""A stand-in for one OPcache: what is compiled when, what is served, what a reset, an invalidation and a restart do.

Each behaviour is one that was measured on PHP 8.2 to 8.5. No clock here: whoever serves says what time it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stalewatch.demo import disk

if TYPE_CHECKING:
    from collections.abc import Callable

FORCE_RESTART_TIMEOUT = 180
MEMORY = 128 * 1024 * 1024
_BASE_MEMORY = 9_438_208


@dataclass(frozen=True, slots=True)
class Settings:
    """The pool's ``opcache.*``."""

    enabled: bool = True
    validate_timestamps: bool = True
    revalidate_freq: int = 2
    file_update_protection: int = 2


@dataclass(slots=True)
class Entry:
    """One cached script. *timestamp* is the mtime at compile time, 0 once invalidated; *code* what was compiled."""

    timestamp: int
    code: bytes
    revalidate: float
    last_used: float
    hits: int = 0
    cached: bool = True

    @property
    def memory(self) -> int:
        return 2_000 + 11 * len(self.code)


@dataclass(slots=True)
class DemoOpcache:
    """Shared by all workers of one master; a new one begins with every start and reload of FPM. *started* in epoch seconds. *see*: where
    on the disk what FPM sees as a path lies."""

    settings: Settings
    started: float
    see: Callable[[str], str] = disk.itself
    hits: int = 0
    misses: int = 0
    manual_restarts: int = 0
    last_restart: float = 0
    wasted: int = 0
    holders: int = 0
    """Requests in flight: a reset waits for them."""
    entries: dict[str, Entry] = field(default_factory=dict)
    _reset_asked: float | None = None

    @property
    def restart_pending(self) -> bool:
        return self._reset_asked is not None

    @property
    def enabled(self) -> bool:
        """As ``opcache_enabled`` says it: false also while a reset is pending."""
        return self.settings.enabled and not self.restart_pending

    @property
    def used_memory(self) -> int:
        return _BASE_MEMORY + sum(entry.memory for entry in self.entries.values())

    def serve(self, path: str, now: float, times: int = 1) -> bytes | None:
        """The code that *times* requests for *path* run (None: no such file)."""
        self.restart_if_due(now)
        if not self.enabled:
            return disk.read(self.see(path)) if disk.stat(self.see(path)) else None
        entry = self.entries.get(path)
        if entry is not None and entry.cached:
            if self._holds(path, entry, now):
                entry.hits += times
                entry.last_used = now
                self.hits += times
                return entry.code
            self._drop(entry)
        return self._compile(path, now, times)

    def invalidate(self, path: str) -> bool:
        """``opcache_invalidate($path, true)``. The entry stays listed until it is compiled again."""
        entry = self.entries.get(path)
        if entry is None or not self.settings.enabled:
            return self.settings.enabled and disk.stat(self.see(path)) is not None
        if entry.cached:
            self._drop(entry)
        return True

    def is_cached(self, path: str) -> bool:
        """``opcache_is_script_cached``."""
        entry = self.entries.get(path)
        return self.enabled and entry is not None and entry.cached

    def reset(self, now: float) -> bool:
        """``opcache_reset``: only asks for it. False while one is pending already."""
        if not self.enabled:
            return False
        self._reset_asked = now
        return True

    def restart_if_due(self, now: float) -> None:
        """What happens at the start of a request: a pending reset is done once nobody holds the cache (or at the timeout)."""
        if self._reset_asked is None:
            return
        if self.holders and now < self._reset_asked + FORCE_RESTART_TIMEOUT:
            return
        self._reset_asked = None
        self.entries.clear()
        self.hits = self.misses = self.wasted = 0
        self.manual_restarts += 1
        self.last_restart = now

    def _holds(self, path: str, entry: Entry, now: float) -> bool:
        """Whether the entry may be run. With validate_timestamps=0 always; else the mtime must be the very same one, asked at most every
        revalidate_freq seconds."""
        if not self.settings.validate_timestamps or now < entry.revalidate:
            return True
        found = disk.stat(self.see(path))
        if found is None or found.mtime != entry.timestamp:
            return False
        entry.revalidate = now + self.settings.revalidate_freq
        return True

    def _drop(self, entry: Entry) -> None:
        entry.cached = False
        entry.timestamp = 0
        self.wasted += entry.memory

    def _compile(self, path: str, now: float, times: int) -> bytes | None:
        found = disk.stat(self.see(path))
        if found is None:
            return None
        code = disk.read(self.see(path))
        protection = self.settings.file_update_protection
        if protection and found.mtime > now - protection:  # too young (or from the future): run, but not kept
            self.misses += times
            return code
        self.misses += 1
        self.hits += times - 1
        self.entries[path] = Entry(found.mtime, code, now + self.settings.revalidate_freq, now, hits=times - 1)
        return code
