"""Which file of which release a passed path leads to, for PHP, now: every link on the way, not only the app root's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.diagnosis import paths, served
from stalewatch.diagnosis.chain.link import Observed, broken, ok, unseen
from stalewatch.diagnosis.opcache import codes
from stalewatch.diagnosis.opcache.app_scope import AppScope
from stalewatch.diagnosis.opcache.requested import any_script
from stalewatch.model import figures, reasons
from stalewatch.model.chain import LinkName
from stalewatch.model.layers import Layer
from stalewatch.model.replace import replace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stalewatch.diagnosis.context import Context, Ruling
    from stalewatch.model.runtime import CodeLink, Opcache
    from stalewatch.model.snapshot import HostFacts
    from stalewatch.model.unseen import Unseen

WRONG = frozenset({served.OLD_SERVED.code, served.WILL_SERVE_OLD.code, codes.LINK_SWITCHED.code})
"""Findings that say where else a path leads, for PHP."""
NO_LINKS = "the pool was not asked, or cannot see, which links lead to the code that it runs"
ADVICE = "take lstat out of disable_functions, and let open_basedir hold the application's root and what its links lead to"


def judge(context: Context, rulings: Mapping[Layer, Ruling]) -> Observed | None:
    """None where the cache was not seen or holds no script of this app: then no path leads anywhere yet, and the next request asks the
    disk."""
    host, opcache = context.host, context.opcache
    if host is None or opcache is None or not opcache.enabled:
        return None
    told = {"script": _script(context, opcache), "passed": _passed(context), "leads to": context.root}
    if host.release.link and not context.witness.shows:
        return _unseen("nothing shows that the pool that was asked serves this app, so where its link leads for PHP is not known", told)
    if not any_script(context, opcache, AppScope.of(context)):
        return _unseen(_not_requested(context), told) if _may_be_old(context, host, opcache) else None
    wrong = [finding for layer in (Layer.RELEASE, Layer.OPCACHE) for finding in rulings[layer].findings if finding.code in WRONG]
    if wrong:
        seen = broken(LinkName.ENTRY, str(wrong[0].summary), "OPcache's scripts and the links on the way", **told)
        missing = _reason(NO_LINKS) if opcache.links is None else None  # another link may be wrong too
        return Observed(replace(seen.link, missing=missing))
    if opcache.links is None:
        return _unseen(NO_LINKS, told)
    own = tuple(link for link in opcache.links if link.path.startswith(f"{context.root}/"))
    roots = tuple(link for link in opcache.links if host.release.link and link.path == host.release.link)
    if other := next((link for link in roots if link.target != context.root), None):
        return _disagree(f"for the pool {other.path} leads to {other.target}, and for this login to {context.root}", told)
    switched = [link for link in own if link.switched >= opcache.since]
    if switched and opcache.through is None:
        return _unseen(
            f"there was no time to ask what was compiled through {figures.several([str(link.path) for link in switched], 2)}", told
        )
    moved = release_moved(context)
    followed = "" if moved is None else _followed(context, host, moved)
    if moved is not None and not followed:
        return _unseen(_not_requested(context), told)
    return ok(LinkName.ENTRY, _says(context, host), followed or ("OPcache's keys" if switched else _unmoved(own, roots)), **told)


def release_moved(context: Context) -> float | None:
    """When the app's own link was switched, if that was since the cache began; None: it was not."""
    host, opcache = context.host, context.opcache
    if host is None or opcache is None or not host.release.link:
        return None
    switched = served.switched_at(context, host)
    return switched if switched is not None and switched > opcache.since else None


def requested(context: Context, switched: float) -> bool:
    """Whether a script of the current release was used since its link was *switched*, at this look or at an earlier one."""
    opcache, releases = context.opcache, served.Releases.of_app(context, context.root)
    if context.memory.entered == switched and context.memory.root == context.root:
        return True
    return opcache is not None and served.used_since(opcache, releases, switched)


def _says(context: Context, host: HostFacts) -> str:
    """``releases/7``; without a link the name of the root."""
    folder, _, name = context.root.rpartition("/")
    return f"{paths.name_of(folder)}/{name}" if host.release.link and folder.endswith("/releases") else name or context.root


def _unmoved(own: tuple[CodeLink, ...], roots: tuple[CodeLink, ...]) -> str:
    counted = len(own) + len(roots)
    return f"no link on the way was switched since the cache began ({counted} seen)" if own or roots else "no link on the way"


def _script(context: Context, opcache: Opcache) -> str:
    """The entry point of the app that was used last, "" none is called index.php."""
    ours = AppScope.of(context)
    own = [script for script in opcache.entry_points if script.cached and ours.inside(script.path)]
    return str(max(own, key=lambda script: script.last_used).path) if own else ""


def _passed(context: Context) -> str:
    """A script of this app as the web server passed it last, by the status page; "" it does not tell."""
    ours = AppScope.of(context)
    scripts = context.status.scripts if context.status is not None else ()
    return next((str(script) for script in scripts if ours.inside(script)), "")


def _followed(context: Context, host: HostFacts, switched: float) -> str:
    """Who shows that requests follow the app's link to where it was *switched*; "" nobody."""
    if requested(context, switched):
        return "requested since the link was switched"
    resolved = served.link_passed(context, host, served.Releases.of_app(context, context.root)) is False
    return "the web server passes real paths" if resolved else ""


def _unseen(why: str, told: Mapping[str, str]) -> Observed:
    return unseen(LinkName.ENTRY, _reason(why), **told)


def _reason(why: str) -> Unseen:
    return reasons.CHAIN_ENTRY_UNSEEN.unseen(why, ADVICE)


def _not_requested(context: Context) -> str:
    return f"nothing of {paths.name_of(context.root)} was requested since the link was switched to it"


def _may_be_old(context: Context, host: HostFacts, opcache: Opcache) -> bool:
    """Whether the cache has an entry point of no known application, which the app's link may have led to before it was switched, and no
    status page that tells what the web server passes."""
    if context.status is not None or opcache.revalidate_path or release_moved(context) is None:
        return False
    known = tuple(f"{root}/" for root in host.other_apps)
    return any(entry.cached and not entry.path.startswith(known) for entry in opcache.entry_points)


def _disagree(says: str, told: Mapping[str, str]) -> Observed:
    """Witnesses that say different things: nothing behind this link is fresh."""
    seen = broken(LinkName.ENTRY, says, "readlink from both sides", **told)
    return Observed(replace(seen.link, missing=reasons.CHAIN_BROKEN.unseen(f"{LinkName.ENTRY}: {says}")))
