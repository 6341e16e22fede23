"""What is on the disk, and which release is really served."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.diagnosis import words
from tui.diagnosis.look import Look, Ruling, rule_on
from tui.diagnosis.opcache.ours import base_of, release_of
from tui.diagnosis.rule import Rule
from tui.report import Evidence, Finding, Layer, Remedy, Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui.snapshot import HostFacts, Opcache, Script

LEFT_OVER = 3_600.0
"""Seconds after which the sign of a deploy is taken for one that was left lying about."""
FLIP_TOLERANCE = 1.0

OLD_SERVED = Rule(
    code="release.old-served",
    layer=Layer.RELEASE,
    verdict=Verdict.STALE,
    severity=Severity.CRITICAL,
    others=(Verdict.PENDING,),
    meaning="The link points to the new release, but requests are still answered from an old one. Where the web server passes the "
    "link itself and "
    "opcache.revalidate_path is 0, OPcache keeps which script the link led to and never asks again. With revalidate_path=1, or while "
    "only PHP's own realpath "
    "cache remembers, it ends by itself after realpath_cache_ttl.",
    evidence=("served", "current", "last served", "switched", "link", "script passed", "revalidate_path", "realpath_cache_ttl", "repeat"),
    remedy=(Remedy.INVALIDATE, Remedy.CONFIGURE),
    advice="Pass the real path: nginx $realpath_root, Caddy resolve_root_symlink.",
)
WILL_SERVE_OLD = Rule(
    code="release.link-passed",
    layer=Layer.RELEASE,
    verdict=Verdict.SUSPECT,
    severity=Severity.WARNING,
    meaning="Nothing was requested since the link was switched, and the web server passes the link itself with "
    "opcache.revalidate_path=0: the next request "
    "will probably be answered from the old release.",
    evidence=OLD_SERVED.evidence,
    remedy=(Remedy.INVALIDATE, Remedy.CONFIGURE),
    advice="Pass the real path: nginx $realpath_root, Caddy resolve_root_symlink.",
)
UNDER_WAY = Rule(
    code="release.deploy-under-way",
    layer=Layer.RELEASE,
    verdict=Verdict.PENDING,
    severity=Severity.INFO,
    meaning="A deploy is running right now: what is seen now is neither the old nor the new state.",
    evidence=("sign", "since", "who", "repeat"),
    remedy=(Remedy.WAIT,),
)
LOCK_LEFT = Rule(
    code="release.deploy-lock-left",
    layer=Layer.RELEASE,
    verdict=Verdict.FRESH,
    severity=Severity.WARNING,
    meaning="The sign of a running deploy (a lock file) has been there for more than an hour: probably left by a deploy that died.",
    evidence=UNDER_WAY.evidence,
)
DIRTY = Rule(
    code="release.dirty",
    layer=Layer.RELEASE,
    verdict=Verdict.FRESH,
    severity=Severity.INFO,
    meaning="Tracked files in the checkout differ from the commit: somebody edited on the server.",
    evidence=("commit", "files", "repeat"),
)
MIXED = Rule(
    code="release.mixed",
    layer=Layer.RELEASE,
    verdict=Verdict.SUSPECT,
    severity=Severity.WARNING,
    others=(Verdict.PENDING,),
    meaning="Servers of one app have different commits on disk. Said of the servers that differ from most (of the older ones, where "
    "it is even). While a deploy "
    "runs on one of them it is pending.",
    evidence=("commit", "others", "servers", "deployed"),
    remedy=(Remedy.CONFIGURE,),
    advice="Deploy the servers that were left out.",
)
RULES = (OLD_SERVED, WILL_SERVE_OLD, UNDER_WAY, LOCK_LEFT, DIRTY, MIXED)


def judge(look: Look) -> Ruling:
    """The release layer."""
    if look.host is None:
        return Ruling(Verdict.UNKNOWN)
    base = Verdict.FRESH if look.laravel else Verdict.ABSENT
    return rule_on(base, (*under_way(look, look.host), *served(look, look.host), *dirty(look.host)))


def under_way(look: Look, host: HostFacts) -> Iterator[Finding]:
    """Somebody deploys, or a deploy died and left its lock."""
    deploy = host.release.under_way
    if deploy is None:
        return
    left = look.now - deploy.since > LEFT_OVER
    rule = LOCK_LEFT if left else UNDER_WAY
    who = f" by {deploy.who}" if deploy.who else ""
    said = (
        f"{deploy.sign} says that a deploy{who} is running, for more than an hour now"
        if left
        else f"a deploy{who} is under way ({deploy.sign})"
    )
    yield rule.finding(
        deploy.sign,
        said,
        (
            words.text("sign", deploy.sign),
            words.time("since", deploy.since),
            words.text("who", deploy.who),
            words.stat(words.absolute(deploy.sign, look.root)),
        ),
    )


def served(look: Look, host: HostFacts) -> Iterator[Finding]:
    """The entry point that was used last against the release that the link leads to."""
    opcache, root = look.opcache, host.release.root
    base = base_of(root)
    if opcache is None or not opcache.entry_points or base == root:
        return
    own = [script for script in opcache.entry_points if script.cached and release_of(script.path, base)]
    old = [script for script in own if release_of(script.path, base) != root]
    if not old:
        return
    last = max(old, key=lambda script: script.last_used)
    switched = switched_at(look, host)
    current = max((script.last_used for script in own if release_of(script.path, base) == root), default=0)
    if current > last.last_used:
        return
    if switched is not None and last.last_used > switched + FLIP_TOLERANCE:
        yield _served_after(look, host, opcache, last, switched)
    elif (switched is None or current <= switched) and link_passed(look, host) and not opcache.revalidate_path:
        yield WILL_SERVE_OLD.finding(
            last.path,
            f"the link leads to {words.name_of(root)}, but the last request ran {_release(last, base)}, and the next one probably will",
            _evidence(look, host, opcache, last, switched),
            since=switched,
            paths=(str(last.path),) if last.exact else (),
        )


def _served_after(look: Look, host: HostFacts, opcache: Opcache, last: Script, switched: float) -> Finding:
    root, base = host.release.root, base_of(host.release.root)
    ttl = look.runtime.realpath_cache_ttl if look.runtime is not None else 0
    heals = (opcache.revalidate_path or not link_passed(look, host)) and look.now < switched + ttl + FLIP_TOLERANCE
    why = ""
    if link_passed(look, host) and not opcache.revalidate_path:
        why = "; the web server passes the link, and with opcache.revalidate_path=0 it never ends by itself"
    return OLD_SERVED.finding(
        last.path,
        f"requests are still answered from release {_release(last, base)}, although the link leads to {words.name_of(root)}{why}",
        _evidence(look, host, opcache, last, switched),
        since=switched,
        until=switched + ttl if heals else None,
        verdict=Verdict.PENDING if heals else None,
        severity=Severity.INFO if heals else None,
        remedy=(Remedy.WAIT, Remedy.INVALIDATE) if heals else None,
        paths=(str(last.path),) if last.exact else (),
    )


def switched_at(look: Look, host: HostFacts) -> float | None:
    """When *root* became the current release: the link's own time, else since when we see it; None: not known.

    The diary of deploys does not tell: it notes when a deploy began.
    """
    if host.release.switched_at is not None:
        return host.release.switched_at
    return look.memory.root_since if look.memory.root == host.release.root else None


def link_passed(look: Look, host: HostFacts) -> bool:
    """Whether a worker's script goes through the link: the web server did not resolve it."""
    link = host.release.link
    scripts = look.status.workers if look.status is not None else ()
    return bool(link) and any(worker.script.startswith(f"{link}/") for worker in scripts)


def dirty(host: HostFacts) -> Iterator[Finding]:
    """Edited on the server."""
    if host.release.dirty:
        yield DIRTY.finding(
            host.release.root,
            f"{words.count(host.release.dirty, 'tracked file')} differ{'s' if host.release.dirty == 1 else ''} from the commit",
            (
                words.text("commit", host.release.commit),
                words.number("files", host.release.dirty),
                words.command("git", "-C", host.release.root, "status", "--short", "--untracked-files=no"),
            ),
        )


def _release(script: Script, base: str) -> str:
    return words.name_of(release_of(script.path, base))


def _evidence(look: Look, host: HostFacts, opcache: Opcache, last: Script, switched: float | None) -> tuple[Evidence, ...]:
    link = host.release.link
    passed = (
        next((worker.script for worker in look.status.workers if link and worker.script.startswith(f"{link}/")), "") if look.status else ""
    )
    return (
        words.text("served", last.path),
        words.text("current", host.release.root),
        words.time("last served", last.last_used),
        words.time("switched", switched),
        words.text("link", link),
        words.text("script passed", passed),
        words.text("revalidate_path", "on" if opcache.revalidate_path else "off"),
        words.age("realpath_cache_ttl", look.runtime.realpath_cache_ttl if look.runtime is not None else 0),
        words.command("readlink", "-f", link or look.snapshot.app),
    )
