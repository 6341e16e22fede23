"""On which other files the sources of Laravel's caches depend, by their code. Pure: the answers of ``refers`` in, paths out.

A file that a source reads or loads is a source itself, wherever it lies. A class that it uses may be one.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

import msgspec

from stalewatch.model.layers import CACHED_FILES, Layer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stalewatch.probe.host.parsers.autoload import AutoloadRules

_READS = re.compile(
    r"""\b(?P<word>\w+)[\s(]+(?P<base>__DIR__|dirname\(\s*__DIR__\s*(?:,\s*(?P<up>\d))?\s*\)|[\w>$-]*path\()"""
    r"""[^'";]*(?P<quote>['"])(?P<path>[^'"]*)(?P=quote)""",
    re.IGNORECASE,
)
_USE = re.compile(r"^\s*use\s+([A-Z][\w\\]*)(?:\s+as\s+(\w+))?;")
_CALLED = re.compile(
    r"""\b(?P<word>shell_exec|exec|passthru|system|popen|proc_open|file_get_contents|file|fopen|readfile|parse_ini_file|glob|scandir|opendir"""
    r"""|gethostname|gethostbyname|php_uname|curl_exec|date|time|now|uniqid|random_bytes|random_int|rand|mt_rand)"""
    r"""\s*\((\s*(?P<git>['"]git ))?"""
)
_AT_EVERY_REQUEST = frozenset({"date", "time", "now", "uniqid", "random_bytes", "random_int", "rand", "mt_rand"})
_NOT_CACHED = frozenset({"routes/console.php", "routes/channels.php"})
_GIT = ".git/logs/HEAD"
"""Moves with every commit, checkout and pull."""
_USED = re.compile(r"(?:new\s+(?P<made>[\w\\]+)|(?P<asked>[\w\\]+)::(?!class\b)\w+)")
_SETTING = re.compile(r"""\b(?:config|Config::get)\s*\(\s*['"](?P<file>[\w-]+)|\b(?P<env>env|Env::get)\s*\(\s*['"]\w""")
_COMPILES = re.compile(
    r"\bBlade::(?:directive|if|include|aliasInclude|components?|aliasComponent|componentNamespace|anonymousComponent\w+|extend|precompiler"
    r"|prepareStringsForCompilationUsing|setEchoFormat|withDoubleEncoding|withoutDoubleEncoding|withoutComponentTags)\b"
)
_ENV = ".env"
_FOLDERS = {
    "base": "",
    "app": "app",
    "config": "config",
    "resource": "resources",
    "database": "database",
    "public": "public",
    "lang": "lang",
}
_ADDS = {"loadroutesfrom": Layer.ROUTES, "group": Layer.ROUTES, "mergeconfigfrom": Layer.CONFIG}


class References(msgspec.Struct, frozen=True):
    """*named*: by layer, the files (relative to the root) that its sources read or load; *used*: those of the classes that they use,
    of the routes those of the settings that they ask for, and of the views the providers that tell Blade how to compile;
    *moved*: which of Laravel's cached files the code of the application keeps at a place of its own. *calls*: what the configuration asks
    when it is cached, and no time of a file tells of: functions, by path; *route_calls*: what the routes ask, but for the clock and
    chance: a handler asks them at every request."""

    named: dict[str, frozenset[str]] = {}
    used: dict[str, frozenset[str]] = {}
    moved: frozenset[str] = frozenset()
    calls: dict[str, tuple[str, ...]] = {}
    route_calls: dict[str, tuple[str, ...]] = {}


def is_asked(path: str, config: str) -> bool:
    """Whether the source at *path* can say which others belong to the configuration (whose sources are in *config*) or to the routes."""
    return path.endswith(".php") and (_layer(path, config) is not None or path.endswith("Provider.php") or _starts(path))


def references(texts: Mapping[str, str], config: str, rules: AutoloadRules) -> References:
    """*texts*: what the sources say, by path; those that another one names among them. *rules*: where classes are found."""
    named: dict[str, set[str]] = {}
    used: dict[str, set[str]] = {}
    belongs = {path: layer for path in texts if (layer := _layer(path, config)) is not None}
    left = list(texts)
    while left:
        path = left.pop()
        for word, other in _read(path, texts[path]):
            layer = _ADDS.get(word, belongs.get(path))
            if layer is None or other in named.get(layer, ()):
                continue
            named.setdefault(layer, set()).add(other)
            if other in texts and other not in belongs:
                belongs[other] = layer
                left.append(other)
    for path, layer in belongs.items():
        used.setdefault(layer, set()).update(_classes(texts[path], rules))
    calls = {path: words for path, layer in belongs.items() if layer is Layer.CONFIG and (words := _calls(texts[path]))}
    for path, layer in belongs.items():
        if layer is Layer.ROUTES and path not in _NOT_CACHED:
            used[layer].update(_settings(texts[path], config))
    if tellers := {path for path in texts if path.endswith("Provider.php") and _COMPILES.search(texts[path])}:
        used[Layer.VIEWS] = tellers
    for path in calls:
        if any(match["git"] for match in _called(texts[path])):
            used.setdefault(Layer.CONFIG, set()).add(_GIT)
    of_routes = {path: _calls(texts[path]) for path, layer in belongs.items() if layer is Layer.ROUTES and path not in _NOT_CACHED}
    kept = {path: tuple(word for word in words if word not in _AT_EVERY_REQUEST) for path, words in of_routes.items()}
    moved = {name for path, text in texts.items() if _starts(path) for name in _moved(text)}
    return References(_frozen(named), _frozen(used), frozenset(moved), calls, {path: words for path, words in kept.items() if words})


def _calls(text: str) -> tuple[str, ...]:
    return tuple(sorted({match["word"] for match in _called(text)}))


def _called(text: str) -> Iterator[re.Match[str]]:
    """Calls that are not the one which reads a file of a known name."""
    for line in text.split("\n"):
        reads = _READS.match(line)
        yield from _CALLED.finditer(line, reads.end("word") if reads is not None else 0)


def _starts(path: str) -> bool:
    """Whether the application begins with *path*, or is made of the class in it."""
    return path in ("public/index.php", "index.php") or path.startswith("bootstrap/") or path.endswith("Application.php")


def _moved(text: str) -> Iterator[str]:
    for name, file in CACHED_FILES.items():
        if (file.variable and file.variable in text) or f"getCached{name.capitalize()}Path" in text or "useBootstrapPath" in text:
            yield name


def _layer(path: str, config: str) -> Layer | None:
    if config and path.startswith(f"{config}/"):
        return Layer.CONFIG
    return Layer.ROUTES if path.startswith("routes/") or path.endswith("/RouteServiceProvider.php") else None


def _read(source: str, text: str) -> Iterator[tuple[str, str]]:
    """The word before, in small letters, and the path, of every file that *source* reads or loads."""
    for match in _READS.finditer(text):
        base = match["base"].lower()
        if base.startswith(("__dir__", "dirname")):
            up = 0 if base.startswith("__dir__") else int(match["up"] or 1)
            folder = posixpath.dirname(source) + "/.." * up
        else:
            place = re.split(r"[>$-]", base)[-1].removesuffix("path(").removesuffix("_") or ("base" if "base" in base else "app")
            if place not in _FOLDERS:
                continue
            folder = _FOLDERS[place]
        path = posixpath.normpath(f"{folder}/{match['path']}".lstrip("/"))
        if match["path"].strip("/") and "*" not in path and "/.env" not in f"/{path}":
            yield match["word"].lower().removesuffix("_once"), path


def _settings(text: str, config: str) -> Iterator[str]:
    """The files that hold the values which the routes ask for when they are cached."""
    for match in _SETTING.finditer(text):
        yield _ENV
        if match["file"] and config:
            yield f"{config}/{match['file']}.php"


def _classes(text: str, rules: AutoloadRules) -> Iterator[str]:
    """The files in which *rules* look for the classes that the source uses for more than their name."""
    imported = {}
    names: set[str] = set()
    for line in text.split("\n"):
        if (use := _USE.match(line)) is not None:
            imported[use[2] or use[1].rpartition("\\")[2]] = use[1]
            continue
        names.update(match["made"] or match["asked"] for match in _USED.finditer(line))
    for name in names:
        first, rest = name.lstrip("\\").partition("\\")[::2]
        full = f"{imported[first]}\\{rest}".rstrip("\\") if first in imported and not name.startswith("\\") else name.lstrip("\\")
        for prefix, folders in rules.namespaces.items():
            if prefix and full.startswith(prefix):
                below = full[len(prefix) :].replace("\\", "/")
                yield from (posixpath.normpath(f"{folder}/{below}.php") for folder in folders)


def _frozen(found: Mapping[str, set[str]]) -> dict[str, frozenset[str]]:
    return {layer: frozenset(paths) for layer, paths in found.items()}
