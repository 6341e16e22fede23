"""Finds the applications and the pool that serves each: by the inventory, else by the web servers, the pools, their caches and the usual
directories."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from stalewatch.model import figures, reasons
from stalewatch.model.inventory import AppEntry
from stalewatch.model.replace import replace
from stalewatch.probe.host import app_sites, code_roots
from stalewatch.probe.host.parsers import fpm_config, records

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from stalewatch.model.snapshot import Pool, Unseen
    from stalewatch.probe.host.code_roots import CodeInCaches, Requested
    from stalewatch.probe.host.host_probe import HostProbe
    from stalewatch.probe.host.machine import Machine, Master
    from stalewatch.probe.host.parsers.records import FileRecord
    from stalewatch.probe.host.web_server.site import Site

MAX_APPS = 200
"""More are named as left out: each has its own files to look at, at every tick."""
NAMED = 20
UNUSABLE = "newline"
"""Sign of an application whose path holds a newline: no line of the host probe can carry it."""
_NO_APPLICATION = frozenset({"index.php", "composer.json", UNUSABLE})
"""A bare index.php in a usual directory is a default page, composer.json that of a library; they are an application only if a web server
passes requests for it or a pool ran it."""
_GLOBS = ("/srv/*/current", "/srv/*", "/var/www/*/current", "/var/www/*", "/home/*/current", "/var/www", "/app")
_KINDS: dict[str, Literal["laravel", "symfony", "wordpress", "php"]] = {
    "artisan": "laravel",
    "bin/console": "symfony",
    "wp-config.php": "wordpress",
}


class AppLocation(msgspec.Struct, frozen=True, kw_only=True):
    """One application: the path as configured, its real path ("" when it is not there), and what it looks like. *sites*: what the web
    servers say of it; *passes_to*, *undecided*, *shared*, *runs_php*: what comes of that
    (:class:`~stalewatch.probe.host.app_sites.Destination`). *nowhere*: the sign of a link
    behind which there is none (:data:`~stalewatch.probe.host.code_roots.NOWHERE`)."""

    path: str
    root: str = ""
    kind: Literal["laravel", "symfony", "wordpress", "php"] = "php"
    entry: AppEntry = AppEntry()
    passes_to: str = ""
    sites: tuple[Site, ...] = ()
    undecided: str = ""
    shared: bool = False
    runs_php: bool = False
    disputed: bool = False
    cached_by: str = ""
    own: bool = False
    nowhere: str = ""

    @property
    def base(self) -> str:
        """The directory that holds releases and ``current`` (deployer, Envoyer, Capistrano); else the root itself."""
        return self.path.rpartition("/")[0] if self.path.rpartition("/")[2] == "current" and self.root != self.path else self.root

    def missing(self, login: str) -> Unseen:
        """Why nothing can be said of it."""
        if not self.nowhere:
            message = f"{self.path}: no such directory, or not visible to {login}"
            return reasons.APP_MISSING.unseen(message, "check the path (--app, or [[server.app]] in stalewatch.toml)")
        again = shlex.join(("ln", "-sfn", "DIRECTORY" if self.nowhere == code_roots.DANGLING else "releases/RELEASE", self.path))
        said = code_roots.NOWHERE[self.nowhere].format(self.path)
        return reasons.APP_LINK_NOWHERE.unseen(f"{said}: PHP answers until it forgets where it led, and then nothing does", again)


class Found(NamedTuple):
    """The applications to watch, in a stable order. *left_out*: paths of those that were found and are not watched. *others*: code roots in
    the same caches that nobody asked for, or that this login does not see."""

    locations: tuple[AppLocation, ...]
    left_out: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


async def discover(host: HostProbe, machine: Machine, entries: tuple[AppEntry, ...], code: CodeInCaches) -> Found:
    """The applications of this server. Entries without a path (only overrides) apply to what is discovered. *code*: what the caches of the
    pools have shown."""
    sites = machine.web.sites
    named = [entry for entry in entries if entry.path]
    usual = [entry.path.rstrip("/") or "/" for entry in named] if named else _usual(machine)
    asked = [*usual, *app_sites.candidates(sites), *sorted(code.links)]
    meant = {*asked}.difference(_GLOBS)
    signs = {path: sign for path, sign in (await _signs(host, asked)).items() if sign != code_roots.DANGLING or path in meant}
    served = {home for site in sites if (home := app_sites.home(site, signs))}
    docroots = {site.root for site in sites}
    usable = [path for path, sign in signs.items() if path in served or (sign not in _NO_APPLICATION and path not in docroots)]
    looks, by_cache, hidden = await _in_caches(host, code.folders)
    paths = list(dict.fromkeys(usual if named else [*usable, *by_cache]))
    there = await _places(host, list(dict.fromkeys([*paths, *served, *filter(None, docroots), *by_cache])))
    real = {path: place.real for path, place in there.items()}
    sockets = await _sockets(host, machine)
    override = next((entry for entry in entries if not entry.path), AppEntry())
    by_path = {entry.path.rstrip("/") or "/": entry for entry in named}
    owned = app_sites.owned(sites, real, {root for path in paths if (root := real.get(path, ""))})
    locations = []
    for path in paths:
        root = real.get(path, "")
        goes = app_sites.destination(owned.get(root, ()), machine, sockets)
        kind = _KINDS.get(signs.get(path) or looks.get(path, ""), "php")
        seen = by_cache.get(path) or code.users.get(root, "")
        own = path in there and there[path].owner == host.hello.login
        nowhere = next((sign for sign in (signs.get(path, ""), looks.get(path, "")) if sign in code_roots.NOWHERE), "")
        location = AppLocation(path=path, root=root, kind=kind, entry=by_path.get(path, override), cached_by=seen, own=own, nowhere=nowhere)
        locations.append(
            replace(
                location,
                passes_to=goes.address,
                sites=tuple(owned.get(root, ())),
                undecided=goes.undecided or _dispute(goes.address, code.disputed.get(root, "")),
                disputed=bool(goes.address and root in code.disputed),
                shared=goes.shared,
                runs_php=goes.runs_php,
            )
        )
    kept = locations if named else _distinct(locations)
    unusable = [path for path, sign in (signs | looks).items() if sign == UNUSABLE]
    ours = {place for location in locations for place in (location.root, location.path)} - {""}
    others = [real.get(path) or path for path in (*by_cache, *hidden) if not ours & {real.get(path, ""), path}]
    return Found(tuple(kept[:MAX_APPS]), (*(location.path for location in kept[MAX_APPS:]), *unusable), tuple(others))


def _dispute(named: str, other: str) -> str:
    if not (named and other):
        return ""
    return f"the web server's configuration names {named}, but {other} ran the app since that was changed (was the web server reloaded?)"


async def _in_caches(host: HostProbe, cached: Mapping[str, Requested]) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """What the code roots of *cached* look like by what lies there; those roots, and links that lead nowhere -> address; and those that
    this login may not enter, as the sites of a shared host's other customers."""
    if not cached:
        return {}, {}, {}
    looks = await _signs(host, code_roots.candidates(cached))
    entered = await _places(host, [f"{folder}/." for folder in cached])
    hidden = {folder: requested for folder, requested in cached.items() if f"{folder}/." not in entered}
    seen = {folder: requested for folder, requested in cached.items() if folder not in hidden}
    by_cache, behind = code_roots.roots(seen, looks), code_roots.roots(hidden, looks)
    lost = {root: address for root, address in behind.items() if looks.get(root) in code_roots.NOWHERE}
    return looks, by_cache | lost, {root: address for root, address in behind.items() if root not in lost}


def left_out(paths: tuple[str, ...]) -> tuple[Unseen, ...]:
    """What is said of applications that were found and are not watched: how many, and which."""
    if not paths:
        return ()
    many = figures.count(len(paths), "application is", "applications are")
    return (
        reasons.APP_LEFT_OUT.unseen(
            f"{many} not looked at: {figures.several(paths, NAMED)}",
            "name those that matter: --app PATH, or [[server.app]] in stalewatch.toml",
        ),
    )


async def only_laravel(host: HostProbe, machine: Machine, locations: tuple[AppLocation, ...]) -> bool:
    """Whether this server has no second Laravel application, watched or not: then an artisan process whose directory is not seen can
    only belong to the first one."""
    ours = {location.root for location in locations if location.kind == "laravel"}
    if not any(location.entry.path for location in locations):
        return len(ours) < 2
    signs = await _signs(host, [*app_sites.candidates(machine.web.sites), *_usual(machine)])
    there = await _places(host, [path for path, sign in signs.items() if sign == "artisan"])
    return len(ours | {place.real for place in there.values()}) < 2


def link_moved(location: AppLocation, files: Mapping[str, FileRecord]) -> bool:
    """Whether *location* is not there, or its release link leads to another directory than the one that is looked at."""
    link, root = files.get(location.path), files.get(location.root)
    return not location.root or link is None or (location.path != location.root and (root is None or link.inode != root.inode))


def choose_pool(location: AppLocation, machine: Machine) -> tuple[Master | None, Pool | None]:
    """The pool that serves the app at *location*, and its master: the one that the inventory names, else the one that the web server passes
    to, else one whose chdir fits, else one of the master whose cache alone holds its scripts, else one whose name fits, else the first.

    If the inventory names a socket that no configuration has: (first master, None). If the web server names one that no configuration has,
    or several, or does not say which of several masters it is and no cache shows it: (None, None), never another pool.
    """
    masters = sorted(machine.masters, key=lambda master: master.record is None)
    pairs = [(master, pool) for master in masters for pool in master.pools]
    wanted = location.entry.socket or ("" if location.disputed else location.passes_to)
    for master, pool in pairs:
        if wanted and pool.listen == wanted:
            return master, pool
    first = masters[0] if masters else None
    if location.entry.socket:
        return first, None
    several = sum(master.record is not None for master in machine.masters) > 1
    unknown = location.undecided and (any(site.passes_to for site in location.sites) or (several and not location.cached_by))
    if location.passes_to or unknown or location.runs_php:
        return None, None
    pairs = [pair for pair in pairs if pair[0].record is not None] or pairs
    homes = [home for home in (location.path, location.root) if home]
    for master, pool in pairs:
        chdir, root = _home(pool), fpm_config.chroot_of(pool.settings)
        if root and location.root.startswith(f"{root}/") and chdir == root:
            return master, pool
        if chdir and (chdir in homes or chdir.startswith(tuple(f"{home}/" for home in homes))):
            return master, pool
    pairs = _whose_cache(pairs, location.cached_by) or pairs
    names = {part for part in location.path.split("/") if part}
    for master, pool in pairs:
        if pool.name in names:
            return master, pool
    unclaimed = [pair for pair in pairs if not _home(pair[1])]
    return next(iter(unclaimed or pairs), (first, None))


def address_of(location: AppLocation, pool: Pool | None) -> str:
    """Where the pool of *location* is asked, "" nowhere. What the web server passes to another machine is not asked from here."""
    named = location.passes_to if not location.disputed and location.passes_to.startswith(("/", "127.", "[::1]")) else ""
    return location.entry.socket or (str(pool.listen) if pool else named)


def pools_not_asked(machine: Machine, asked: Collection[str], login: str, shut: Collection[str] = ()) -> list[Pool]:
    """One pool of each master that runs and of which none of *asked* (addresses) is; one that runs as *login* itself before any other, and
    one of *shut* last."""
    found = []
    for master in machine.masters:
        pools = [pool for pool in master.pools if pool.listen]
        if master.record is not None and pools and not any(str(pool.listen) in asked for pool in pools):
            found.append(min(pools, key=lambda pool: (str(pool.listen) in shut, pool.user != login)))
    return found


def _whose_cache(pairs: list[tuple[Master, Pool]], address: str) -> list[tuple[Master, Pool]]:
    """Those of the master whose pool at *address* showed its cache, that pool first: all pools of a master share one."""
    masters = {master.config_path for master, pool in pairs if address and pool.listen == address}
    return sorted((pair for pair in pairs if pair[0].config_path in masters), key=lambda pair: pair[1].listen != address)


def _home(pool: Pool) -> str:
    """The directory that a pool works in, as the server sees it: its chdir, which is below its chroot; "" none."""
    return fpm_config.chroot_of(pool.settings) + str(pool.settings.get("chdir", "")).rstrip("/")


def _usual(machine: Machine) -> list[str]:
    """Where applications usually are: the directories of the pools, and the customary ones."""
    chdirs = [_home(pool) for master in machine.masters for pool in master.pools]
    return [*(_without_public(path) for path in chdirs if path not in ("", "/")), *_GLOBS]


async def _sockets(host: HostProbe, machine: Machine) -> dict[str, str]:
    """Real paths of the sockets that web servers and pools name: /run/php/php-fpm.sock is a link on Debian. What a pool itself says is
    kept, because that is what the pool is known by."""
    listens = {str(pool.listen) for master in machine.masters for pool in master.pools if pool.listen.startswith("/")}
    named = {one for site in machine.web.sites for one in site.passes_to if one.startswith("/")}
    paths = [path for path in sorted(listens | named) if "\n" not in path]
    ports = app_sites.loopback(machine)
    if not named or not paths:
        return ports
    (block,) = await host.ask(("real", *paths))
    real = {section.argument: records.text(section.payload).strip("\n") for section in block.of("real")}
    by_real = {real.get(path) or path: path for path in listens}
    return ports | {path: by_real.get(real.get(path) or path, path) for path in paths}


async def _signs(host: HostProbe, paths: Iterable[str]) -> dict[str, str]:
    (block,) = await host.ask(("roots", *paths))
    lines = [line.partition(" ")[::2] for line in (block.text("roots")).split("\n")]
    return {path: sign for sign, path in lines if path}


class _Place(NamedTuple):
    """Where a path leads to, and who owns what lies there."""

    real: str
    owner: str


async def _places(host: HostProbe, paths: list[str]) -> dict[str, _Place]:
    """Those of *paths* that are there."""
    if not paths:
        return {}
    real_block, stat_block = await host.ask(("real", *paths), ("stat", *paths))
    there = records.parse_files(section.payload) if (section := stat_block.first("files")) else {}
    real = {section.argument: records.text(section.payload).strip("\n") for section in real_block.of("real")}
    return {path: _Place(real.get(path, ""), there[path].owner) for path in paths if path in there}


def _distinct(locations: list[AppLocation]) -> list[AppLocation]:
    """One location per real path; a symlink is preferred to its target, because it says what should run. The login's own come first: on a
    server that customers share, they are what it came for."""
    chosen: dict[str, AppLocation] = {}
    for location in sorted(locations, key=lambda each: (each.path == each.root, each.path)):
        if location.root or location.nowhere:
            chosen.setdefault(location.root or location.path, location)
    inside = {location.root for location in chosen.values() if location.kind == "laravel"}
    inside -= {""}
    kept = [location for location in chosen.values() if not any(location.root.startswith(root + "/") for root in inside)]
    return sorted(kept, key=lambda location: (not location.own, location.kind != "laravel", location.path))


def _without_public(path: str) -> str:
    return path.rstrip("/").removesuffix("/public")
