"""The configuration as TOML, and beside each value the file that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tomlkit

from stalewatch.config.merge import Told
from stalewatch.model.redaction import redacted
from stalewatch.model.text import safe

if TYPE_CHECKING:
    from tomlkit.container import Container
    from tomlkit.items import Table

    from stalewatch.config.merge import Tree


def render(tree: Tree) -> str:
    """A file that ``--config`` takes. What looks like a secret is ``***``."""
    document = tomlkit.document()
    _fill(document, tree)
    return tomlkit.dumps(document)


def _fill(table: Container | Table, tree: Tree) -> None:
    for key, node in tree.items():  # in TOML all values of a table come before the tables in it
        if isinstance(node, Told):
            item = tomlkit.item(_shown(node.value))
            item.comment(safe(node.file) or "default")
            table.add(key, item)
    for key, node in tree.items():
        if isinstance(node, dict):
            table.add(key, _table(node))
        elif isinstance(node, list) and node:
            rows = tomlkit.aot()
            for row in node:
                rows.append(_table(row))
            table.add(key, rows)


def _table(tree: Tree) -> Table:
    table = tomlkit.table()
    _fill(table, tree)
    return table


def _shown(value: Any) -> Any:
    if isinstance(value, list):
        return [_shown(one) for one in value]
    if not isinstance(value, str):
        return value
    hidden = redacted(value)
    return value if hidden == safe(value) else hidden
