"""Which inventory is read, by the word that ``init --from`` takes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stalewatch.config.inventories.ansible import read_ansible
from stalewatch.config.inventories.deployer import read_deployer
from stalewatch.config.inventories.listed import ListedHosts
from stalewatch.config.names import named
from stalewatch.model.errors import UsageError
from stalewatch.model.inventory import Server
from stalewatch.model.replace import replace
from stalewatch.transport.ssh.aliases import aliases, expand
from stalewatch.transport.targets import parse_target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalewatch.model.inventory import Fleet

_READ = {"ansible": read_ansible, "deployer": read_deployer}


def listed(kind: str, words: Sequence[str], ssh_config: str = "") -> ListedHosts:
    """*kind* ``ssh``: *words* are aliases or patterns of *ssh_config* (none: all of them); else files. Raises UsageError."""
    if kind == "ssh":
        return _of_ssh(words, ssh_config)
    if not words:
        raise UsageError(f"say which file: stalewatch init --from {kind} FILE")
    parts = [_READ[kind](Path(word)) for word in words]
    servers: dict[str, Server] = {}
    twice = []
    for server in (server for part in parts for server in part.servers):
        first = servers.setdefault(server.target, server)
        if first is not server:
            twice.append(f"{server.name}: is {first.name} by another name ({server.target})")
    lost = tuple(line for part in parts for line in part.lost)
    if not servers:
        raise UsageError(lost[0] if lost else f"{' '.join(words)}: no host is named there")
    return ListedHosts(tuple(servers.values()), lost, (*(line for part in parts for line in part.notes), *twice))


def _of_ssh(patterns: Sequence[str], ssh_config: str) -> ListedHosts:
    found = [alias for pattern in patterns for alias in expand(pattern, ssh_config)] if patterns else aliases(ssh_config)
    servers, lost = [], []
    for alias in dict.fromkeys(found):
        try:
            parse_target(alias)
            servers.append(Server(target=alias, name=alias))
        except UsageError as error:
            lost.append(error.message)
    if not servers:
        raise UsageError(lost[0] if lost else f"no Host line of {ssh_config or '~/.ssh/config'} names a host")
    return ListedHosts(tuple(servers), tuple(lost))


def as_listed(fleet: Fleet, inventory: ListedHosts, *, own_apps: bool = True) -> Fleet:
    """*fleet* with what *inventory* says of its servers. *own_apps* False: other applications were asked for. Raises UsageError where two
    have one name."""
    told = {server.target: server for server in inventory.servers}
    return replace(fleet, servers=named(tuple(_as_told(server, told.get(server.target, server), own_apps) for server in fleet.servers)))


def _as_told(server: Server, told: Server, own_apps: bool) -> Server:
    apps = told.apps if own_apps and told.apps else server.apps
    return replace(
        server,
        name=told.name,
        group=told.group or server.group,
        production=told.production or server.production,
        apps=apps,
    )
