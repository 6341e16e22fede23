"""Symlink deploys: the release that requests are answered from against the one that the link leads to, with the root cause."""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING, NamedTuple

from stalewatch.diagnosis import evidence, paths
from stalewatch.diagnosis.context import Context
from stalewatch.diagnosis.memory import earlier_roots
from stalewatch.diagnosis.rule import Rule
from stalewatch.model.report import Evidence, Finding, Layer, Remedy, Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalewatch.model.snapshot import HostFacts, Opcache, Script

FLIP_TOLERANCE = 1.0

OLD_SERVED = Rule(
    code="release.old-served",
    layer=Layer.RELEASE,
    verdict=Verdict.STALE,
    severity=Severity.CRITICAL,
    others=(Verdict.PENDING,),
    meaning="The link points to the new release, but requests are still answered from an old one. Where the web server passes the link "
    "itself and opcache.revalidate_path is 0, OPcache remembers the script that the link pointed to and never resolves it again. With "
    "revalidate_path=1, or where only PHP's realpath cache remembers it, this ends by itself after realpath_cache_ttl.",
    evidence=("served", "current", "last served", "switched", "link", "script passed", "revalidate_path", "realpath_cache_ttl", "repeat"),
    remedy=(Remedy.RELOAD, Remedy.CONFIGURE),
    advice="Pass the real path: nginx $realpath_root, Caddy resolve_root_symlink.",
)
WILL_SERVE_OLD = Rule(
    code="release.link-passed",
    layer=Layer.RELEASE,
    verdict=Verdict.SUSPECT,
    severity=Severity.WARNING,
    others=(Verdict.UNKNOWN,),
    meaning="Nothing was requested since the link was switched, and the web server passes the link itself with "
    "opcache.revalidate_path=0: the next request will probably be answered from the old release.",
    evidence=OLD_SERVED.evidence,
    remedy=(Remedy.RELOAD, Remedy.CONFIGURE),
    advice="Pass the real path: nginx $realpath_root, Caddy resolve_root_symlink.",
)
RULES = (OLD_SERVED, WILL_SERVE_OLD)


class Releases(NamedTuple):
    """The directories that are known to hold releases of the app: *root*, what the link led to at *earlier* looks, and every directory in
    *folder*, if that is called ``releases`` ("" not). Names prove nothing else."""

    root: str
    folder: str = ""
    earlier: tuple[str, ...] = ()

    @classmethod
    def of_app(cls, context: Context, root: str) -> Releases:
        """The releases that *root* is one of."""
        folder = root.rpartition("/")[0]
        return cls(root, folder if folder.endswith("/releases") else "", earlier_roots(context.memory, root))

    def of(self, path: str) -> str:
        """The root of the release that *path* is in ("": in none that is known)."""
        known = max((root for root in (self.root, *self.earlier) if root and path.startswith(f"{root}/")), key=len, default="")
        if known or not self.folder or not path.startswith(f"{self.folder}/"):
            return known
        return f"{self.folder}/{path[len(self.folder) + 1 :].split('/', 1)[0]}"


class Served(NamedTuple):
    """*last*: the entry point of an old release that was used last; *used*: when the current one's was (0 never); *switched*: the link;
    *passed*: whether the web server passes the link itself (None: no worker tells)."""

    last: Script
    release: str
    used: int
    switched: float | None
    passed: bool | None


def judge(context: Context, host: HostFacts) -> Iterator[Finding]:
    """The entry point that was used last against the release that the link leads to."""
    opcache = context.opcache
    if opcache is None or not opcache.enabled or not host.release.link:
        return
    found = find(context, host, opcache)
    if found is None or found.used > found.last.last_used:
        return
    if found.switched is not None and found.last.last_used > found.switched + FLIP_TOLERANCE:
        yield after_the_switch(context, host, opcache, found)
    elif found.switched is None or (not opcache.revalidate_path and found.passed is not False):
        yield not_asked_yet(context, host, opcache, found)


def find(context: Context, host: HostFacts, opcache: Opcache) -> Served | None:
    """What is served of an old release; None: nothing."""
    root = host.release.root
    releases = Releases.of_app(context, root)
    own = [(releases.of(script.path), script) for script in opcache.entry_points if script.cached]
    used = max((script.last_used for release, script in own if release == root and not only_by_us(context, script)), default=0)
    passed = link_passed(context, host, releases)
    switched = switched_at(context, host)
    old = [(release, script) for release, script in own if release not in ("", root)]
    if not old and passed and not opcache.revalidate_path and switched is not None and not used_since(opcache, releases, switched):
        old = unknown_target(context, host, opcache, switched)
    if not old:
        return None
    release, last = max(old, key=lambda pair: pair[1].last_used)
    return Served(last, release, used, switched, passed)


def only_by_us(context: Context, script: Script) -> bool:
    """Whether our own smoke requests alone account for the use of *script*: the web server may pass visitors another one."""
    memory = context.memory
    return memory.asks > 0 and script.hits < memory.asks and abs(script.last_used - floor(memory.asked)) <= FLIP_TOLERANCE


def used_since(opcache: Opcache, releases: Releases, switched: float) -> bool:
    """Whether a script of the current release was used since its link was *switched*. PHP tells whole seconds."""
    return any(script.last_used >= floor(switched) and releases.of(script.path) == releases.root for script in opcache.listed)


def unknown_target(context: Context, host: HostFacts, opcache: Opcache, switched: float) -> list[tuple[str, Script]]:
    """Entry points that the link may have led to before it was switched, where no earlier look tells: of another directory, at the same
    place in it as what the web server passes through the link, and used up to the switch at least.

    Used after it, while nothing of the current one was, they are what the link still leads to for PHP; but only if this pool serves
    nothing else that it could have been.
    """
    link, root = host.release.link, host.release.root
    if switched <= opcache.since:
        return []
    passed = passed_script(context, link)
    place = passed.removeprefix(link)
    seen = context.status.scripts if context.status is not None else ()
    alone = context.fpm is not None and context.fpm.pools_on_server == 1
    alone = alone and not any(script.endswith(place) and not script.startswith(f"{link}/") for script in seen)
    found = []
    for script in opcache.entry_points:
        other = script.path.removesuffix(place)
        if not script.cached or other == script.path or other == root or any(each.startswith(f"{other}/") for each in seen):
            continue
        if alone or script.last_used <= switched + FLIP_TOLERANCE:
            found.append((other, script))
    return found


def after_the_switch(context: Context, host: HostFacts, opcache: Opcache, found: Served) -> Finding:
    """An old release answered after the link was switched (``docs/facts.md#symlink-flip``)."""
    ttl = context.runtime.realpath_cache_ttl if context.runtime is not None else 0
    until = (found.switched or 0.0) + ttl
    heals = (opcache.revalidate_path or found.passed is False) and context.now < until + FLIP_TOLERANCE
    why = ""
    if found.passed and not opcache.revalidate_path:
        why = "; the web server passes the link, and with opcache.revalidate_path=0 this never ends by itself"
    current = paths.name_of(host.release.root)
    return OLD_SERVED.finding(
        found.last.path,
        f"requests are still answered from release {paths.name_of(found.release)}, although the link points to {current}{why}",
        _evidence(context, host, opcache, found),
        since=found.switched,
        until=until if heals else None,
        verdict=Verdict.PENDING if heals else None,
        severity=Severity.INFO if heals else None,
        remedy=(Remedy.WAIT, Remedy.RELOAD) if heals else _remedy(context, found),
        paths=(str(found.last.path),) if found.last.exact else (),
    )


def not_asked_yet(context: Context, host: HostFacts, opcache: Opcache, found: Served) -> Finding:
    """No request since the switch, or its time is not known: what the next one runs depends on the web server
    (``docs/facts.md#symlink-flip``)."""
    current, old = paths.name_of(host.release.root), paths.name_of(found.release)
    probably = found.passed and not opcache.revalidate_path
    ending = "and the next one probably will too" if probably else "and whether the next one will is not known"
    return WILL_SERVE_OLD.finding(
        found.last.path,
        f"the link points to {current}, but the last request ran {old}, {ending}",
        _evidence(context, host, opcache, found),
        since=found.switched,
        verdict=None if probably else Verdict.UNKNOWN,
        remedy=_remedy(context, found),
        paths=(str(found.last.path),) if found.last.exact else (),
    )


def _remedy(context: Context, found: Served) -> tuple[Remedy, ...] | None:
    """An invalidation has PHP look for the script once more, but every worker remembers for ``realpath_cache_ttl`` where the link led, and
    compiles the old one again until then. A reload forgets both."""
    ttl = context.runtime.realpath_cache_ttl if context.runtime is not None else 0
    forgotten = found.switched is not None and context.now > found.switched + ttl + FLIP_TOLERANCE
    return (Remedy.INVALIDATE, Remedy.CONFIGURE) if forgotten else None


def switched_at(context: Context, host: HostFacts) -> float | None:
    """When *root* became the current release: the link's own time, or that of another link on the way, else since when we see it; None:
    not known.

    The diary of deploys does not tell: it notes when a deploy began.
    """
    seen = context.opcache.links if context.opcache is not None else None
    told = [host.release.switched_at, *(link.switched for link in seen or () if link.path == host.release.link)]
    if known := [each for each in told if each]:
        return max(known)
    return context.memory.root_since if context.memory.root == host.release.root else None


def link_passed(context: Context, host: HostFacts, releases: Releases) -> bool | None:
    """Whether a worker's script goes through the link: the web server did not resolve it. None: no worker served this app yet."""
    scripts = context.status.scripts if context.status is not None else ()
    if any(script.startswith(f"{host.release.link}/") for script in scripts):
        return True
    if any(releases.of(script) for script in scripts):
        return False
    return True if passed_script(context, host.release.link) else None


def passed_script(context: Context, link: str) -> str:
    """The script that the web server passes through *link*, by a worker's last request, now or at an earlier look; "" not seen."""
    scripts = context.status.scripts if context.status is not None else ()
    entries = [str(script) for script in (*scripts, context.memory.passed) if paths.name_of(script) == "index.php"]
    return next((script for script in entries if link and script.startswith(f"{link}/")), "")


def _evidence(context: Context, host: HostFacts, opcache: Opcache, found: Served) -> tuple[Evidence, ...]:
    link = host.release.link
    return (
        evidence.text("served", found.last.path),
        evidence.text("current", host.release.root),
        evidence.time("last served", found.last.last_used),
        evidence.time("switched", found.switched),
        evidence.text("link", link),
        evidence.text("script passed", passed_script(context, link)),
        evidence.text("revalidate_path", "on" if opcache.revalidate_path else "off"),
        evidence.age("realpath_cache_ttl", context.runtime.realpath_cache_ttl if context.runtime is not None else 0),
        evidence.command("readlink", "-f", link),
    )
