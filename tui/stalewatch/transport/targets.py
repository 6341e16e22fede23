"""A target as typed on the command line -> user, host, port. Strict, because the host becomes an argument of ``ssh``."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from stalewatch.model.errors import UsageError
from stalewatch.model.text import safe

_MAX_LENGTH: Final = 512
_USER: Final = re.compile(r"[^\s@\-'\"`$;&<>|(){}][^\s@'\"`$;&<>|(){}]*")
_HOST: Final = re.compile(r"[^\s\-\[\]/'\"`$\\;&<>|(){}][^\s\[\]/'\"`$\\;&<>|(){}]*")
_BRACKETED: Final = re.compile(r"\[([^\[\]]+)\](?::(.*))?", re.DOTALL)


class Target(msgspec.Struct, frozen=True):
    """*host* is an alias of ssh_config, a name or an address without brackets; an empty *user* or a *port* of 0 is left to ssh_config."""

    host: str
    user: str = ""
    port: int = 0

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host and self.port else self.host
        return (f"{self.user}@" if self.user else "") + host + (f":{self.port}" if self.port else "")


def ssh_arguments(target: Target, ssh_config: str = "") -> list[str]:
    """What ``ssh`` is given for *target* under the user's configuration, or under the file *ssh_config* alone (``-F``)."""
    config = ["-F", ssh_config] if ssh_config else []
    user = ["-l", target.user] if target.user else []
    port = ["-p", str(target.port)] if target.port else []
    return [*config, *user, *port, "--", target.host]


def parse_target(text: str) -> Target:
    """Read ``alias``, ``user@host``, ``user@host:port``, ``[v6]:port`` or a bare ``v6``.

    Raises UsageError for anything that could be read as an option, and for blanks, control characters and shell syntax.
    """
    if not text or len(text) > _MAX_LENGTH or not text.isprintable():
        raise _refused(text, "it is empty, too long or holds a control character")
    user, at, rest = text.rpartition("@")
    if at and not _USER.fullmatch(user):
        raise _refused(text, "its user name is not valid")
    host, port = _split_port(text, rest)
    if not _HOST.fullmatch(host):
        raise _refused(text, "its host name is not valid")
    return Target(host, user, port)


def _split_port(text: str, rest: str) -> tuple[str, int]:
    if bracketed := _BRACKETED.fullmatch(rest):
        host, port = bracketed[1], bracketed[2]
    elif rest.count(":") == 1:
        host, _, port = rest.partition(":")
    else:  # none, or an IPv6 address without brackets
        host, port = rest, None
    return host, 0 if port is None else _port(text, port)


def _port(text: str, digits: str) -> int:
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 5 and 0 < int(digits) < 65536):
        raise _refused(text, "its port is not between 1 and 65535")
    return int(digits)


def _refused(text: str, why: str) -> UsageError:
    return UsageError(f"cannot use {safe(text, 80)!r} as a target: {why}", grant="write user@host:port, an alias of ssh_config, or local")
