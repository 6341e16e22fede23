"""Builds the parts of :class:`HostFacts` from what was read. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model.layers import CACHED_FILES, Layer
from stalewatch.model.snapshot import AppLayout, CacheFile, DeployUnderWay, FpmFacts, PackageFacts, ReleaseFacts, ViewFacts
from stalewatch.model.text import safe
from stalewatch.probe.host.app_files import OLD_ROUTES, AppFiles
from stalewatch.probe.host.parsers import deploy_logs
from stalewatch.probe.host.parsers.composer import cached_manifest, changed_packages, installed_manifest

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from stalewatch.model.snapshot import CompiledView, LockHolder, Unseen
    from stalewatch.model.text import SafeText
    from stalewatch.probe.host.discovery import AppLocation
    from stalewatch.probe.host.file_contents import FileContents
    from stalewatch.probe.host.host_probe import TickFacts
    from stalewatch.probe.host.parsers.records import FileRecord


def layout_of(location: AppLocation, files: Mapping[str, FileRecord], version: str, there: bool) -> AppLayout:
    """What kind of root this is."""
    maintenance = any(f"{location.root}/storage/framework/{name}" in files for name in ("down", "maintenance.php"))
    return AppLayout(kind=location.kind, exists=bool(location.root) and there, laravel=safe(version, 40), maintenance=maintenance)


def lock_of(tick: TickFacts, path: str, roots: tuple[int, ...]) -> LockHolder | None:
    """Who locks the application's root at *path*; else who locks a directory that is no app's root (*roots*: inodes): the FPM master's,
    which all apps share."""
    record = tick.files.get(path)
    for lock in tick.locks:
        if (record is not None and lock.inode == record.inode) or lock.inode not in roots:
            return lock.holder
    return None


def release_of(
    location: AppLocation, files: AppFiles, contents: FileContents, stats: Mapping[str, FileRecord], dirty: int | None
) -> ReleaseFacts:
    """The release on the disk."""
    commit = deploy_logs.parse_head(contents.text(files.at(".git/HEAD")))
    reflog = contents.parsed(files.at(".git/logs/HEAD"), deploy_logs.parse_reflog)
    if not commit and reflog:
        commit = reflog[0].commit
    revision = contents.text(files.at("REVISION")).strip()
    if not commit and deploy_logs.is_revision(revision):
        commit = revision
    under_way = next((_under_way(stats[path], word) for path, word in files.signs.items() if path in stats), None)
    return ReleaseFacts(
        root=safe(location.root or location.path),
        link=safe(location.path) if location.root and location.path != location.root else safe(""),
        commit=safe(commit, 64),
        dirty=dirty,
        under_way=under_way,
    )


def cache_files(
    files: AppFiles, stats: Mapping[str, FileRecord], complete: Mapping[str, bool], fpm: FpmFacts | Unseen, moved: Collection[str]
) -> tuple[CacheFile, ...]:
    """The cached files; the old name of the route cache (Laravel 7 and before) where only that is there. *moved*: those that the
    application's code keeps at a place of its own; where the pool names the place too, it is known."""
    found = []
    for name, path in files.caches.items():
        old = files.at(OLD_ROUTES)
        used = old if name == Layer.ROUTES and path not in stats and old in stats else path
        record = stats.get(used)
        stat = record.stat(files.root) if record else None
        shown = safe(used.removeprefix(files.root + "/"))
        closed = record is not None and _may(record, fpm, 0o4) is False
        whole, elsewhere = complete.get(used) if record else None, name in moved and path == files.at(CACHED_FILES[name].path)
        found.append(CacheFile(name=name, path=shown, stat=stat, complete=whole, closed=closed, elsewhere=elsewhere))
    return tuple(found)


def view_facts(
    views: tuple[CompiledView, ...], directory: FileRecord | None, fpm: FpmFacts | Unseen, keys: str, *, truncated: bool
) -> ViewFacts:
    """The compiled views, whether the pool's user may write them (*directory*), and what the cached config says of them (*keys*)."""
    check = None
    if "'check_cache_timestamps' => " in keys:
        check = "'check_cache_timestamps' => false" not in keys
    writable = writable_by(directory, fpm) if directory is not None else None
    return ViewFacts(views=views, check_timestamps=check, writable=writable, truncated=truncated)


def writable_by(record: FileRecord, fpm: FpmFacts | Unseen) -> bool | None:
    """Whether the pool's user may write there, by owner, group and mode (None: not known)."""
    return _may(record, fpm, 0o2)


def _may(record: FileRecord, fpm: FpmFacts | Unseen, bit: int) -> bool | None:
    """Whether the pool's user may do there what the *bit* of a mode permits others (None: not known)."""
    if not isinstance(fpm, FpmFacts) or fpm.pool is None or not fpm.pool.user:
        return None
    user, group = fpm.pool.user, fpm.pool.group or fpm.pool.user
    if user == "root":
        return True
    if record.owner == user:
        return bool(record.mode & bit << 6)
    if record.group == group:
        return bool(record.mode & bit << 3)
    if record.mode & bit:
        return True
    # Supplementary groups are not known: where another group may, the pool's user may be in it.
    return None if record.mode & bit << 3 else False


def packages_of(cached: bytes | None, installed: bytes | None, composer: bytes) -> PackageFacts:
    """The cached manifest against the one that *installed* and *composer* would give (None: no such file, or not read)."""
    there = cached_manifest(cached.decode("utf-8", "replace")) if cached is not None else None
    wanted = installed_manifest(installed, composer) if installed is not None else None
    changed = changed_packages(there, wanted) if there is not None and wanted is not None else None
    return PackageFacts(
        cached=_names(there),
        installed=_names(wanted),
        changed=tuple(safe(f"{name} ({', '.join(keys)})", 200) for name, keys in changed.items()) if changed is not None else None,
    )


def _names(manifest: Mapping[str, object] | None) -> tuple[SafeText, ...] | None:
    return tuple(sorted(safe(name, 200) for name in manifest)) if manifest is not None else None


def disk_of(payload: bytes) -> tuple[int, int] | None:
    """(free, total) bytes from the last line of ``df -Pk``."""
    fields = payload.split()
    numbers = [int(field) for field in fields[1:4] if field.isdigit() and len(field) < 16]
    return (numbers[2] * 1024, numbers[0] * 1024) if len(numbers) == 3 else None


def _under_way(record: FileRecord, word: str) -> DeployUnderWay:
    return DeployUnderWay(sign=safe(word), since=record.mtime, who=safe(record.owner, 64))
