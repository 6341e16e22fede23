"""What is on the disk of an app: sources, the caches made from them, the release, its deploys.

Times are epoch seconds by the server's clock, sizes bytes, durations seconds unless the name says otherwise.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from stalewatch.model.text import SafeText


class FileStat(msgspec.Struct, frozen=True):
    """One ``stat`` on the server. *path* is relative to the app root where the file is below it, absolute otherwise.

    *mtime* and *ctime* keep the fraction where the server's ``stat`` tells it (GNU), whole seconds otherwise (busybox). *dev*: the
    device that *inode* is on (None: not seen). *sum*: the content, as ``cksum`` sums it ("": not taken, as of environment files);
    of a link (*path* begins with ``./``) the place of the file that it leads to.
    """

    path: SafeText
    mtime: float
    ctime: float
    size: int = 0
    inode: int = 0
    owner: SafeText = SafeText("")
    dev: int | None = None
    sum: SafeText = SafeText("")


class NamedRoot(msgspec.Struct, frozen=True):
    """A directory that a cached file takes for the application's root: *folders* of Laravel are named below it. *state*: it is our root
    (``own``, also through a link or a mount), another directory (``other``), or not there, as far as the login sees (``missing``)."""

    path: SafeText
    folders: tuple[SafeText, ...]
    state: Literal["own", "other", "missing"]


class CacheStore(msgspec.Struct, frozen=True):
    """The store that Laravel's cache is kept in by default, as its cached configuration has it. *place*: a folder (real path),
    ``HOST:PORT`` or the name of a connection ("" not told)."""

    name: SafeText
    driver: SafeText
    place: SafeText = SafeText("")


class CliCache(msgspec.Struct, frozen=True, kw_only=True):
    """Bytecode that the *php* of the command line keeps in *folder* and never compares with its sources. *files*: that of the
    application's sources, by the path of the source, with the times of the bytecode (None: it could not be seen)."""

    folder: SafeText
    php: SafeText
    files: tuple[FileStat, ...] | None = None


class CacheFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file that Laravel caches a layer in. *name*: in :data:`stalewatch.model.layers.CACHED_FILES`. *stat* None: not cached.
    *complete* False: truncated or not PHP (None: not looked at). *named*: the roots that the paths inside of it name (None: not looked at).
    *shared*: it is in a folder outside of the application's root, where a link leads to (None: not looked at). *store*: that the cached
    configuration names (None: another file, or it names none that is seen). *closed*: its mode lets the pool's user not read it.
    *environments*: that in which the configuration was cached, and the other one that ``.env`` names (None: the same, or not told).
    *elsewhere*: the application's own code names a place for it, which is not known: what lies here may be another one.

    Written down it keeps its old field, ``layer``, so that recordings made before can be replayed.
    """

    name: str = msgspec.field(name="layer")
    path: SafeText
    stat: FileStat | None = None
    complete: bool | None = None
    named: tuple[NamedRoot, ...] | None = None
    shared: bool | None = None
    store: CacheStore | None = None
    closed: bool = False
    elsewhere: bool = False
    environments: tuple[SafeText, SafeText] | None = None

    @property
    def unusable(self) -> bool:
        """Neither the application nor artisan, which both load it, can start with it."""
        return self.complete is False or self.closed


MAX_INPUTS = 200
"""Sources of one kind that are listed: so many of those that changed last, and of those that were written last."""


class Inputs(msgspec.Struct, frozen=True, kw_only=True):
    """The source files that a layer is made from, newest (max of mtime, ctime) first. *truncated*: there were more than we take. *cut*: and
    the newest may not be among them, because the application has more files than we list.

    ``direct`` prove, ``indirect`` (other service providers) suspect at most.
    """

    direct: tuple[FileStat, ...] = ()
    indirect: tuple[FileStat, ...] = ()
    truncated: bool = False
    cut: bool = False

    def hides(self, since: float) -> bool:
        """Whether some that changed after *since* may not be listed: of a kind there are more than we take, and all that we took did."""
        kinds = (self.direct, self.indirect) if self.truncated else ()
        return any(sum(source.ctime > since for source in kind) >= MAX_INPUTS for kind in kinds)


class CompiledView(msgspec.Struct, frozen=True, kw_only=True):
    """One compiled Blade view and the source named in its trailer (*source* None: no trailer, or the source is gone).

    *writable*: the file itself, by the pool's user (None: not known)."""

    compiled: FileStat
    source: FileStat | None = None
    writable: bool | None = None


class ViewFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Compiled views. *check_timestamps* is ``view.check_cache_timestamps`` (None: not known). *writable*: by the pool's user."""

    views: tuple[CompiledView, ...] = ()
    check_timestamps: bool | None = None
    writable: bool | None = None
    truncated: bool = False


class PackageFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Package names in bootstrap/cache/packages.php (*cached*; None: no such file) and those that installed.json would put there.

    *changed*: packages of both whose entries differ, each with the keys that do: ``acme/a (providers)``; None: not compared.
    """

    cached: tuple[SafeText, ...] | None = None
    installed: tuple[SafeText, ...] | None = None
    changed: tuple[SafeText, ...] | None = None


class Deploy(msgspec.Struct, frozen=True, kw_only=True):
    """One deploy. *source*: ``git`` (.git/logs/HEAD), ``deployer`` (.dep/releases_log), ``revision`` (REVISION, or
    Capistrano's revisions.log), or ``mtime`` (a guess from sources)."""

    at: float
    source: Literal["git", "deployer", "revision", "mtime"]
    what: SafeText = SafeText("")
    who: SafeText = SafeText("")
    commit: SafeText = SafeText("")
    files: tuple[SafeText, ...] = ()


class DeployUnderWay(msgspec.Struct, frozen=True, kw_only=True):
    """A deploy that runs right now, by the *sign* (file) that says so."""

    sign: SafeText
    since: float
    who: SafeText = SafeText("")


MAX_SUMS = 400
"""Files of one application whose check sums are kept: the newest."""


class FileSum(msgspec.Struct, frozen=True):
    """The contents of one file, as ``cksum`` sums them."""

    path: SafeText
    sum: SafeText


class ReleaseFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is on the disk. *root* is the real path; *link* the path as configured when it is a symlink (else ""). *switched_at*: when the
    link was last switched (its own ctime), None where it was not asked. *code*: a digest of the contents of the app's own sources, without
    packages, caches and environment files; "" where they could not all be read. *sums*: of the newest of them
    (:data:`MAX_SUMS`), by path. *beside*: ``artisan`` of every release in the folder that ours is in, ours among them; its ctime says when
    the release came (None: not looked at)."""

    root: SafeText
    link: SafeText = SafeText("")
    switched_at: float | None = None
    commit: SafeText = SafeText("")
    dirty: int | None = None
    code: SafeText = SafeText("")
    sums: tuple[FileSum, ...] = ()
    deploys: tuple[Deploy, ...] = ()
    under_way: DeployUnderWay | None = None
    beside: tuple[FileStat, ...] | None = None
    born: float | None = None
    """When the directory of the release was made, in whole seconds; None: not told, or no link."""
