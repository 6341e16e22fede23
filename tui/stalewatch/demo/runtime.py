"""What ``runtime.php`` would answer from inside the stand-in pool. The format is described in :mod:`stalewatch.probe`."""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stalewatch.demo import disk
from stalewatch.demo.fpm import POOL, Fpm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stalewatch.demo.opcache import DemoOpcache, Entry

USER = "www-data"


def answer(fpm: Fpm, verb: str, body: bytes, now: float, pid: int) -> tuple[dict[str, str], bytes]:
    """Headers and body for one request of the probe; *pid* of the worker that takes it."""
    options = _object(body)
    cache = fpm.opcache
    cache.restart_if_due(now)
    acted: dict[str, Any] = {}
    if verb == "invalidate":
        paths = [str(path) for path in options.get("paths", [])]
        acted = {"results": [[path, cache.invalidate(path), cache.is_cached(path)] for path in paths]}
    if verb == "compile":
        acted = {"results": [[str(path), False, cache.is_cached(str(path))] for path in options.get("paths", [])]}
    if verb in ("keep", "settle", "tidy"):
        acted = {"artefacts": [[str(path), ""] for path in options.get("files", [])]}
    if verb == "remake":
        acted = {"remade": [[], 0, ""]}
    if verb == "parse":
        acted = {"parsed": {"count": len(options.get("paths", [])), "trouble": [], "paths": [], "folders": [], "why": ""}}
    reply = {
        "stalewatch": 1, "verb": verb, "sapi": "fpm-fcgi", "php": fpm.version, "now": now,
        "uid": os.getuid(), "user": USER, "ms": 0.4, "realpath_cache_ttl": 120,
        "opcache": _facts(cache), "status": status(fpm, now), **acted,
    }  # fmt: skip
    if verb in ("compare", "scripts"):
        reply |= {"replaced": [str(path) for path in fpm.replaced]} | _compare(cache, options, everything=verb == "scripts")
    if "configuration" in options:
        # Its pool sets no variables, so no cached configuration holds another value of one.
        reply["environment"] = [[str(path), [], []] for path, _ in options["configuration"].get("caches", [])]
    if "places" in options:
        reply["places"] = [place for path in options["places"] if (place := _place(cache, str(path))) is not None]
    text = json.dumps(reply, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json"}
    if len(text) > 4096:
        deflate = zlib.compressobj(4, zlib.DEFLATED, -15)
        return headers | {"X-Stalewatch": "deflate"}, deflate.compress(text) + deflate.flush()
    return headers, text


def status(fpm: Fpm, now: float) -> dict[str, Any]:
    """What ``fpm_get_status()`` returns."""
    procs = [
        {
            "pid": worker.pid, "state": worker.state, "start-time": int(worker.started), "start-since": int(now - worker.started),
            "requests": worker.requests, "request-duration": 21_400, "request-method": worker.method, "request-uri": worker.uri,
            "query-string": "", "request-length": 0, "user": "-", "script": worker.script, "last-request-cpu": 0.0,
            "last-request-memory": 2_097_152,
        }
        for worker in fpm.workers
    ]  # fmt: skip
    active = sum(worker.state != "Idle" for worker in fpm.workers)
    return {
        "pool": POOL, "process-manager": "static", "start-time": int(fpm.started), "start-since": int(now - fpm.started),
        "accepted-conn": fpm.accepted, "listen-queue": 0, "max-listen-queue": 0, "listen-queue-len": 511,
        "idle-processes": len(procs) - active, "active-processes": active, "total-processes": len(procs), "max-active-processes": 3,
        "max-children-reached": 0, "slow-requests": 0, "procs": procs,
    }  # fmt: skip


def _place(cache: DemoOpcache, path: str) -> list[str | int] | None:
    try:
        found = Path(cache.see(path)).stat()
    except OSError:
        return None
    return [path, found.st_dev, found.st_ino, int(found.st_mtime), int(found.st_ctime), found.st_size]


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _facts(cache: DemoOpcache) -> dict[str, Any]:
    settings = cache.settings
    entries = len(cache.entries) if cache.enabled else 0
    used = cache.used_memory
    return {
        "error": "" if settings.enabled else "disabled", "enabled": cache.enabled, "restart_pending": cache.restart_pending,
        "restart_in_progress": False, "cache_full": False, "start_time": int(cache.started), "last_restart_time": int(cache.last_restart),
        "hits": cache.hits, "misses": cache.misses, "manual_restarts": cache.manual_restarts, "oom_restarts": 0, "hash_restarts": 0,
        "cached_scripts": entries, "cached_keys": entries * 9 // 5, "max_cached_keys": 16229, "used_memory": used,
        "free_memory": max(0, 134_217_728 - used - cache.wasted), "wasted_memory": cache.wasted,
        "validate_timestamps": settings.validate_timestamps, "revalidate_freq": settings.revalidate_freq, "revalidate_path": False,
        "file_update_protection": settings.file_update_protection, "file_cache": "", "file_cache_only": False, "preload": "",
        "enable_file_override": False, "force_restart_timeout": 180,
    }  # fmt: skip


def _compare(cache: DemoOpcache, options: Mapping[str, Any], *, everything: bool) -> dict[str, Any]:
    entries = cache.entries if cache.enabled else {}
    limit, digest = int(options.get("limit", 2000)), bool(options.get("digest"))
    rows, changed, entry_points = [], [], []
    for path, entry in entries.items():
        found = disk.stat(cache.see(path))
        suspicious = _suspicious(cache, entry, found)
        front = path.endswith("/index.php")
        if not (everything or suspicious or front):
            continue
        row = _row(cache, path, entry, found, digest=digest and (suspicious or "/vendor/" not in path))
        if front:
            entry_points.append(row)
        if everything:
            rows.append(row)
        if suspicious:
            changed.append(row)
    links, through = _linked(cache, options)
    result: dict[str, Any] = {
        "compare": {
            "total": len(entries), "changed_total": len(changed), "truncated": len(changed) > limit, "changed": changed[:limit],
            "entry_points": entry_points[:100], "links": links, "through": through,
        }
    }  # fmt: skip
    return result | {"scripts": rows, "scripts_truncated": False} if everything else result


def _linked(cache: DemoOpcache, options: Mapping[str, Any]) -> tuple[list[Any], list[Any]]:
    """Every link that is asked for, and what was compiled through one that has been switched since: what lies beside its target."""
    links, through = [], []
    for root, name, compiled in options.get("links", []):
        link = Path(f"{root}/{name}")
        if not link.is_symlink():
            continue
        target, switched = str(link.resolve()), int(link.lstat().st_mtime)
        links.append([f"{root}/{name}", target, switched])
        beside = target.rpartition("/")[0]
        for path, entry in cache.entries.items() if compiled and switched >= cache.started else ():
            if path.startswith(f"{beside}/") and not path.startswith(f"{target}/"):
                old = "/".join(path.split("/")[: beside.count("/") + 2])
                keyed = not cache.settings.validate_timestamps
                through.append([f"{root}/{name}", old, keyed, _row(cache, path, entry, disk.stat(path), digest=True)])
    return links, through


def _suspicious(cache: DemoOpcache, entry: Entry, found: disk.Stat | None) -> bool:
    if found is None:
        return True
    since = int(max(cache.started, cache.last_restart))
    if not cache.settings.validate_timestamps or not entry.timestamp:
        return (cache.settings.validate_timestamps and not entry.timestamp) or max(found.mtime, found.ctime) >= since
    return found.mtime != entry.timestamp or (found.ctime >= since and found.ctime > found.mtime + 1)


def _row(cache: DemoOpcache, path: str, entry: Entry, found: disk.Stat | None, *, digest: bool) -> list[Any]:
    validates = cache.settings.validate_timestamps
    return [
        path,
        entry.timestamp if validates else None,
        int(entry.last_used),
        entry.hits,
        entry.memory,
        int(entry.revalidate) if validates else None,
        found.mtime if found else None,
        found.ctime if found else None,
        found.size if found else 0,
        found.inode if found else 0,
        entry.cached,
        hashlib.md5(disk.read(cache.see(path)), usedforsecurity=False).hexdigest() if digest and found else "",
        None,
    ]
