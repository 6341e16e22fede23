"""Servers that are not in a stalewatch.toml yet, added to its text. What is in it stays, byte for byte. Pure."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import msgspec
import tomlkit
from tomlkit.items import AoT, Table

from stalewatch.config.merge import file_of, rows_of, value_of
from stalewatch.model.errors import UsageError
from stalewatch.model.text import safe
from stalewatch.transport.targets import parse_target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalewatch.config.merge import Tree
    from stalewatch.model.inventory import AppEntry, Server

HEAD = """\
# stalewatch.toml: the servers that a plain `stalewatch` watches.
#
# Applications, their pools, and the unit to reload are found at each look: the lines that are commented out say what was
# found. Uncomment a [[server.app]] to watch only that one, or to name another pool or unit. A [[server]] may also have:
#   group = "shop"         a heading; the servers of a group are compared with each other
#   production = true      a plan that acts on it wants the application's name typed
#   read_only = true       nothing can be changed on it
# What holds, with all defaults: stalewatch config show. Every key: stalewatch config schema.
"""


class Addition(msgspec.Struct, frozen=True, kw_only=True):
    """A server to write down. *about*: one line above it; *found*: its applications as they were found, written as comments."""

    server: Server
    about: str
    found: tuple[AppEntry, ...] = ()


def told_already(tree: Tree, server: Server) -> str:
    """The file of *tree* that has *server* ("" none): one of its name, or one at the same host and port, as whoever."""
    at = parse_target(server.target)
    for row in rows_of(tree, "server"):
        other = parse_target(value_of(row, "target"))
        if value_of(row, "name") == server.name or (other.host, other.port) == (at.host, at.port):
            return file_of(row, "target")
    return ""


def added(text: str, additions: Sequence[Addition], file: str) -> str:
    """*text* of *file* ("" there is none) and *additions* after it. Raises UsageError where nothing can be added after it."""
    text = text or HEAD
    whole = "\n".join((text if text.endswith("\n") else f"{text}\n", *(_block(addition) for addition in additions)))
    try:
        tomllib.loads(whole)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(
            f"{file}: its servers are written as server = [...]", grant="write each as [[server]], so that more can be added"
        ) from error
    return whole


def _block(addition: Addition) -> str:
    server = addition.server
    table = _values({"target": server.target, "name": server.name, "group": server.group, "production": server.production})
    if server.apps:
        table.add("app", _rows([_app(app) for app in server.apps]))
    document = tomlkit.document()
    document.add("server", _rows([table]))
    found = [_commented(app) for app in addition.found if app.path not in {named.path for named in server.apps}]
    return "".join((f"# {safe(addition.about)}\n", tomlkit.dumps(document), *found))


def _rows(tables: Sequence[Table]) -> AoT:
    rows = tomlkit.aot()
    for table in tables:
        rows.append(table)
    return rows


def _commented(app: AppEntry) -> str:
    document = tomlkit.document()
    document.add("server", tomlkit.table(is_super_table=True).add("app", _rows([_app(app)])))
    return "".join(f"# {line}\n" for line in tomlkit.dumps(document).splitlines() if line)


def _app(app: AppEntry) -> Table:
    return _values({"path": app.path, "name": app.name, "socket": app.socket, "reload": app.reload})


def _values(values: dict[str, str | bool]) -> Table:
    """What says nothing is left out."""
    table = tomlkit.table()
    for key, value in values.items():
        if value:
            table.add(key, value)
    return table
