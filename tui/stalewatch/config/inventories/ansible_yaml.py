"""An Ansible inventory in YAML -> groups. Pure."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from stalewatch.config.inventories.listed import MOST, expanded
from stalewatch.config.inventories.yaml_files import read_yaml, readable
from stalewatch.model import figures
from stalewatch.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalewatch.config.inventories.ansible_groups import Groups


def read_inventory(text: str, groups: Groups) -> Iterator[str]:
    """Add to *groups* what *text* says; yields a line for each thing that can't be read. Raises ValueError where it is no YAML."""
    tables = read_yaml(text)
    if not isinstance(tables, dict):
        if tables is not None:
            yield "holds no groups"
        return
    if "plugin" in tables:
        yield f"is for the plugin {tables['plugin']}, which is not run"
        return
    waiting = deque((str(name), group, "") for name, group in tables.items())
    for _ in range(MOST):  # by its aliases YAML can hold more groups than there are atoms
        if not waiting:
            return
        name, group, below = waiting.popleft()
        if group is None or isinstance(group, dict):
            yield from _group(name, group or {}, below, groups, waiting)
        else:
            yield f"{name} is no group"
    yield f"names more than {figures.whole(MOST)} groups"


def _group(name: str, group: dict[str, Any], below: str, groups: Groups, waiting: deque[tuple[str, Any, str]]) -> Iterator[str]:
    """One group; those below it are added to *waiting*."""
    parts = {key: {} if value is None else value for key, value in group.items()}
    for key, value in parts.items():
        if key not in ("hosts", "vars", "children"):
            yield f"{name}: {key} is neither hosts, vars nor children"
        elif not isinstance(value, dict):
            yield f"{name}: its {key} are no mapping"
            parts[key] = {}
    groups.group(name, below=below if below != "all" else "", variables=readable(parts.get("vars", {})))
    for pattern, variables in parts.get("hosts", {}).items():
        try:
            for host in expanded(str(pattern)):
                groups.host(host, name, readable(variables) if isinstance(variables, dict) else {})
        except UsageError as error:
            yield f"{name}: {error}"
    waiting.extend((str(child), inner, name) for child, inner in parts.get("children", {}).items())
