"""Whose code is in the caches of the pools: the directories of requested scripts that no application claims, and their code roots. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stalewatch.model.places import PLACES
from stalewatch.model.runtime import Opcache, PoolStatus, RuntimeFacts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from stalewatch.model.unseen import Unseen

MOST = 500
"""Directories that are kept: each application has few, and an application is one of them."""
_DOCROOTS = ("public", "htdocs", "httpdocs", "public_html", "webroot", "docroot")
_ALSO = ("web", "www", "html", "pub")
_FRONT = ("index.php", "web/app.php", "web/app_dev.php", "www/app.php")
"""What a script that is requested is called, as far as libraries have no such names (the old Yii framework has its classes in web/)."""
_FRAMEWORKS = frozenset({"artisan", "bin/console", "wp-config.php"})
_OF_A_PROJECT = frozenset({"public/index.php", "composer.json"})
DANGLING = "dangling"
"""Sign of any other link that leads to nothing; who knows what it is for."""
NOWHERE = {
    "nowhere": "{} is a link that leads to no release",
    "gone": "{} is gone, the link to one of the releases beside it",
    DANGLING: "{} is a link that leads to nothing",
}
"""Signs of a link to an application behind which there is none, and what is said of it."""
_NEVER = ("/tmp", "/var/tmp", "/dev/shm", "/run", "/proc", "")
_LIBRARIES = ("/usr/share/php/", "/usr/share/pear/", "/usr/lib/", "/usr/local/lib/")
_UPWARDS = 6
TOLERANCE = 1.0
"""Seconds by which times of two sources can differ."""


class Requested(NamedTuple):
    """A directory with a script that was requested: *address* of the pool whose cache holds it, *used* last at. *beside*: the cache holds
    scripts beside it too, such as those that a document root loads from the directory above it."""

    address: str
    used: float
    beside: bool = False


class CodeInCaches:
    """What the looks at all pools of one server have shown. It stays known when a cache is emptied: nobody moved the application. *beyond*:
    directories that are one too many; *users*: root of an application -> a pool of the one master that holds scripts of it; *disputed*:
    root -> a pool that runs it, although the web server's configuration names another master's. *links*: paths of applications that were
    links."""

    def __init__(self) -> None:
        self.folders: dict[str, Requested] = {}
        self.beyond: dict[str, None] = {}
        self.users: dict[str, str] = {}
        self.disputed: dict[str, str] = {}
        self.links: set[str] = set()
        self._holders: dict[str, dict[str, Requested]] = {}

    def take(self, runtimes: Mapping[str, RuntimeFacts | Unseen], claimed: Iterable[str]) -> bool:
        """Add what *runtimes* (by the pool's address) show outside of the directories *claimed*. Whether a directory is new."""
        heads = tuple(f"{root.rstrip('/')}/" for root in set(claimed) if root.strip("/"))
        before = len(self.folders)
        for address, runtime in runtimes.items():
            for folder, used, beside in _requested(runtime, heads) if isinstance(runtime, RuntimeFacts) else ():
                known = self.folders.get(folder)
                if known is None and len(self.folders) >= MOST:
                    self.beyond[folder] = None
                elif known is None or used > known.used:
                    self.folders[folder] = Requested(address, used, beside or (known is not None and known.beside))
        return len(self.folders) > before

    def note_users(
        self, runtimes: Mapping[str, RuntimeFacts | Unseen], named: Mapping[str, str], masters: Mapping[str, str], changed: float
    ) -> bool:
        """Which of *runtimes* hold scripts of applications. *named*: root of each -> the pool that its web server's configuration names, ""
        none; *masters*: address of a pool -> its master, all pools of which share one cache; *changed*: when that configuration was.

        A cache that was emptied stays the last that was seen. Whether *users* or *disputed* changed.
        """
        before = self.users, self.disputed
        for address, runtime in runtimes.items():
            if not isinstance(runtime, RuntimeFacts) or not isinstance(runtime.opcache, Opcache):
                continue
            held = {str(script.path): float(script.last_used) for script in runtime.opcache.listed}
            for root in named:
                holders, master = self._holders.setdefault(root, {}), masters.get(address, address)
                inner = tuple(f"{other}/" for other in named if other.startswith(f"{root}/"))
                own = (last for path, last in held.items() if path.startswith(f"{root}/") and not path.startswith(inner))
                used = max(own, default=-1.0)
                if used >= 0:
                    holders[master] = Requested(address, max(used, holders[master].used if master in holders else 0.0))
                elif runtime.opcache.scripts:
                    holders.pop(master, None)
        alone = {root: next(iter(some.values())).address for root, some in self._holders.items() if len(some) == 1}
        self.users = {root: one for root, one in (before[0] | alone).items() if len(self._holders[root]) < 2}
        disputes = ((root, self._elsewhere(root, masters.get(address, ""), changed)) for root, address in named.items() if address)
        self.disputed = {root: other for root, other in disputes if other}
        return (self.users, self.disputed) != before

    def _elsewhere(self, root: str, master: str, changed: float) -> str:
        """The pool of another master than *master* that ran the application last, and after the configuration *changed*; "" none."""
        holders = self._holders.get(root, {})
        after = max(changed, holders[master].used if master in holders else 0.0) + TOLERANCE
        others = (one for name, one in holders.items() if name != master)
        return next((one.address for one in others if one.used > after), "") if master else ""


def candidates(folders: Iterable[str]) -> list[str]:
    """Where the code roots of *folders* can be: themselves, what is above them, and the link to the present one of several releases."""
    found: dict[str, None] = {}
    for folder in folders:
        for path in _upwards(folder):
            found[path] = None
            if "/releases" in path and (base := _base(path)):
                found[f"{base}/current"] = None
    return list(found)


def roots(folders: Mapping[str, Requested], signs: Mapping[str, str]) -> dict[str, str]:
    """The code roots of *folders* -> the address of the pool that used each last. *signs*: what each path looks like an application by."""
    found: dict[str, Requested] = {}
    for folder, requested in folders.items():
        root = _root(folder, requested.beside, signs)
        if (base := _base(root)) and signs.get(f"{base}/current"):
            root = f"{base}/current"
        if root not in found or requested.used > found[root].used:
            found[root] = requested
    newest: dict[str, float] = {}
    for root, requested in found.items():
        newest[_base(root)] = max(newest.get(_base(root), 0.0), requested.used)
    kept = {root: one.address for root, one in found.items() if not (base := _base(root)) or one.used == newest[base]}
    return {root: address for root, address in kept.items() if not any(_holds(other, root, signs) for other in kept)}


def base_of(root: str) -> str:
    """The directory that holds all releases of the application at *root*, else *root* itself."""
    return _base(root) or root


def _base(root: str) -> str:
    parent = root.rpartition("/")[0]
    return parent.removesuffix("/releases") if parent.endswith("/releases") else ""


def _requested(runtime: RuntimeFacts, claimed: tuple[str, ...]) -> Iterator[tuple[str, float, bool]]:
    """The directories of requested scripts outside of *claimed*, when each was used last, and whether there are scripts beside it."""
    if not isinstance(runtime.opcache, Opcache):
        return
    cached = {str(script.path): script for script in runtime.opcache.listed if script.exact}
    free = {path: script for path, script in cached.items() if not path.startswith((*claimed, *_LIBRARIES)) and _is_code(path)}
    workers = runtime.status.workers if isinstance(runtime.status, PoolStatus) else ()
    entries = {path.rpartition("/")[0]: float(script.last_used) for path, script in free.items() if _is_entry(path)}
    for path in {str(worker.script) for worker in workers}:
        if _is_code(path) and not path.startswith((*claimed, *_LIBRARIES)) and _ran(path, free):
            entries.setdefault(path.rpartition("/")[0], 0.0)
    heads = tuple(f"{folder}/" for folder in entries)
    inner = [path for path in free if not path.startswith(heads)]
    for folder, used in entries.items():
        above = f"{folder.rpartition('/')[0]}/"
        yield folder, used, any(path.startswith(above) for path in inner)


def _ran(path: str, free: Iterable[str]) -> bool:
    """A worker ran *path* itself: an application whose scripts have names of their own, or one behind a link."""
    return _is_entry(path) or sum(each.startswith(f"{path.rpartition('/')[0]}/") for each in free) > 1


def _is_code(path: str) -> bool:
    """Not a package of Composer, and not our own file."""
    folder = path.rpartition("/")[0]
    return path.endswith(".php") and folder not in _NEVER and "/vendor/" not in path and "/stalewatch-" not in path


def _is_entry(path: str) -> bool:
    return path.endswith(tuple(f"/{name}" for name in _FRONT)) or path.rpartition("/")[0].endswith(tuple(f"/{name}" for name in _DOCROOTS))


def _upwards(folder: str) -> list[str]:
    """*folder* and what is above it, up to a place that holds applications."""
    found = [folder]
    while len(found) < _UPWARDS and (above := found[-1].rpartition("/")[0]) and above not in PLACES and above.rpartition("/")[0] != "/home":
        found.append(above)
    return found


def _root(folder: str, beside: bool, signs: Mapping[str, str]) -> str:
    """A link that leads nowhere; else the innermost directory with a framework's file in it; else the outermost of a project; else what is
    above a document root that has its scripts *beside* it; else as far up as there are entry points."""
    above = _upwards(folder)
    for wanted, ways in ((NOWHERE, above), (_FRAMEWORKS, above), (_OF_A_PROJECT, above[::-1])):
        if root := next((path for path in ways if signs.get(path) in wanted), ""):
            return root
    if beside and folder.rpartition("/")[2] in (*_DOCROOTS, *_ALSO) and (parent := folder.rpartition("/")[0]) not in PLACES:
        return parent
    for path in above[1:]:
        if signs.get(path) != "index.php":
            break
        folder = path
    return folder


def _holds(outer: str, inner: str, signs: Mapping[str, str]) -> bool:
    """Whether *inner* is a part of the application at *outer*: below it, and no application by its own looks."""
    return inner.startswith(f"{outer}/") and outer not in PLACES and signs.get(inner) not in _FRAMEWORKS
