"""What servers are called. Pure."""

from __future__ import annotations

from stalewatch.model.errors import UsageError
from stalewatch.model.inventory import Server
from stalewatch.model.replace import replace
from stalewatch.model.text import safe
from stalewatch.transport.targets import parse_target


def named(servers: tuple[Server, ...]) -> tuple[Server, ...]:
    """Give every server a name that no other has: the host of its target, or where that is taken the whole target. Raises UsageError."""
    taken = {server.name for server in servers if server.name}
    found = []
    hosts = [parse_target(server.target).host for server in servers if not server.name]
    for server in servers:
        host = parse_target(server.target).host
        name = server.name or (host if hosts.count(host) == 1 and host not in taken else server.target)
        found.append(replace(server, name=name))
    names = [server.name for server in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"two servers are named {safe(repr(twice), 80)}: give one of them another name")
    return tuple(found)
