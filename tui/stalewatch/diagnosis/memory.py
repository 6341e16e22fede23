"""What is remembered of one app on one server between looks: a value that goes through :func:`stalewatch.diagnosis.diagnose.diagnose`.

Bounded and serialisable (msgspec), so that it can also be kept between runs. An empty ``Memory()`` is always a valid one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from stalewatch.model.replace import replace
from stalewatch.model.snapshot import CompiledView, FileStat, QueueWorker, Script

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_SCRIPTS = 20_000
MAX_INPUTS = 5_000
MAX_SAMPLES = 40
MAX_RATES = 32
MAX_UNCACHED = 2_000
MAX_ROOTS = 10


class Seen(msgspec.Struct, frozen=True, array_like=True):
    """One cached script at earlier looks, since its last compile.

    *at*, *hits*: the last look. *timestamp*: T then. *mtime*, *size*, *inode*, *digest*: the content on disk when this compile was first
    seen (*mtime* None: it was gone). *proven*: that content is what was compiled. *after*, *before*: the compile happened between them.
    *ran_deleted*: it was used while it was not on the disk. *dev*, *ctime*: more of that content (None: not seen). *displaced*: the
    last look before another file was found in its place. *memory*: bytes that it took; *wasted*: bytes of the whole cache that belonged to
    what had been invalidated, at that look (None: not remembered).
    """

    at: float
    hits: int
    timestamp: int | None
    mtime: float | None
    size: int
    inode: int
    digest: str
    proven: bool
    after: float
    before: float
    ran_deleted: bool = False
    dev: int | None = None
    ctime: float | None = None
    displaced: float | None = None
    memory: int = 0
    wasted: int | None = None


class Baseline(msgspec.Struct, frozen=True, array_like=True):
    """The inputs of a layer when it was last fresh: *stamp* is the mtime of the cache made from them (workers: 0). *truncated*: there were
    more, so a source that is not among them may not be new."""

    stamp: float
    at: float
    inputs: tuple[FileStat, ...]
    truncated: bool = False


class Sample(msgspec.Struct, frozen=True, array_like=True):
    """OPcache's counters at one look."""

    at: float
    hits: int
    misses: int
    own: int


class Awaited(msgspec.Struct, frozen=True, array_like=True):
    """A *worker* that our runbook told to end at *at* (server's clock): another one must take its place."""

    at: float
    worker: QueueWorker


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """Everything remembered. *since*: S, since when the cache holds what *scripts* tells; another S voids them.

    *scripts_at*: when the full list was last taken in; *whole_at*: the same where nothing was left out of it, so that what *scripts* does
    not hold was not cached then. *samples*: the window of the hit rate, oldest first; *rates*: its history.
    *uncached*: scripts that were not in the cache at that time (we
    invalidated them, or a look said so): what is cached of them later was compiled later. *root*, *root_since*: the release on disk,
    and since when we see it. *rendered*: compiled views with the newer mtime of their source that was rendered and made no difference.
    *roots*: those that it was before, latest first. *passed*: a script that the web server passed through the
    app's link. *served_by*: address of the pool in which requests of this app were last seen.
    *displaced*: scripts in whose places the last full list found other files. *entered*: when the app's link was switched, if a script of
    the current release was used since. *same_tree*: the pool saw the same tree as the login when both were last asked. *awaited*: workers
    that must come back, kept in a file of its own because a runbook and a dashboard may run side by side. *asked*: when our own smoke
    request was made last, and *asks*, how many there were: they tell nothing of what visitors are served.
    """

    version: int = 1
    at: float = 0.0
    since: int = 0
    scripts: dict[str, Seen] = {}
    scripts_at: float | None = None
    whole_at: float | None = None
    baselines: dict[str, Baseline] = {}
    views: tuple[CompiledView, ...] = ()
    rendered: dict[str, float] = {}
    samples: tuple[Sample, ...] = ()
    rates: tuple[float, ...] = ()
    uncached: dict[str, float] = {}
    pending_since: float | None = None
    oom_restarts: int = 0
    hash_restarts: int = 0
    max_children_reached: int | None = None
    pool_started: float = 0.0
    root: str = ""
    served_by: str = ""
    root_since: float | None = None
    roots: tuple[str, ...] = ()
    displaced: tuple[Script, ...] = ()
    passed: str = ""
    entered: float = 0.0
    same_tree: bool = False
    awaited: tuple[Awaited, ...] = ()
    asked: float = 0.0
    asks: int = 0


def earlier_roots(memory: Memory, root: str) -> tuple[str, ...]:
    """What the app's link led to before *root*, latest first."""
    if memory.root in ("", root):
        return memory.roots
    return tuple(dict.fromkeys((memory.root, *(each for each in memory.roots if each != root))))[:MAX_ROOTS]


def asked_by_us(memory: Memory, at: float) -> Memory:
    """*memory* knowing that we made a request of the app at *at* (server's clock)."""
    return replace(memory, asked=at, asks=memory.asks + 1)


def invalidated_by_us(memory: Memory, paths: Iterable[str], at: float) -> Memory:
    """*memory* knowing that *paths* were invalidated at *at* (server's clock): whatever is cached of them was compiled later."""
    known = {**memory.uncached, **dict.fromkeys(paths, at)}
    if len(known) > MAX_UNCACHED:
        known = dict(sorted(known.items(), key=lambda item: item[1])[-MAX_UNCACHED:])
    return replace(memory, uncached=known)
