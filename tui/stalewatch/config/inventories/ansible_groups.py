"""What the files of an Ansible inventory say of hosts and groups, and which variables a host has in the end. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

IMPLIED = ("all", "ungrouped")


class Groups:
    """Hosts and groups in the order in which they were named. Variables by name: of an inventory, and of ``group_vars`` and ``host_vars``,
    which win."""

    def __init__(self) -> None:
        self.hosts: dict[str, dict[str, Any]] = {}
        self._members: dict[str, dict[str, None]] = {}
        self._children: dict[str, dict[str, None]] = {}
        self._of_groups: dict[str, dict[str, Any]] = {}
        self._files: dict[tuple[str, str], dict[str, Any]] = {}
        self._known_depths: dict[str, int] = {}

    def host(self, name: str, group: str, variables: Mapping[str, Any]) -> None:
        """*name* is a member of *group*."""
        self.hosts.setdefault(name, {}).update(variables)
        self.group(group)
        self._members[group][name] = None

    def group(self, name: str, *, below: str = "", variables: Mapping[str, Any] | None = None) -> None:
        """There is a group *name*, *below* another one ("": it is said nowhere here)."""
        self._known_depths = {}
        self._members.setdefault(name, {})
        self._of_groups.setdefault(name, {}).update(variables or {})
        if below:
            self.group(below)
            self._children.setdefault(below, {})[name] = None

    def file(self, kind: str, name: str, variables: Mapping[str, Any]) -> None:
        """What a file of ``group_vars`` or ``host_vars`` (*kind*) says of *name*."""
        self._files.setdefault((kind, name), {}).update(variables)

    def groups_of(self, host: str) -> list[str]:
        """Those that name *host* itself, in their order; then those above them."""
        direct = [group for group, members in self._members.items() if host in members and group not in IMPLIED]
        return list(dict.fromkeys((*direct, *(above for group in direct for above in self._above(group, set()) if above not in IMPLIED))))

    def variables(self, host: str) -> dict[str, Any]:
        """Ansible's order: what is farther from the host gives way, and an inventory gives way to the files beside it."""
        groups = ["all", *sorted(self.groups_of(host), key=lambda group: (self._depths()[group], group))]
        found: dict[str, Any] = {}
        for group in groups:
            found.update(self._of_groups.get(group, {}))
        for group in groups:
            found.update(self._files.get(("group_vars", group), {}))
        return {**found, **self.hosts[host], **self._files.get(("host_vars", host), {})}

    def _parents(self, group: str) -> list[str]:
        return [above for above, children in self._children.items() if group in children]

    def _above(self, group: str, seen: set[str]) -> Iterator[str]:
        for parent in self._parents(group):
            if parent not in seen:
                seen.add(parent)
                yield parent
                yield from self._above(parent, seen)

    def _depths(self) -> dict[str, int]:
        """How far each group is below ``all``, by its longest way; groups in a circle end somewhere."""
        if not self._known_depths:
            depths = dict.fromkeys(self._members, 1)
            for _ in depths:
                for above, children in self._children.items():
                    for child in children:
                        depths[child] = max(depths[child], min(depths[above] + 1, len(depths)))
            self._known_depths = depths
        return self._known_depths
