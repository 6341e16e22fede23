"""Compiled Blade views and the sources that their trailers name. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stalewatch.model.snapshot import CompiledView
from stalewatch.model.text import SafeText
from stalewatch.probe.host.parsers.records import parse_files, text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stalewatch.probe.host.parsers.records import FileRecord

_TRAILER = re.compile(r"^(.*?\.php):/\*\*PATH (.*) ENDPATH\*\*/$")
_COMPILED = re.compile(r"'compiled' => '(/[^'\\]+)'")


def compiled_folder(keys: str) -> str:
    """``view.compiled`` of a cached configuration, by the lines that hold a ``compiled`` ("" it names none, or not only one)."""
    named = set(_COMPILED.findall(keys))
    return named.pop().rstrip("/") if len(named) == 1 else ""


def parse_trailers(payload: bytes) -> dict[str, str]:
    """Compiled path -> source path, from ``grep -H -o`` lines."""
    matches = (_TRAILER.match(line) for line in text(payload).split("\n"))
    return {match[1].replace("//", "/"): match[2] for match in matches if match}


def pair_views(
    compiled: bytes,
    trailers: Mapping[str, str],
    sources: Mapping[str, FileRecord],
    root: str,
    writable: Callable[[FileRecord], bool | None] = lambda _record: None,
    content: Callable[[FileRecord], SafeText] = lambda _record: SafeText(""),
) -> tuple[CompiledView, ...]:
    """Every compiled view with its source's stat, by name. *sources*: what is known of files by path. *writable*: by the pool's user.
    *content*: the check sum of a source."""
    views = []
    for path, record in sorted(parse_files(compiled).items()):
        source = sources.get(trailers.get(path, ""))
        stat = source.stat(root, content(source)) if source else None
        views.append(CompiledView(compiled=record.stat(root), source=stat, writable=writable(record)))
    return tuple(views)
