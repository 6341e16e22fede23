"""Which source files each of Laravel's caches is made from. Pure: a grouping of the walk's records.

Direct inputs prove a cache old; indirect ones (other service providers) make it suspect at most. Paths, not contents, decide.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from functools import partial
from stat import S_ISLNK
from typing import TYPE_CHECKING

from stalewatch.model.disk import MAX_INPUTS
from stalewatch.model.layers import FILE_CACHED, LAYERS, Layer
from stalewatch.model.replace import replace
from stalewatch.model.snapshot import Inputs
from stalewatch.model.text import SafeText
from stalewatch.probe.host.parsers.laravel_skeleton import Skeleton

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from stalewatch.probe.host.parsers.records import FileRecord

MAX_WALK = 20_000
_CODE = ("app/", "bootstrap/", "config/", "routes/", "vendor/", "src/", "packages/", "modules/", "Modules/", "lang/", "database/")
_PROVIDER = re.compile(r"(^|/)[A-Za-z0-9_]*ServiceProvider\.php$|^app/Providers/")
_PACKAGE = re.compile(r"^vendor/[^/]+/[^/]+/(src/)?(config/[^/]+|routes/[^/]+|routes)\.php$")
"""What a package may add to the cached configuration and routes."""
_MODULE_CONFIG = re.compile(r"^(app|src|packages|modules|Modules|vendor)/(.*/)?[cC]onfig/[^/]+\.php$")
_MODULE_ROUTES = re.compile(r"^(?!tests/)(.*/)?([rR]outes/.*\.php|routes\.php)$")
_OWN_PROVIDERS = frozenset({"RouteServiceProvider.php", "EventServiceProvider.php"})
_ENV = re.compile(r"^\.env(\.[\w-]+)?$")
_LINK = "/./"
"""Before the path of a source in that of a record which is the link itself: the source has the record of what it leads to."""
_USUAL = Skeleton()
_COPIED = ("app", "src", "packages", "modules", "Modules")
_BEHIND = {
    "config": ("config", "code"),
    "routes": ("routes", "code"),
    "bootstrap": ("config", "code"),
    **dict.fromkeys(_COPIED, ("events", "code")),
    **dict.fromkeys(("lang", "database", "vendor"), ("code",)),
}
"""Folders that may be links, and the layers whose sources lie behind them: where those could not be seen, the layer has none. Of one of
``_COPIED`` copies are made long before the link is switched to one: when a file of a copy came says nothing to a cache."""


def group(
    records: Iterable[FileRecord],
    root: str,
    *,
    cut: bool = False,
    skeleton: Skeleton = _USUAL,
    env: str = "",
    content: Callable[[FileRecord], SafeText] = lambda _record: SafeText(""),
) -> dict[str, Inputs]:
    """The inputs of each layer that is made from files, and ``code``, newest first: of a kind those :data:`MAX_INPUTS` that changed
    last and those that were written last.

    *cut*: *records* are not all that there are.
    *env*: the pool's ``APP_ENV``. Laravel reads ``.env``, or ``.env.$APP_ENV`` if that is set and exists; others may lie there (as
    templates, for other machines) and are only used if there is no ``.env``.
    *skeleton*: where the application keeps its sources. If its configuration folder is not known, ``config`` has no inputs.
    *content*: the check sum of a source. A link to a source or a folder of sources is one itself, by its ctime; the one to a source has
    the place of what it leads to for a sum.
    """
    records = list(records)
    unused = _unused_env({record.path.removeprefix(root + "/") for record in records}, env)
    direct: dict[str, list[FileRecord]] = {layer: [] for layer in _DIRECT}
    indirect: dict[str, list[FileRecord]] = {layer: [] for layer in _DIRECT}
    links = [record for record in records if S_ISLNK(record.mode)]
    copies = tuple(f"{link.path}/" for link in links if link.path.removeprefix(root + "/") in _COPIED)
    for record in records:
        path = record.path.removeprefix(root + "/")
        if path in unused:
            continue
        written = replace(record, ctime=record.mtime) if copies and record.path.startswith(copies) else record
        for layer in _DIRECT:
            if _DIRECT[layer](path, skeleton) or path in skeleton.named.get(layer, ()):
                direct[layer].append(record if layer == "code" else written)
            elif _INDIRECT.get(layer, _never)(path) or path in (used := skeleton.used.get(layer, ())) or (_is_env(path) and ".env" in used):
                indirect[layer].append(written)
    unseen = set() if skeleton.config else {"config"}
    for link in links:
        layers = _BEHIND.get(link.path.removeprefix(root + "/"), ())
        if not any(record.path.startswith(f"{link.path}/") for record in records):
            unseen.update(layers)
        for layer in layers if f"{link.path}/" not in copies else ("code",):
            # When it was made proves nothing of the files behind it: only that it leads elsewhere, perhaps, since its ctime.
            direct[layer].append(replace(link, mtime=0.0))
    leads_to: dict[str, FileRecord] = {}
    targets = {record.path: record for record in records}
    for link in (record for record in records if S_ISLNK(record.mode) and _LINK in record.path):
        path = link.path.removeprefix(f"{root}{_LINK}")
        if (target := targets.get(f"{root}/{path}")) is not None:
            leads_to[link.path] = target
        for layer in _of_link(path, skeleton) if path not in unused else ():
            direct[layer].append(replace(link, mtime=0.0, size=0))

    def told(record: FileRecord) -> SafeText:
        target = leads_to.get(record.path)
        return content(record) if target is None else SafeText(f"{target.dev}:{target.inode}")

    return {
        layer: _inputs([], [], root, cut, told) if layer in unseen else _inputs(direct[layer], indirect[layer], root, cut, told)
        for layer in _DIRECT
    }


def _of_link(path: str, skeleton: Skeleton) -> list[str]:
    """The layers of which the link at *path* is a source itself: one to a folder of code is no more than that."""
    if not path.endswith(".php") and _code(f"{path}/a.php", skeleton):
        return ["code"]
    return [layer for layer in _DIRECT if _DIRECT[layer](path, skeleton)]


def _unused_env(paths: set[str], env: str) -> set[str]:
    named = f".env.{env}" if env else ""
    used = named if named in paths else ".env"
    return {path for path in paths if _ENV.match(path) and path != used} if used in paths else set()


def layer_files(inputs: dict[str, Inputs], root: str) -> tuple[str, ...]:
    """The absolute paths of the direct inputs of config and routes: few, so that every tick can check them."""
    return tuple(
        f"{root}/{stat.path}"
        for layer in ("config", "routes")
        for stat in inputs[layer].direct
        if layer in inputs and stat.path[:1] != "/" and stat.path[:2] != "./"
    )


def _inputs(
    direct: list[FileRecord], indirect: list[FileRecord], root: str, cut: bool, content: Callable[[FileRecord], SafeText]
) -> Inputs:
    return Inputs(
        direct=tuple(record.stat(root, content(record)) for record in _newest(direct)),
        indirect=tuple(record.stat(root) for record in _newest(indirect)),
        truncated=cut or len(direct) > MAX_INPUTS or len(indirect) > MAX_INPUTS,
        cut=cut,
    )


def _newest(records: list[FileRecord]) -> list[FileRecord]:
    """Those that changed last, and those that were written last: an mtime that lies ahead takes nobody's place."""
    if len(records) > MAX_INPUTS:
        changed = sorted(records, key=lambda record: record.ctime, reverse=True)[:MAX_INPUTS]
        written = sorted(records, key=lambda record: min(record.mtime, record.ctime), reverse=True)[:MAX_INPUTS]
        records = list({record.path: record for record in (*changed, *written)}.values())
    return sorted(records, key=lambda record: record.newest, reverse=True)


def _never(_path: str) -> bool:
    return False


def _config(path: str, skeleton: Skeleton) -> bool:
    return (path.startswith(f"{skeleton.config}/") and path.endswith(".php")) or _is_env(path) or path == "bootstrap/providers.php"


def _routes(path: str, skeleton: Skeleton) -> bool:
    own = path.startswith("routes/") and path.endswith(".php")
    return own or path in skeleton.routes or path.endswith("/RouteServiceProvider.php")


def _events(path: str, skeleton: Skeleton) -> bool:
    if path.endswith("/EventServiceProvider.php"):
        return True
    return path.endswith(".php") and any(_below(path, folder) for folder in skeleton.listeners)


def _below(path: str, pattern: str) -> bool:
    """Whether *path* is in a folder that *pattern* (as PHP's glob has it) names, however deep."""
    names = pattern.split("/")
    parts = path.split("/")
    return len(parts) > len(names) and all(map(fnmatchcase, parts, names))


def _packages(path: str, _skeleton: Skeleton) -> bool:
    return path in ("vendor/composer/installed.json", "composer.json")


def _views(path: str, _skeleton: Skeleton) -> bool:
    return path.endswith(".blade.php")


def _code(path: str, skeleton: Skeleton) -> bool:
    """What a long-running worker loaded when it started: PHP files and the environment. Of packages those that are links are walked."""
    own = (_PACKAGE.search(path) is None and path.startswith((*_CODE, *skeleton.code))) or (
        bool(skeleton.config) and path.startswith(f"{skeleton.config}/")
    )
    return (path.endswith(".php") and not path.endswith(".blade.php") and own) or _is_env(path)


def _listed(patterns: tuple[str, ...], path: str, _skeleton: Skeleton) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in patterns)


def _is_env(path: str) -> bool:
    return _ENV.match(path) is not None


def _provider(path: str) -> bool:
    """Service providers that may feed any cache; those of routes and events feed only their own."""
    return _PROVIDER.search(path) is not None and path.rpartition("/")[2] not in _OWN_PROVIDERS


_DIRECT: dict[str, Callable[[str, Skeleton], bool]] = {
    **{spec.layer: partial(_listed, spec.sources) for spec in LAYERS if spec.sources},
    Layer.CONFIG: _config,
    Layer.ROUTES: _routes,
    Layer.EVENTS: _events,
    Layer.PACKAGES: _packages,
    Layer.VIEWS: _views,
    "code": _code,
}


def _feeds(path: str) -> bool:
    return _provider(path) or path == "bootstrap/app.php"


_INDIRECT: dict[str, Callable[[str], bool]] = dict.fromkeys(FILE_CACHED, _feeds) | {
    Layer.CONFIG: lambda path: _feeds(path) or _MODULE_CONFIG.search(path) is not None,
    Layer.ROUTES: lambda path: _feeds(path) or _MODULE_ROUTES.search(path) is not None,
}
