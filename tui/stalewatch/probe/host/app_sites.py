"""Which sites of the web servers belong to which application, and where their PHP requests go. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from stalewatch.probe.host.machine import Machine, Master
    from stalewatch.probe.host.web_server.site import Site

_ABOVE_THE_DOCROOT = ("artisan", "bin/console")


class Destination(NamedTuple):
    """*address*: the one pool that requests go to ("" none is named). *undecided*: why it is not one. *shared*: of several pools that are
    named all belong to one running master, so they hold the same bytecode. *runs_php*: requests go to no pool, the web server is PHP."""

    address: str = ""
    undecided: str = ""
    shared: bool = False
    runs_php: bool = False


def candidates(sites: Iterable[Site]) -> list[str]:
    """Where the applications of *sites* can have their roots: the directory of the scripts, and the one above it."""
    return list(dict.fromkeys(path for site in sites if site.root for path in (site.root.rpartition("/")[0], site.root) if path))


def home(site: Site, signs: Mapping[str, str]) -> str:
    """The root of the application that *site* serves, by what lies there (*signs*: path -> file); "" none."""
    above = site.root.rpartition("/")[0]
    if signs.get(above) in _ABOVE_THE_DOCROOT or (site.root.endswith("/public") and signs.get(above)):
        return above
    return site.root if signs.get(site.root) else ""


def owned(sites: Iterable[Site], real: Mapping[str, str], roots: Iterable[str]) -> dict[str, list[Site]]:
    """The sites of each of *roots* (real paths of applications): a site belongs to the innermost one that its scripts lie in."""
    found: dict[str, list[Site]] = {}
    inner_first = sorted(roots, key=len, reverse=True)
    for site in sites:
        docroot = real.get(site.root, "")
        owner = next((root for root in inner_first if docroot == root or docroot.startswith(f"{root}/")), "")
        if docroot and owner:
            found.setdefault(owner, []).append(site)
    return found


def destination(sites: Sequence[Site], machine: Machine, real: Mapping[str, str]) -> Destination:
    """Where *sites* pass requests. *real*: real paths of sockets, so that two names of one socket are one."""
    told = [site for site in sites if site.passes_to or site.undecided]
    if itself := next((site for site in sites if site.runs_php), None):
        who = f"{itself.server} runs the PHP of {itself.names[0] if itself.names else itself.root} itself"
        return Destination(undecided=f"{who}, and other requests go to PHP-FPM" if told else who, runs_php=not told)
    addresses = list(dict.fromkeys(real.get(one) or one for site in told for one in site.passes_to))
    why = next((site.undecided for site in told if site.undecided), "")
    if not why and len(addresses) < 2:
        return Destination(addresses[0] if addresses else "")
    masters = {master.config_path if master is not None else "" for master in _masters(addresses, machine, real)}
    running = [master for master in machine.masters if master.record is not None]
    if len(running) == 1 and masters <= {running[0].config_path}:
        return Destination(addresses[0] if addresses else "", shared=True)
    if not addresses:
        return Destination(undecided=why)
    return Destination(undecided=f"{why or 'requests go to several pools'} ({', '.join(addresses[:4])})")


def loopback(machine: Machine) -> dict[str, str]:
    """``127.0.0.1:9000`` and ``[::1]:9000`` -> what the pool on that port says itself."""
    found: dict[str, str] = {}
    for listen in (str(pool.listen) for master in machine.masters for pool in master.pools):
        name, _, port = listen.rpartition(":")
        for other in ("127.0.0.1", "[::1]") if name in ("127.0.0.1", "[::1]", "localhost") else ():
            found.setdefault(f"{other}:{port}", listen)
    return found


def _masters(addresses: Iterable[str], machine: Machine, real: Mapping[str, str]) -> Iterable[Master | None]:
    for address in addresses:
        owners = [master for master in machine.masters if any((real.get(pool.listen) or pool.listen) == address for pool in master.pools)]
        yield next((master for master in owners if master.record is not None), next(iter(owners), None))
