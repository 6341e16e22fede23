"""How a target is written: ``user@host:port``, an ssh alias, ``local``, or a glob over aliases. Pure."""

from __future__ import annotations

import re

from tui.errors import UsageError

_PORT = re.compile(r"\d{1,5}")
_SOCKET_HOST = re.compile(r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]")


def check(target: str) -> str:
    """*target* as it is, if it can be one. Raises UsageError."""
    if not target:
        raise UsageError("an empty target: expected user@host:port, an ssh alias, a glob, or local")
    if not target.isprintable() or any(char.isspace() for char in target):
        raise UsageError(f"target {target!r} holds blanks or control characters")
    user, at, _ = target.rpartition("@")
    name = host(target)
    if at and (not user or user.startswith("-")):
        raise UsageError(f"target {target!r} has no proper user before the @")
    if not name or name.startswith("-"):
        raise UsageError(f"target {target!r} has no proper host name: it may not be empty or start with '-'")
    port = _port(target)
    if port is not None and not (_PORT.fullmatch(port) and 0 < int(port) < 65536):
        raise UsageError(f"target {target!r}: port {port!r} is not between 1 and 65535")
    return target


def is_glob(target: str) -> bool:
    """Whether *target* is to be matched against aliases. Square brackets are IPv6 addresses, not globs."""
    return "*" in target or "?" in target


def host(target: str) -> str:
    """The host of *target*, without user, port and the brackets of IPv6."""
    rest = target.rpartition("@")[2]
    if rest.startswith("["):
        return rest[1:].partition("]")[0]
    return rest.partition(":")[0] if rest.count(":") == 1 else rest


def _port(target: str) -> str | None:
    rest = target.rpartition("@")[2]
    if rest.startswith("["):
        after = rest.partition("]")[2]
        return after.removeprefix(":") if after else None
    return rest.partition(":")[2] if rest.count(":") == 1 else None


def is_socket(text: str) -> bool:
    """Whether *text* names a pool's socket: an absolute path, or ``host:port``."""
    if not text.isprintable():
        return False
    if text.startswith("/"):
        return True
    name, _, port = text.rpartition(":")
    return bool(_SOCKET_HOST.fullmatch(name) and _PORT.fullmatch(port) and 0 < int(port) < 65536)
