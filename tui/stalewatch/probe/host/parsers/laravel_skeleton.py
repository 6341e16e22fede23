"""Where one Laravel application keeps its sources, as far as its version and its own bootstrap say. Pure: text in, paths out.

In Laravel 11 and later ``bootstrap/app.php`` says how events are discovered; in any version it may move the configuration folder.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Collection

LISTENERS = ("app/Listeners",)
_CONFIG_NAMES = frozenset(
    f"{name}.php"
    for name in (
        *("app", "auth", "broadcasting", "cache", "cors", "database", "filesystems", "hashing", "horizon", "logging", "mail", "octane"),
        *("queue", "sanctum", "services", "session", "view"),
    )
)
_NO_CONFIG = ("vendor/", "tests/", "lang/", "resources/", "database/", "app/", "routes/", "public/", "storage/", "packages/")
_DISCOVERS = re.compile(r"function\s+shouldDiscoverEvents\s*\([^)]*\)[^{]*\{(?!\s*return\s+false\b)", re.IGNORECASE)
_WITHIN = re.compile(r"function\s+discoverEventsWithin\s*\([^)]*\)[^{]*\{(.*?)\}", re.IGNORECASE | re.DOTALL)
_BUILDS = re.compile(r"::\s*configure\s*\(")
_EVENTS = re.compile(r"withEvents\s*\(\s*(?:discover\s*:\s*)?(false\b|\[[^\]]*\])?", re.IGNORECASE)
_MOVED = re.compile(r"useConfigPath\s*\(([^;]*)", re.IGNORECASE)
_PATH = re.compile(r"""(?:(__DIR__)\s*\.|(?:(app|base)_?path|->path|->basePath)\s*\()\s*(['"])(.*?)\3""", re.IGNORECASE)
_SOURCE = re.compile(r"""__DIR__\s*\.\s*(['"])(/\.\./(?!vendor/)[^'"]+\.php)\1""")


class Skeleton(msgspec.Struct, frozen=True):
    """Paths relative to the root. *config*: the configuration folder ("" not known). *listeners*: patterns of folders in which events
    are discovered (none: listeners are named in a provider). *routes*: files of routes outside ``routes/``. *named*: by layer, the files
    that its sources read or load, wherever they are. *used*: the same of the classes that they use. *code*: more folders of code.
    *moved*: the cached files that the application's code keeps at a place of its own."""

    config: str = "config"
    listeners: tuple[str, ...] = LISTENERS
    routes: tuple[str, ...] = ()
    named: dict[str, frozenset[str]] = {}
    used: dict[str, frozenset[str]] = {}
    code: tuple[str, ...] = ()
    moved: frozenset[str] = frozenset()


def skeleton(version: str, bootstrap: str, provider: str, paths: Collection[str]) -> Skeleton:
    """*version* ("" not known), the ``hints`` of ``bootstrap/app.php``, the source of EventServiceProvider, and every source's path."""
    more = [_in_bootstrap(match[2]) for match in _SOURCE.finditer(bootstrap)]
    routes = tuple(path for path in more if not path.startswith(("routes/", "bootstrap/", "config/", "../")))
    return Skeleton(config_folder(version, bootstrap, paths), listeners(version, bootstrap, provider), routes)


def listeners(version: str, bootstrap: str, provider: str) -> tuple[str, ...]:
    """The folders that events are discovered in. Where ``Application::configure`` builds the application (11 and later) they are,
    unless it says otherwise; else (also after an upgrade that kept the old skeleton) if EventServiceProvider says so. If nothing is known,
    events are taken as discovered."""
    major = version.partition(".")[0]
    recent = not major.isdecimal() or int(major[:4]) >= 11
    if recent and (not bootstrap or _BUILDS.search(bootstrap)):
        found = _EVENTS.search(bootstrap)
        if found is not None and (found[1] or "").lower() == "false":
            return ()
        return _folders(found[1] or "" if found is not None else "", in_bootstrap=True) or LISTENERS
    if not _DISCOVERS.search(provider):
        return ()
    within = _WITHIN.search(provider)
    return _folders(within[1] if within is not None else "", in_bootstrap=False) or LISTENERS


def config_folder(version: str, bootstrap: str, paths: Collection[str]) -> str:
    """The configuration folder: the one that bootstrap names; ``config``; else the one with at least two files that have Laravel's names.
    Laravel 11 and later needs none."""
    moved = _MOVED.search(bootstrap)
    if moved is not None:
        return next(iter(_folders(moved[1], in_bootstrap=True)), "")
    if any(path.startswith("config/") for path in paths):
        return "config"
    found: dict[str, int] = {}
    for path in paths:
        folder, _, name = path.rpartition("/")
        if folder and name in _CONFIG_NAMES and not path.startswith(_NO_CONFIG):
            found[folder] = found.get(folder, 0) + 1
    best = max(found, key=lambda folder: (found[folder], folder), default="")
    if best and found[best] > 1:
        return best
    major = version.partition(".")[0]
    return "config" if major.isdecimal() and int(major[:4]) >= 11 and "onfigPath" not in bootstrap else ""


def _folders(code: str, *, in_bootstrap: bool) -> tuple[str, ...]:
    """The folders that an expression names by ``__DIR__.'…'``, ``app_path('…')``, ``base_path('…')`` and their methods."""
    found = []
    for match in _PATH.finditer(code):
        text = match[0].lower()
        if match[1]:
            path = _in_bootstrap(match[4]) if in_bootstrap else posixpath.normpath(f"app/Providers/{match[4].lstrip('/')}")
        elif text.startswith(("app", "->path")):
            path = posixpath.normpath(f"app/{match[4]}")
        else:
            path = posixpath.normpath(match[4].lstrip("/"))
        if not path.startswith("../"):
            found.append(path.rstrip("/"))
    return tuple(found)


def _in_bootstrap(path: str) -> str:
    return posixpath.normpath(f"bootstrap/{path.lstrip('/')}")
