"""What an inventory names: servers, and what of it could not be read. Values, and what all inventories have in common. Pure."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from stalewatch.model import figures
from stalewatch.model.errors import UsageError
from stalewatch.model.inventory import Server
from stalewatch.transport.ssh.aliases import is_glob
from stalewatch.transport.targets import Target, parse_target

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST = 5_000
"""Hosts that one pattern may name."""
_RANGE = re.compile(r"\[(?:(\d+):(\d+)|([a-z]):([a-z])|([A-Z]):([A-Z]))(?::([1-9]\d*))?\]")
_PRODUCTION = frozenset({"production", "prod", "live"})


class ListedHosts(NamedTuple):
    """*lost*: a line for each host that could not be read, or file that may name some. *notes*: a line for what was not taken over of one
    that could."""

    servers: tuple[Server, ...] = ()
    lost: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Unreadable(NamedTuple):
    """In the place of a value: *why* it can't be read (``is encrypted``)."""

    why: str


def plain_value(value: Any) -> Any:
    """*value*, unless it is a template: what that makes is not known here."""
    return Unreadable(f"is a template ({value})") if isinstance(value, str) and "{{" in value else value


def text_of(value: Any, key: str) -> str:
    """A name, path or number as text; "" for None. Raises UsageError."""
    if isinstance(value, Unreadable):
        raise UsageError(f"{key} {value.why}")
    if value is None or isinstance(value, str):
        return (value or "").strip()
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise UsageError(f"{key} is neither a text nor a number")


def target_of(host: str, user: str, port: str) -> str:
    """``user@host:port``. Raises UsageError where that is none."""
    if port and not port.isdecimal():
        raise UsageError(f"port {port} is no number")
    target = str(Target(host.removeprefix("[").removesuffix("]"), user, int(port or 0)))
    parse_target(target)
    if is_glob(target):
        raise UsageError(f"{target} is a pattern, and no host")
    return target


def means_production(*names: str) -> bool:
    """Whether one of these groups or stages is production, by its name."""
    return any(name.lower() in _PRODUCTION for name in names)


def expanded(pattern: str) -> list[str]:
    """``web[01:03]`` -> ``web01`` ``web02`` ``web03``; also ``[a:c]`` and ``[0:10:5]``. Raises UsageError for more than :data:`MOST`."""
    names = list(islice(_expanded(pattern), MOST + 1))
    if len(names) > MOST:
        raise UsageError(f"{pattern} names more than {figures.whole(MOST)} hosts")
    return names


def _expanded(pattern: str) -> Iterator[str]:
    found = _RANGE.search(pattern)
    if found is None:
        yield pattern
        return
    first, last = (part for part in found.groups()[:6] if part is not None)
    step = int(found[7] or 1)
    numbers = range(int(first), int(last) + 1, step) if first.isdecimal() else range(ord(first), ord(last) + 1, step)
    for number in numbers:
        name = f"{number:0{len(first)}}" if first.isdecimal() else chr(number)
        for rest in _expanded(pattern[found.end() :]):
            yield f"{pattern[: found.start()]}{name}{rest}"
