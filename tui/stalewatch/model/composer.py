"""What Composer made of an application: the installed packages and the autoloader, against what they are made from."""

from __future__ import annotations

import msgspec

from stalewatch.model.disk import FileStat
from stalewatch.model.text import SafeText


class MovedClass(msgspec.Struct, frozen=True, kw_only=True):
    """A class that is declared in *file*, while the class map loads it from *mapped* ("": it has no entry, and without one the class is
    not found)."""

    name: SafeText
    file: FileStat
    mapped: SafeText = SafeText("")


class ComposerFacts(msgspec.Struct, frozen=True, kw_only=True):
    """*loader*: the generated autoloader (``autoload_static.php``; None: there is none). *authoritative*: it knows no class beside its map.

    None in the following is *not compared*. *unlike_lock*: packages that are installed in another version than composer.lock names, each
    with both. *folders*: namespaces whose folders in composer.json the autoloader does not have, and files that it does not load.
    *moved*: classes for which its class map is old; *unread*: new files that were not looked into, because they are too many; *cut*:
    the application has more files than are listed. *held*: classes in files that came after the pool began, and that APCu holds with
    another path, or as not found (``mapped`` is ""); () also where Composer or the pool does not use APCu.
    """

    loader: FileStat | None = None
    authoritative: bool = False
    unlike_lock: tuple[SafeText, ...] | None = None
    folders: tuple[SafeText, ...] | None = None
    moved: tuple[MovedClass, ...] | None = None
    unread: int = 0
    held: tuple[MovedClass, ...] | None = None
    cut: bool = False
