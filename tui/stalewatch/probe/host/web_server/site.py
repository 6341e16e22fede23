"""What every parser of a web server's configuration makes of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import msgspec

from stalewatch.probe.host.parsers.fpm_config import listen_address

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_DEPTH = 12
"""Includes within includes; a file that includes itself ends there too."""

Kind = Literal["nginx", "apache", "caddy"]


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """One place that runs PHP: *root* its directory of scripts ("" not a plain path), *passes_to* every address that requests can go to
    (socket paths, ``host:port``), *undecided* why that cannot be told. *variables*: names and values that PHP is passed."""

    server: Kind
    root: str
    names: tuple[str, ...] = ()
    passes_to: tuple[str, ...] = ()
    undecided: str = ""
    runs_php: bool = False
    file: str = ""
    variables: tuple[tuple[str, str], ...] = ()


class Files(msgspec.Struct, frozen=True):
    """The statements of each file by its path, and the files that each pattern of an include matched; *denied*: those of them that this
    login may not read, or the pattern itself if it may not look there."""

    main: str
    texts: Mapping[str, str]
    matches: Mapping[str, tuple[str, ...]]
    denied: Mapping[str, tuple[str, ...]] = {}


class Statement(msgspec.Struct, frozen=True):
    """*words* of one statement; *mark* is ``;``, ``{`` or ``}``; *file* it stands in."""

    words: tuple[str, ...]
    mark: str
    file: str


def statements(files: Files, path: str, pattern_of: Callable[[str], str], depth: int = 0) -> list[Statement]:
    """Every statement of the file at *path*, each include replaced by what it brings in, in order; ``unread PATH`` for what may not be
    read."""
    found: list[Statement] = []
    for line in files.texts.get(path, "").split("\n"):
        *words, mark = line.split("\t")
        if mark not in (";", "{", "}"):
            continue
        if mark == ";" and words[:1] == ["include"] and len(words) == 2:
            pattern = pattern_of(words[1])
            if depth < MAX_DEPTH:
                for each in files.matches.get(pattern, ()):
                    found += statements(files, each, pattern_of, depth + 1)
            found += [Statement(("unread", each), ";", path) for each in files.denied.get(pattern, ())]
            continue
        found.append(Statement(tuple(words), mark, path))
    return found


def unreadable(path: str) -> str:
    """Why it is undecided where *path* could decide it; "" there is no such file."""
    return f"this login may not read {path}" if path else ""


def address(value: str) -> str:
    """``unix:/run/a.sock`` or ``host:port`` as a pool's ``listen`` would be written; "" for anything else."""
    plain = value.removeprefix("unix:") if value.startswith(("unix:/", "/")) else ""
    if plain:
        plain = plain.rstrip(":")
        return f"/run/{plain.removeprefix('/var/run/')}" if plain.startswith("/var/run/") else plain
    if not re.fullmatch(r"[\w.\[\]:-]+:\d{1,5}", value):
        return ""
    return listen_address(f"127.0.0.1:{value.rpartition(':')[2]}" if value.rpartition(":")[0] == "localhost" else value)
