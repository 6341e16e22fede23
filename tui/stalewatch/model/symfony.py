"""What Symfony compiled of its configuration: the container and the routes of an environment, against the files they are made from."""

from __future__ import annotations

from typing import Literal

import msgspec

from stalewatch.model.disk import FileStat
from stalewatch.model.text import SafeText


class Compiled(msgspec.Struct, frozen=True, kw_only=True):
    """One compiled *file* of an *environment* (``prod``). *layer*: ``config`` for the container, ``routes`` for the routes.

    *sources*: the application's own configuration files that its ``.meta`` lists, or that would be read by now, newest first (max of mtime
    and ctime); *gone*: listed, and not there any more. None: there is no ``.meta``, or it could not be read. *unread*: how many of the
    listed files were not looked at: they are too many, or in a folder that the login may not search.
    """

    layer: Literal["config", "routes"]
    environment: SafeText
    file: FileStat
    sources: tuple[FileStat, ...] | None = None
    gone: tuple[SafeText, ...] = ()
    unread: int = 0


class SymfonyFacts(msgspec.Struct, frozen=True, kw_only=True):
    """*compiled*: without those of debug mode, which check their sources themselves. *found* False: the kernel says in a way that is not
    understood where its cache directory is."""

    compiled: tuple[Compiled, ...] = ()
    found: bool = True
