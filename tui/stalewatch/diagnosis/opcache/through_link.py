"""Scripts that were compiled through a symbolic link, below the app's root or beside code that it shares, which leads elsewhere now
(``docs/facts.md#link-on-the-way``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stalewatch.diagnosis import evidence, paths, repro
from stalewatch.diagnosis.opcache import codes
from stalewatch.diagnosis.opcache.app_scope import AppScope
from stalewatch.model import figures
from stalewatch.model.report import Remedy, Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalewatch.diagnosis.context import Context
    from stalewatch.model.report import Finding
    from stalewatch.model.runtime import CodeLink, Opcache, Script, ThroughLink

NAMED = 3
"""So many of the most used scripts are named."""
TOLERANCE = 1.0
"""Seconds: PHP tells whole ones."""


class Held(NamedTuple):
    """What OPcache holds of the directory *old* that *link* led to: *scripts*, the most used first. *proven*: it is what the next request
    runs. *until*: when PHP looks again where the link leads, None: never."""

    link: CodeLink
    old: str
    scripts: tuple[Script, ...]
    proven: bool
    until: float | None


def judge(context: Context, opcache: Opcache) -> Iterator[Finding]:
    """One finding for each link that was switched and is still followed to where it led (``docs/facts.md#link-on-the-way``)."""
    for held in find(context, opcache):
        if held.until is not None and context.now <= held.until:
            yield _finding(context, opcache, held, Verdict.PENDING)
        else:
            yield _finding(context, opcache, held, Verdict.STALE if held.proven else Verdict.SUSPECT)


def find(context: Context, opcache: Opcache) -> Iterator[Held]:
    """Links of this app with old scripts behind them, then links beside shared code. What a key or the web server reaches through a link of
    this app is its code, even if it was found as an application of its own."""
    ours = AppScope.of(context)
    links = {str(link.path): link for link in opcache.links or ()}
    own = {path for path in links if f"{path}/".startswith(f"{context.root}/")}
    through = [each for each in opcache.through or () if each.link in links and each.script.cached]
    together: dict[tuple[str, str], list[ThroughLink]] = {}
    for each in (each for each in through if each.link in own):
        if each.keyed or ours.concerns(each.script.path) or _passed(context, each):
            together.setdefault((str(each.link), str(each.old)), []).append(each)
    told = {each.script.path for compiled in together.values() for each in compiled}
    for each in (each for each in through if each.link not in own and each.script.path not in told):
        shared = ours.concerns(each.link) and ours.concerns(each.script.path) and not ours.inside(each.script.path)
        if shared and _elsewhere(context, links[each.link]):
            together.setdefault((str(each.link), str(each.old)), []).append(each)
    for (path, old), compiled in together.items():
        held = _held(context, opcache, links[path], old, compiled)
        if held is not None:
            yield held


def _elsewhere(context: Context, link: CodeLink) -> bool:
    """Whether *link* is on the way to other code than the app itself: what leads to that is judged as its release."""
    release = context.host.release.link if context.host is not None else ""
    return link.path not in (context.snapshot.app, release) and not f"{context.root}/".startswith(f"{link.target}/")


def _held(context: Context, opcache: Opcache, link: CodeLink, old: str, compiled: list[ThroughLink]) -> Held | None:
    """A key of OPcache is followed for ever. Without one PHP asks its realpath cache where the path leads: until its ttl is over, the
    answer may be the old one; after that only the use of the old scripts tells."""
    if any(each.keyed for each in compiled):
        return Held(link, old, _by_use(compiled), proven=True, until=None)
    ttl = context.runtime.realpath_cache_ttl if context.runtime is not None else 0
    until = link.switched + ttl + (opcache.revalidate_freq if opcache.validate_timestamps else 0) + TOLERANCE
    since = link.switched if context.now <= until else until
    used = [each for each in compiled if each.script.last_used > since + TOLERANCE]
    return Held(link, old, _by_use(compiled), proven=any(_passed(context, each) for each in used), until=until) if used else None


def _passed(context: Context, each: ThroughLink) -> bool:
    """Whether the web server passes it by its path through the link."""
    scripts = context.status.scripts if context.status is not None else ()
    return f"{each.link}{each.script.path[len(each.old) :]}" in {*map(str, scripts), context.memory.passed}


def without_opcache(context: Context) -> Iterator[Finding]:
    """OPcache is off, and PHP's realpath cache still knows where the app's link led: until its ttl is over
    (``docs/facts.md#link-on-the-way``)."""
    release = context.host.release if context.host is not None else None
    ttl = context.runtime.realpath_cache_ttl if context.runtime is not None else 0
    if release is None or not release.link or release.switched_at is None or not ttl:
        return
    until = release.switched_at + ttl + TOLERANCE
    started = context.status.started if context.status is not None else 0.0
    if context.now > until or started > release.switched_at:
        return
    yield codes.LINK_SWITCHED.finding(
        release.link,
        f"the link {release.link} leads to {release.root} now, and workers may follow it to where it led before until their realpath cache "
        "forgets that (realpath_cache_ttl)",
        (
            evidence.text("leads to", release.root),
            evidence.time("switched", release.switched_at),
            evidence.time("forgotten by", until),
            evidence.command("readlink", "-f", release.link),
        ),
        since=release.switched_at,
        until=until,
        verdict=Verdict.PENDING,
        severity=Severity.INFO,
        remedy=(Remedy.WAIT, Remedy.RELOAD),
    )


def _by_use(compiled: list[ThroughLink]) -> tuple[Script, ...]:
    return tuple(sorted((each.script for each in compiled), key=lambda script: (-script.hits.bit_length(), script.path)))


def _finding(context: Context, opcache: Opcache, held: Held, verdict: Verdict) -> Finding:
    """What is said of one link (``docs/facts.md#link-on-the-way``)."""
    itself = held.link.path == context.root
    link = str(held.link.path) if itself else paths.short(held.link.path, context.root)
    names = [f"{link}{script.path[len(held.old) :]}" for script in held.scripts]
    count = figures.count(len(names), "script")
    holds = "may still run" if verdict is Verdict.SUSPECT else "still runs"
    now = f"{link} is a folder now" if held.link.path == held.link.target else f"the link {link} leads to {held.link.target} now"
    said = f"{now}, and PHP {holds} {count} of {held.old}, where it led before: most used {names[0]}"
    if verdict is Verdict.PENDING:
        said += "; this ends when PHP looks again where the link leads (realpath_cache_ttl)"
    used = ", ".join(f"{name} ({figures.count(one.hits, 'hit')})" for name, one in zip(names[:NAMED], held.scripts, strict=False))
    pending = verdict is Verdict.PENDING
    return codes.LINK_SWITCHED.finding(
        held.link.path,
        said,
        (
            evidence.text("led to", held.old),
            evidence.text("leads to", held.link.target),
            evidence.time("switched", held.link.switched),
            evidence.time("last used", max(script.last_used for script in held.scripts) or None),
            evidence.number("scripts", len(names)),
            evidence.text("most used", used),
            evidence.time("cache since", opcache.since),
            evidence.command("readlink", "-f", held.link.path),
            *repro.script_command(context, held.scripts[0].path),
        ),
        since=held.link.switched,
        until=held.until if pending else None,
        verdict=verdict,
        severity=None if verdict is Verdict.STALE else Severity.INFO if pending else Severity.WARNING,
        remedy=(Remedy.WAIT, Remedy.RELOAD) if pending else None,
        paths=tuple(str(script.path) for script in held.scripts if script.exact),
    )
