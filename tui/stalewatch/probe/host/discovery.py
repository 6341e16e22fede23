"""Finds the applications and the pool that serves each: by the inventory, else by nginx, the pools and the usual directories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from stalewatch.model import figures, reasons
from stalewatch.model.inventory import AppEntry
from stalewatch.probe.host.parsers import fpm_config, nginx, records

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stalewatch.model.snapshot import Pool, Unseen
    from stalewatch.probe.host.host_probe import HostProbe
    from stalewatch.probe.host.machine import Machine, Master

MAX_APPS = 200
"""More are named as left out: each has its own files to look at, at every tick."""
NAMED = 20
UNUSABLE = "newline"
"""Sign of an application whose path holds a newline: no line of the host probe can carry it."""
_GLOBS = ("/srv/*/current", "/srv/*", "/var/www/*/current", "/var/www/*", "/home/*/current", "/var/www", "/app")
_NGINX = ("/etc/nginx/nginx.conf", "/etc/nginx/conf.d/*.conf", "/etc/nginx/sites-enabled/*")
_KINDS: dict[str, Literal["laravel", "symfony", "wordpress", "php"]] = {
    "artisan": "laravel",
    "bin/console": "symfony",
    "wp-config.php": "wordpress",
}


class AppLocation(msgspec.Struct, frozen=True, kw_only=True):
    """One application: the path as configured, its real path ("" when it is not there), and what it looks like."""

    path: str
    root: str = ""
    kind: Literal["laravel", "symfony", "wordpress", "php"] = "php"
    entry: AppEntry = AppEntry()
    passes_to: str = ""

    @property
    def base(self) -> str:
        """The directory that holds releases and ``current`` (deployer, Envoyer, Capistrano); else the root itself."""
        return self.path.rpartition("/")[0] if self.path.rpartition("/")[2] == "current" and self.root != self.path else self.root


class Found(NamedTuple):
    """The applications to watch, in a stable order. *left_out*: paths of those that were found and are not watched."""

    locations: tuple[AppLocation, ...]
    left_out: tuple[str, ...] = ()


async def discover(host: HostProbe, machine: Machine, entries: tuple[AppEntry, ...]) -> Found:
    """The applications of this server. Entries without a path (only overrides) apply to what is discovered."""
    (found,) = await host.ask(("nginx", *_NGINX))
    sites = nginx.parse_sites(found.text("nginx"))
    passes = {_without_public(site.root): site.passes_to for site in sites}
    named = [entry for entry in entries if entry.path]
    paths = [entry.path.rstrip("/") or "/" for entry in named] if named else _usual(passes, machine)
    signs = await _signs(host, paths)
    if not named:
        # A bare index.php in a usual directory is a default page; it is an application only if nginx serves it.
        paths = [path for path, sign in signs.items() if sign != UNUSABLE and (sign != "index.php" or path in passes)]
    real = await _real_paths(host, paths)
    override = next((entry for entry in entries if not entry.path), AppEntry())
    by_path = {entry.path.rstrip("/") or "/": entry for entry in named}
    locations = [
        AppLocation(
            path=path,
            root=real.get(path, ""),
            kind=_KINDS.get(signs.get(path, ""), "php"),
            entry=by_path.get(path, override),
            passes_to=passes.get(path, passes.get(real.get(path, ""), "")),
        )
        for path in paths
    ]
    kept = locations if named else _distinct(locations)
    unusable = [path for path, sign in signs.items() if sign == UNUSABLE]
    return Found(tuple(kept[:MAX_APPS]), (*(location.path for location in kept[MAX_APPS:]), *unusable))


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
    (found,) = await host.ask(("nginx", *_NGINX))
    roots = (_without_public(site.root) for site in nginx.parse_sites(found.text("nginx")))
    signs = await _signs(host, _usual(roots, machine))
    real = await _real_paths(host, [path for path, sign in signs.items() if sign == "artisan"])
    return len(ours | set(real.values())) < 2


def choose_pool(location: AppLocation, machine: Machine) -> tuple[Master | None, Pool | None]:
    """The pool that serves the app at *location*, and its master: the one that the inventory names, else the one that nginx passes to, else
    one whose chdir or name fits, else the first. If the inventory names a socket that no configuration has: (first master, None)."""
    pairs = [(master, pool) for master in machine.masters for pool in master.pools]
    wanted = location.entry.socket or location.passes_to
    for master, pool in pairs:
        if wanted and pool.listen == wanted:
            return master, pool
    first = machine.masters[0] if machine.masters else None
    if location.entry.socket:
        return first, None
    homes = [home for home in (location.path, location.root) if home]
    for master, pool in pairs:
        chdir, root = _home(pool), fpm_config.chroot_of(pool.settings)
        if root and location.root.startswith(f"{root}/") and chdir == root:
            return master, pool
        if chdir and (chdir in homes or chdir.startswith(tuple(f"{home}/" for home in homes))):
            return master, pool
    names = {part for part in location.path.split("/") if part}
    running = [pair for pair in pairs if pair[0].record is not None] or pairs
    for master, pool in running:
        if pool.name in names:
            return master, pool
    unclaimed = [pair for pair in running if not _home(pair[1])]
    return next(iter(unclaimed or running), (first, None))


def _home(pool: Pool) -> str:
    """The directory that a pool works in, as the server sees it: its chdir, which is below its chroot; "" none."""
    return fpm_config.chroot_of(pool.settings) + str(pool.settings.get("chdir", "")).rstrip("/")


def _usual(roots: Iterable[str], machine: Machine) -> list[str]:
    """Where applications usually are: *roots* of the web server, the directories of the pools, and the customary ones."""
    chdirs = [_home(pool) for master in machine.masters for pool in master.pools]
    return [*roots, *(_without_public(path) for path in chdirs if path not in ("", "/")), *_GLOBS]


async def _signs(host: HostProbe, paths: Iterable[str]) -> dict[str, str]:
    (block,) = await host.ask(("roots", *paths))
    lines = [line.partition(" ")[::2] for line in (block.text("roots")).split("\n")]
    return {path: sign for sign, path in lines if path}


async def _real_paths(host: HostProbe, paths: list[str]) -> dict[str, str]:
    if not paths:
        return {}
    real_block, stat_block = await host.ask(("real", *paths), ("stat", *paths))
    there = records.parse_files(section.payload) if (section := stat_block.first("files")) else {}
    real = {section.argument: records.text(section.payload).strip("\n") for section in real_block.of("real")}
    return {path: real.get(path, "") for path in paths if path in there}


def _distinct(locations: list[AppLocation]) -> list[AppLocation]:
    """One location per real path; a symlink is preferred to its target, because it says what should run."""
    chosen: dict[str, AppLocation] = {}
    for location in sorted(locations, key=lambda each: (each.path == each.root, each.path)):
        if location.root:
            chosen.setdefault(location.root, location)
    inside = {location.root for location in chosen.values() if location.kind == "laravel"}
    kept = [location for location in chosen.values() if not any(location.root.startswith(root + "/") for root in inside)]
    return sorted(kept, key=lambda location: (location.kind != "laravel", location.path))


def _without_public(path: str) -> str:
    return path.rstrip("/").removesuffix("/public")
