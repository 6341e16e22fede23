"""Composer's part of one application: what it generated is read when it changed, and new sources where its class map may be old."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from stalewatch.model.memo import Memo
from stalewatch.model.snapshot import ComposerFacts, MovedClass
from stalewatch.model.text import safe
from stalewatch.probe.host.parsers.autoload import (
    Autoload,
    AutoloadRules,
    declared_classes,
    installed_releases,
    lacking_files,
    lacking_folders,
    parse_autoload,
    unlike_lock,
    wanted_autoload,
)
from stalewatch.probe.host.parsers.checksums import parse_sums
from stalewatch.probe.host.parsers.records import relative

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stalewatch.model.text import SafeText
    from stalewatch.probe.host.file_contents import FileContents
    from stalewatch.probe.host.parsers.framing import Block
    from stalewatch.probe.host.parsers.records import FileRecord

LOCK, INSTALLED, COMPOSER = "composer.lock", "vendor/composer/installed.json", "composer.json"
LOADER = "vendor/composer/autoload_static.php"
GENERATED = (LOADER, "vendor/composer/autoload_real.php", "vendor/composer/autoload_psr4.php")
MAX_CLASSES = 20_000
"""Entries of the application itself in a class map that are read."""
MAX_READ = 200
"""New files that are looked into for the classes that they declare."""


class ComposerProbe:
    """Kept for the application at *root*, whose texts are in *contents*."""

    def __init__(self, root: str, contents: FileContents) -> None:
        self._root = root
        self._contents = contents
        self._generated: tuple[FileRecord | None, ...] = ()
        self._autoload: Autoload | None = None
        self._namespaced = False
        self._foreign = False
        self._unlike: Memo[tuple[SafeText, ...] | None] = Memo()
        self._wanted: Memo[AutoloadRules] = Memo()
        self._moved: Memo[tuple[MovedClass, ...]] = Memo()
        self._newer: Memo[list[FileRecord]] = Memo()
        self._sources: dict[str, FileRecord] = {}
        self._mapped: dict[str, FileRecord] = {}
        self._unread = 0
        self._declared: dict[str, tuple[str, ...]] = {}
        self._sums: dict[str, tuple[int, int]] = {}
        self._keys: dict[str, FileRecord] = {}
        self._held: tuple[MovedClass, ...] | None = None
        self._told: dict[str, FileRecord] = {}
        self._unasked = 0
        self._cut = False

    def requests(self, files: Mapping[str, FileRecord]) -> list[tuple[str, ...]]:
        """Read the generated autoloader, if it has changed."""
        generated = tuple(files.get(f"{self._root}/{name}") for name in GENERATED)
        if generated == self._generated:
            return []
        self._generated, self._autoload, self._foreign = generated, None, False
        return [("autoload", self._root, str(MAX_CLASSES))]

    def source_requests(self, walk: Mapping[str, FileRecord], *, cut: bool = False) -> list[tuple[str, ...]]:
        """Look into the new files of *walk* that the class map has no entry for, if they have changed. *cut*: those are not all files."""
        self._cut = cut
        newer = self._newer.get(lambda: self._lacking(walk), (walk, self._autoload, self._asked_for()))
        self._unread = max(0, len(newer) - MAX_READ)
        chosen = {record.path: record for record in sorted(newer, key=lambda record: -record.newest)[:MAX_READ]}
        if chosen == self._sources:
            return []
        self._sources, self._declared, self._sums = chosen, {}, {}
        return [("declares", *chosen)] if chosen else []

    def other_requests(self, walk: Mapping[str, FileRecord]) -> list[tuple[str, ...]]:
        """Look into the files that the class map names for the classes in those, if they have changed."""
        paths = {self._loaded_from(name) for path in self._sources for name in self._declared.get(path, ())}
        mapped = {path: walk[path] for path in sorted(paths) if path in walk}
        if mapped == self._mapped:
            return []
        self._mapped = mapped
        return [("declares", *mapped)] if mapped else []

    def take(self, block: Block) -> None:
        """The answer to one of these requests."""
        self._foreign = self._foreign or block.first("foreign") is not None
        loader, namespaces, classmap = (block.first(name) for name in ("loader", "namespaces", "classmap"))
        if loader is not None and classmap is not None:
            self._namespaced = namespaces is not None
            self._autoload = parse_autoload(loader.payload, namespaces.payload if namespaces else b"", classmap.payload, MAX_CLASSES)
        if (declares := block.first("declares")) is not None:
            self._declared = {**self._declared, **declared_classes(declares.payload)}
        if (contents := block.first("contents")) is not None:
            self._sums = {**self._sums, **parse_sums(contents.payload)}

    def apcu_keys(self, walk: Mapping[str, FileRecord], since: float) -> tuple[str, ...]:
        """The keys under which APCu can hold an old path: those of classes in files that came after *since*, when it was empty."""
        autoload, self._keys, self._unasked = self._autoload, {}, 0
        if autoload is None or not _asks_apcu(autoload):
            return ()
        rules = AutoloadRules(namespaces=autoload.namespaces)
        newer = sorted((record for record in walk.values() if record.newest > since), key=lambda record: -record.newest)
        for record in newer:
            name = rules.class_of(record.path.removeprefix(f"{self._root}/")) if record.path.endswith(".php") else ""
            if not name or name in autoload.classes:
                continue
            if len(self._keys) < MAX_READ:
                self._keys[f"{autoload.apcu}{name}"] = record
            else:
                self._unasked += 1
        self._held = self._held if self._keys else ()
        return tuple(self._keys)

    def take_apcu(self, values: Mapping[str, str | None] | None, walk: Mapping[str, FileRecord]) -> None:
        """What APCu holds under those keys (None: it could not be asked; what it said of the same files before holds)."""
        autoload = self._autoload
        if values is None or autoload is None or autoload.apcu is None:
            self._held = self._held if self._keys == self._told else None
            return
        self._told = dict(self._keys)
        rules, held = AutoloadRules(namespaces=autoload.namespaces), []
        for key, record in self._keys.items():
            name, short = key.removeprefix(autoload.apcu), record.path.removeprefix(f"{self._root}/")
            mapped = posixpath.normpath(values.get(key) or "/")
            if key not in values or mapped.startswith(f"{self._root}/vendor/"):
                continue
            first = rules.rank(name, short) < rules.rank(name, mapped.removeprefix(f"{self._root}/"))
            if mapped != record.path and (mapped not in walk or first):
                path = relative(mapped, self._root) if values[key] else safe("")
                held.append(MovedClass(name=safe(name, 200), file=record.stat(self._root), mapped=path))
        self._held = tuple(held)

    def facts(self) -> ComposerFacts:
        """What is known now."""
        autoload, wanted = self._autoload, self._asked_for()
        loader = self._generated[0] if self._generated else None
        return ComposerFacts(
            loader=loader.stat(self._root) if loader is not None and not self._foreign else None,
            authoritative=autoload is not None and autoload.authoritative,
            unlike_lock=self._unlike_lock(),
            folders=_unlike(wanted, autoload)
            if autoload is not None and self._namespaced and not self._contents.denied(f"{self._root}/{COMPOSER}")
            else None,
            moved=self._moved_classes(wanted) if autoload is not None and not autoload.cut else None,
            unread=max(self._unread, self._unasked),
            held=() if autoload is not None and not _asks_apcu(autoload) else self._held,
            cut=self._cut,
        )

    def _asked_for(self) -> AutoloadRules:
        content = self._contents.get(f"{self._root}/{COMPOSER}") or b""
        return self._wanted.get(lambda: wanted_autoload(content), (content,))

    def _unlike_lock(self) -> tuple[SafeText, ...] | None:
        lock, installed = (self._contents.get(f"{self._root}/{name}") for name in (LOCK, INSTALLED))
        if lock is None or installed is None:
            return None

        def compared() -> tuple[SafeText, ...] | None:
            there = installed_releases(installed)
            unlike = unlike_lock(lock, there[0], development=there[1]) if there is not None else None
            return tuple(safe(each, 200) for each in unlike) if unlike is not None else None

        return self._unlike.get(compared, (lock, installed))

    def _lacking(self, walk: Mapping[str, FileRecord]) -> list[FileRecord]:
        """Files that came after the autoloader, and that its class map has no entry for where one could be needed."""
        autoload, loader = self._autoload, self._generated[0] if self._generated else None
        if autoload is None or loader is None or autoload.cut:
            return []
        wanted, mapped = self._asked_for(), set(autoload.classes.values())
        found = []
        for path, record in walk.items():
            name = path.removeprefix(f"{self._root}/")
            if record.newest > loader.mtime and name.endswith(".php") and not name.startswith("vendor/") and name not in mapped:
                found += [record] if wanted.needs_entry(name, autoload) else []
        return found

    def _loaded_from(self, name: str) -> str:
        """The file that the class map loads class *name* from ("" it has no entry)."""
        path = self._autoload.classes.get(name, "") if self._autoload is not None else ""
        return f"{self._root}/{path}" if path else ""

    def _moved_classes(self, wanted: AutoloadRules) -> tuple[MovedClass, ...]:
        def moved() -> tuple[MovedClass, ...]:
            found = []
            for path, record in self._sources.items():
                for name in self._declared.get(path, ()):
                    if self._is_old(name, path, wanted):
                        mapped = relative(self._loaded_from(name), self._root)
                        found.append(MovedClass(name=safe(name, 200), file=record.stat(self._root), mapped=mapped))
            return tuple(sorted(found, key=lambda each: -each.file.mtime))

        return self._moved.get(moved, (self._autoload, self._sources, self._mapped, self._declared, self._sums), wanted)

    def _is_old(self, name: str, path: str, wanted: AutoloadRules) -> bool:
        """Whether a class map that is made now would have class *name* from *path*."""
        autoload, short, mapped = self._autoload, path.removeprefix(f"{self._root}/"), self._loaded_from(name)
        by_name = wanted.class_of(short)
        only_mapped = wanted.mapped_only(short)
        if autoload is None or not (only_mapped or by_name == name):
            return False  # Composer takes no class from a file of another name
        if not mapped:
            return autoload.authoritative or only_mapped
        if mapped not in self._mapped or name not in self._declared.get(mapped, ()):
            return True
        if self._sums.get(path) == self._sums.get(mapped) or self._sources[path].newest < self._mapped[mapped].newest:
            return False  # a copy, or the older one of two
        return only_mapped or wanted.rank(name, short) < wanted.rank(name, mapped.removeprefix(f"{self._root}/"))


def _asks_apcu(autoload: Autoload) -> bool:
    """Whether this autoloader keeps in APCu where it found classes."""
    return autoload.apcu is not None and not autoload.authoritative


def _unlike(wanted: AutoloadRules, autoload: Autoload) -> tuple[SafeText, ...]:
    prefixes = [prefix or "(no namespace)" for prefix in lacking_folders(wanted, autoload)]
    return tuple(safe(name, 200) for name in (*prefixes, *lacking_files(wanted, autoload)))
