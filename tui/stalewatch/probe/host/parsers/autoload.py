"""Composer's generated autoloader, and the classes that PHP files declare. Pure."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

import msgspec

from stalewatch.model import bounded_json
from stalewatch.probe.host.parsers.records import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_ENTRY = re.compile(r"\s*'((?:[^'\\]|\\.)+)' => __DIR__ \. '/\.\./\.\.' \. '/((?:[^'\\]|\\.)*)',\s*$")
_HASH = re.compile(r"[0-9a-f]{32}")
_NAMESPACE = re.compile(r"\s*'((?:[^'\\]|\\.)*)' => array\((.*)\),?\s*$")
_FOLDER = re.compile(r"\$baseDir \. '/?((?:[^'\\]|\\.)*)'")
_PREFIX = re.compile(r"setApcuPrefix\('((?:[^'\\]|\\.)*)'\)")
_ESCAPE = re.compile(r"\\([\\'])")
_DECLARED = re.compile(r"(.*?\.php):\s*(?:(namespace)|(?:(?:abstract|final|readonly)\s+)*(?:class|interface|trait|enum))\s+([\w\\]+)(.?)")


class Autoload(msgspec.Struct, frozen=True):
    """*classes*: path below the root, by class, of the application's own; *files*: paths loaded always. *namespaces*: folders below
    the root, by prefix. *cut*: the class map has more entries than were read. *apcu*: the prefix of the keys that APCu keeps the
    paths of other classes under (None: it keeps none)."""

    authoritative: bool = False
    namespaces: dict[str, tuple[str, ...]] = {}
    classes: dict[str, str] = {}
    cut: bool = False
    apcu: str | None = None
    files: tuple[str, ...] = ()


class AutoloadRules(msgspec.Struct, frozen=True):
    """What ``autoload`` in composer.json asks for: folders by prefix (``psr-4``), and folders or files in which every class is found
    (``classmap``), but for what matches one of *excluded* (expressions); *files* that are loaded always."""

    namespaces: dict[str, tuple[str, ...]] = {}
    classmap: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    def needs_entry(self, path: str, autoload: Autoload) -> bool:
        """Whether the class map of *autoload* must know *path*, that it has no entry for, or knows its class by another path."""
        if any(re.match(pattern, path) for pattern in self.excluded):
            return False
        named = self.class_of(path)
        return self.mapped_only(path) or (bool(named) and (autoload.authoritative or named in autoload.classes))

    def mapped_only(self, path: str) -> bool:
        """Whether *path* is only found through the class map."""
        return _in(path, self.classmap) and not any(_in(path, folders) for folders in self.namespaces.values())

    def class_of(self, path: str) -> str:
        """The class that *path* has to declare to be found by its name ("" none)."""
        found = [(len(folder), prefix, folder) for prefix, folders in self.namespaces.items() for folder in folders if _in(path, (folder,))]
        if not found:
            return ""
        _, prefix, folder = max(found)
        return prefix + path.removeprefix(f"{folder}/" if folder else "").removesuffix(".php").replace("/", "\\")

    def rank(self, name: str, path: str) -> tuple[int, int]:
        """How late PHP looks for class *name* in *path*: longer prefixes first, then folders as they are listed."""
        return min(
            (
                (-len(prefix), index)
                for prefix, folders in self.namespaces.items()
                if name.startswith(prefix)
                for index, folder in enumerate(folders)
                if _in(path, (folder,))
            ),
            default=(1, 0),
        )


def parse_autoload(loader: bytes, namespaces: bytes, classmap: bytes, limit: int) -> Autoload:
    """The sections of the verb ``autoload``; *limit*: the most lines of the class map that were asked for."""
    found: dict[str, tuple[str, ...]] = {}
    for line in text(namespaces).split("\n"):
        if (match := _NAMESPACE.match(line)) is not None:
            found[_plain(match[1])] = tuple(_folder(_plain(folder)) for folder in _FOLDER.findall(match[2]))
    lines = text(classmap).split("\n")
    entries = [match for match in map(_ENTRY.match, lines) if match is not None]
    files = tuple(_plain(match[2]) for match in entries if _HASH.fullmatch(match[1]))
    classes = {_plain(match[1]): _plain(match[2]) for match in entries if not _HASH.fullmatch(match[1])}
    prefix = _PREFIX.search(text(loader))
    cut, apcu = len(lines) >= limit, _plain(prefix[1]) if prefix is not None else None
    return Autoload("setClassMapAuthoritative" in text(loader), found, classes, cut, apcu, files)


def wanted_autoload(composer: bytes) -> AutoloadRules:
    """``autoload`` of composer.json; what cannot be read asks for nothing."""
    try:
        document = bounded_json.decode(composer) if composer.strip() else {}
    except msgspec.MsgspecError:
        return AutoloadRules()
    section = document.get("autoload") if isinstance(document, dict) else None
    section = section if isinstance(section, dict) else {}
    psr4 = section.get("psr-4")
    named = {prefix: _folders(folders) for prefix, folders in psr4.items()} if isinstance(psr4, dict) else {}
    patterns = section.get("exclude-from-classmap")
    excluded = tuple(_pattern(each) for each in patterns if isinstance(each, str)) if isinstance(patterns, list) else ()
    return AutoloadRules(named, _folders(section.get("classmap")), excluded, _folders(section.get("files")))


def lacking_folders(wanted: AutoloadRules, autoload: Autoload) -> tuple[str, ...]:
    """The prefixes of composer.json whose folders, in their order, the autoloader does not have; those in vendor are left out."""
    named = {prefix: tuple(each for each in folders if not _in(each, ("vendor",))) for prefix, folders in wanted.namespaces.items()}
    return tuple(
        prefix
        for prefix, folders in sorted(named.items())
        if tuple(folder for folder in autoload.namespaces.get(prefix, ()) if folder in folders) != folders
    )


def lacking_files(wanted: AutoloadRules, autoload: Autoload) -> tuple[str, ...]:
    """The files of composer.json that are to be loaded always and that the autoloader does not load; those in vendor are left out."""
    return () if autoload.cut else tuple(file for file in wanted.files if file not in autoload.files and not _in(file, ("vendor",)))


def declared_classes(payload: bytes) -> dict[str, tuple[str, ...]]:
    """Path -> the classes that it declares, by full name, from ``grep -H`` lines."""
    found: dict[str, list[str]] = {}
    namespaces: dict[str, str] = {}
    for line in text(payload).split("\n"):
        match = _DECLARED.match(line)
        if match is None:
            continue
        path, name = match[1], match[3].strip("\\")
        if match[2]:
            namespaces[path] = name
        else:
            found.setdefault(path, []).append(f"{namespaces[path]}\\{name}" if path in namespaces else name)
    return {path: tuple(names) for path, names in found.items()}


def unlike_lock(lock: bytes, installed: Mapping[str, Release], *, development: bool) -> tuple[str, ...] | None:
    """Packages of composer.lock that are not *installed* as it says: ``acme/a 1.0 (locked: 2.0)``. None when it cannot be read.
    *development*: those for development are installed too."""
    try:
        document = bounded_json.decode(lock, type=_Lock)
    except msgspec.MsgspecError:
        return None
    expected = [*document.packages, *(document.packages_dev if development else [])]
    return tuple(said for package in expected if (said := _unlike(package, installed.get(package.name))))


class _Reference(msgspec.Struct):
    reference: Any = None


class Release(msgspec.Struct):
    """One package in composer.lock or installed.json."""

    name: str = ""
    version: Any = None
    dist: _Reference | None = None
    source: _Reference | None = None

    @property
    def references(self) -> tuple[Any, Any]:
        """Of the archive, and of the repository."""
        return (self.dist and self.dist.reference, self.source and self.source.reference)


class _Lock(msgspec.Struct, rename={"packages_dev": "packages-dev"}):
    packages: list[Release] = []
    packages_dev: list[Release] = []


class _Installed(msgspec.Struct):
    packages: list[Release] = []
    dev: bool = False


def installed_releases(content: bytes) -> tuple[dict[str, Release], bool] | None:
    """By name, and whether those for development are among them; None when installed.json cannot be read."""
    try:
        if content.lstrip()[:1] == b"[":
            found = _Installed(bounded_json.decode(content, type=list[Release]))
        else:
            found = bounded_json.decode(content, type=_Installed)
    except msgspec.MsgspecError:
        return None
    return {package.name: package for package in found.packages}, found.dev


def _unlike(locked: Release, there: Release | None) -> str:
    if there is None:
        return f"{locked.name} (locked: {locked.version}, not installed)"
    if locked.version != there.version:
        return f"{locked.name} {there.version} (locked: {locked.version})"
    pairs = zip(locked.references, there.references, strict=True)
    both = [(one, other) for one, other in pairs if one and other]
    if both and all(one != other for one, other in both):
        return f"{locked.name} {there.version} at {str(both[0][1])[:12]} (locked: {str(both[0][0])[:12]})"
    return ""


def _folders(value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    return tuple(_folder(each) for each in values if isinstance(each, str))


def _folder(path: str) -> str:
    folder = posixpath.normpath(path.strip("/") or ".")
    return "" if folder == "." else folder


def _pattern(excluded: str) -> str:
    """An entry of ``exclude-from-classmap`` as an expression for the beginning of a path: ``**`` is anything, ``*`` one name."""
    parts = re.split(r"(\*+)", excluded.strip("/"))
    return "".join({"**": ".+?", "*": "[^/]+?"}.get(part, re.escape(part)) for part in parts) + r"(/|\Z)"


def _in(path: str, folders: Iterable[str]) -> bool:
    return any(not folder or path == folder or path.startswith(f"{folder}/") for folder in folders)


def _plain(exported: str) -> str:
    return _ESCAPE.sub(r"\1", exported)
