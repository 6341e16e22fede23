"""Which scripts would go live, and whether the PHP of their pool can compile them. Values only."""

from __future__ import annotations

import msgspec

from stalewatch.model.runtime import FromMemory
from stalewatch.model.text import SafeText


class Scripts(msgspec.Struct, frozen=True, kw_only=True):
    """What to parse.

    *changed*: also every cached script, whoever's it is, that the disk has otherwise. *folders*: also the files in them that OPcache does
    not hold and that came since it holds what it holds; *older*: whenever they came. *without*: files and folders that are left out.
    """

    paths: tuple[str, ...] = ()
    changed: bool = False
    folders: tuple[str, ...] = ()
    older: bool = False
    without: tuple[str, ...] = ()


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """One script that was not parsed without an error. *kind*: ``syntax`` (PHP's message is *said*), ``utf-16``, ``empty``, ``irregular``
    (no regular file), ``unread`` (the pool's user may not read it), ``gone`` (every request begins with it, by the cache), or ``big`` (too
    big to be parsed in a request)."""

    path: SafeText
    kind: str
    line: int = 0
    said: SafeText = SafeText("")

    @property
    def broken(self) -> bool:
        """Whether a request that needs it would fail; else it is only not known."""
        return self.kind != "big"


class Parsed(msgspec.Struct, frozen=True, kw_only=True):
    """What PHP said. *count*: scripts looked at; *left*: scripts and folders for which there was no time; *why* nothing, or no more, could
    be asked ("": all was). *remembered*: what a reload would end, whatever it parses."""

    count: int = 0
    trouble: tuple[Trouble, ...] = ()
    left: int = 0
    why: SafeText = SafeText("")
    remembered: tuple[FromMemory, ...] = ()
