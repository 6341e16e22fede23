"""What several files say together: tables key by key, where the nearer file wins. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NAMED_BY = {"server": "name", "app": "path", "log": "path"}
"""The lists of tables, and the key by which a table of one file is the same as that of another."""


class Told(NamedTuple):
    """A value, and the file that says so ("": a default)."""

    value: Any
    file: str


Tree: TypeAlias = "dict[str, Told | Tree | list[Tree]]"
"""Tables as in TOML, with a :class:`Told` in the place of each value."""


def told(tables: Mapping[str, Any], file: str) -> Tree:
    """All of *tables*, said by *file*."""
    return {key: _told(key, value, file) for key, value in tables.items()}


def _told(key: str, value: Any, file: str) -> Told | Tree | list[Tree]:
    if isinstance(value, dict):
        return told(value, file)
    if isinstance(value, list) and key in NAMED_BY and all(isinstance(row, dict) for row in value):
        return [told(row, file) for row in value]
    return Told(value, file)


def merged(far: Tree, near: Tree) -> Tree:
    """*near* over *far*."""
    both = dict(far)
    for key, value in near.items():
        below = both.get(key)
        if isinstance(value, dict) and isinstance(below, dict):
            both[key] = merged(below, value)
        elif isinstance(value, list) and isinstance(below, list):
            both[key] = _rows(below, value, NAMED_BY[key])
        else:
            both[key] = value
    return both


def _rows(far: Sequence[Tree], near: Sequence[Tree], named_by: str) -> list[Tree]:
    rows = {_name(row, named_by): row for row in far}
    for row in near:
        name = _name(row, named_by)
        rows[name] = merged(rows[name], row) if name in rows else row
    return list(rows.values())


def _name(row: Tree, named_by: str) -> str:
    return str(value_of(row, named_by)).rstrip("/")


def value_of(tree: Tree, key: str) -> Any:
    """The value of *key*; None where there is none."""
    node = tree.get(key)
    return node.value if isinstance(node, Told) else None


def file_of(tree: Tree, key: str) -> str:
    """The file that says what *key* is ("" none)."""
    node = tree.get(key)
    return node.file if isinstance(node, Told) else ""


def rows_of(tree: Tree, key: str) -> list[Tree]:
    """The tables of a list of tables."""
    node = tree.get(key, [])
    return node if isinstance(node, list) else []


def plain(tree: Tree) -> dict[str, Any]:
    """The values without who said them."""
    return {key: _plain(node) for key, node in tree.items()}


def _plain(node: Told | Tree | list[Tree]) -> Any:
    if isinstance(node, Told):
        return node.value
    return plain(node) if isinstance(node, dict) else [plain(row) for row in node]
