"""Symfony's compiled container (layer config) and routes against the configuration that they are made from (``docs/facts.md#symfony``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.diagnosis import evidence, inputs, paths
from stalewatch.diagnosis.context import Context, Ruling, rule_on
from stalewatch.diagnosis.rule import Rule
from stalewatch.model import figures
from stalewatch.model.layers import Layer
from stalewatch.model.report import Finding, Remedy, Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stalewatch.model.report import Report
    from stalewatch.model.snapshot import Compiled, Pool, SymfonyFacts

_TITLES = {Layer.CONFIG: "compiled container", Layer.ROUTES: "compiled routes"}
_ADVICE = "`bin/console cache:clear` as the pool's user, in the environment that is served; then reload PHP-FPM."
_EVIDENCE = ("source modified", "source changed", "compiled", "compiled file", "environment", "removed", "more sources", "repeat")

STALE = {
    layer: Rule(
        code=f"{layer}.compiled-stale",
        layer=layer,
        verdict=Verdict.STALE,
        severity=Severity.CRITICAL,
        meaning=f"A configuration file of Symfony's {title} is newer than what was compiled, is new, or is gone. Without debug mode "
        "Symfony does not compare them, and a restart of PHP-FPM does not help.",
        evidence=_EVIDENCE,
        remedy=(Remedy.REBUILD,),
        advice=_ADVICE,
    )
    for layer, title in _TITLES.items()
}
SUSPECT = {
    layer: Rule(
        code=f"{layer}.compiled-suspect",
        layer=layer,
        verdict=Verdict.SUSPECT,
        severity=Severity.WARNING,
        meaning=f"A configuration file of Symfony's {title} has a newer ctime than what was compiled, but not a newer mtime: a chmod, or "
        "new content with an old time (rsync -t, cp -p).",
        evidence=_EVIDENCE,
        remedy=(Remedy.REBUILD,),
        advice=_ADVICE,
    )
    for layer, title in _TITLES.items()
}
UNSEEN = {
    layer: Rule(
        code=f"{layer}.compiled-unseen",
        layer=layer,
        verdict=Verdict.UNKNOWN,
        severity=Severity.WARNING,
        meaning=f"Symfony's {title} was not looked for, or the .meta file beside it, which lists what it is made from, is not there or may "
        "not be read. Or it lists files that were not looked at: they are more than stalewatch reads, or the login may not search their "
        "folder. Or several environments are compiled, and neither the pool's APP_ENV nor what OPcache holds tells which one is served.",
        evidence=("files", "compiled", "compiled file", "environment", "repeat"),
        advice="Let the login read var/cache and what its .meta files list; where several environments are compiled, set env[APP_ENV] "
        "in the pool.",
    )
    for layer, title in _TITLES.items()
}
LAYERS = tuple(_TITLES)
USUAL = "prod"


def rules_of(layer: Layer) -> tuple[Rule, ...]:
    """Everything that can be said of *layer* ("" none) in a Symfony application."""
    return tuple(table[layer] for table in (STALE, SUSPECT, UNSEEN) if layer in table)


def judge(context: Context, layer: Layer) -> Ruling:
    """*layer* of a Symfony application. Nothing compiled, or only for debugging: absent, because Symfony then reads the sources."""
    if context.host is None:
        return Ruling(Verdict.UNKNOWN)
    facts = context.host.symfony
    if facts is None:
        return rule_on(Verdict.UNKNOWN, unseen(context, layer, None))
    compiled = served(context, facts, layer)
    there = compiled or _newest(facts.compiled, layer)  # nothing compiled for the likeliest environment does not make another one absent
    if there is not None and (several := undecided(context, facts)):
        behind = older(context, layer, compiled) if compiled is not None else ()
        return rule_on(Verdict.UNKNOWN, (*environment_unseen(context, layer, there, several), *behind))
    if compiled is None:
        return Ruling(Verdict.ABSENT) if facts.found else rule_on(Verdict.UNKNOWN, unseen(context, layer, None))
    return rule_on(Verdict.FRESH, (*unseen(context, layer, compiled), *older(context, layer, compiled)))


def environment_served(report: Report) -> str:
    """The environment that *report*'s pool serves a Symfony application in ("" it is none, or nothing is compiled)."""
    by = {rule.code for table in (STALE, SUSPECT) for rule in table.values()}
    told = (each.value for found in report.findings if found.code in by for each in found.evidence if each.label == "environment")
    if judged := next(told, None):
        return str(judged)
    facts = report.host.symfony if report.host is not None else None
    pool = report.fpm.pool if report.fpm is not None else None
    held = tuple(str(script.path) for script in report.opcache.listed) if report.opcache is not None else ()
    return _environment(facts, pool, held, str(report.host.release.root) if report.host is not None else "")


def served(context: Context, facts: SymfonyFacts, layer: Layer) -> Compiled | None:
    """What was compiled for the environment that the pool serves."""
    environment = _environment(facts, _pool(context), _held(context), context.root)
    return _newest((each for each in facts.compiled if each.environment == environment), layer)


def _newest(compiled: Iterable[Compiled], layer: Layer) -> Compiled | None:
    """What was compiled last of *layer*."""
    return max((each for each in compiled if each.layer == layer.value), key=lambda each: each.file.mtime, default=None)


def undecided(context: Context, facts: SymfonyFacts) -> tuple[str, ...]:
    """The environments that may be served, where nothing tells which; () it is told, or there is one only."""
    folders = _folders(facts, context.root)
    pool = _pool(context)
    told = (pool is not None and pool.settings.get("env[APP_ENV]")) or _listed(context)
    return () if told or len(folders) < 2 else tuple(sorted(folders))


def environment_unseen(context: Context, layer: Layer, compiled: Compiled, several: tuple[str, ...]) -> Iterator[Finding]:
    """Which of *several* is served is not known (``docs/facts.md#symfony``)."""
    yield UNSEEN[layer].finding(
        compiled.file.path,
        f"Symfony's {_TITLES[layer]} is there for {figures.several(several)}, and which of them is served could not be seen",
        (
            evidence.time("compiled", compiled.file.mtime),
            evidence.text("compiled file", compiled.file.path),
            evidence.text("environment", ", ".join(several)),
            evidence.command("ls", "-l", "--", paths.absolute("var/cache", context.root)),
        ),
    )


def _pool(context: Context) -> Pool | None:
    return context.fpm.pool if context.fpm is not None else None


def _held(context: Context) -> tuple[str, ...]:
    """The paths that OPcache holds, by this look and by earlier ones of the same cache."""
    cached = context.opcache
    if cached is None:
        return ()
    remembered = context.memory.scripts if context.memory.since == cached.since else {}
    return (*(str(script.path) for script in cached.listed), *remembered)


def _listed(context: Context) -> bool:
    """Whether a list of all that this cache holds was seen: then it holds none of what is not in it."""
    cached, memory = context.opcache, context.memory
    return cached is not None and (bool(cached.scripts) or (memory.since == cached.since and memory.scripts_at is not None))


def _folders(facts: SymfonyFacts, root: str) -> dict[str, str]:
    """Where each environment is compiled."""
    return {str(each.environment): paths.absolute(each.file.path, root).rpartition("/")[0] + "/" for each in facts.compiled}


def _held_of(folders: dict[str, str], held: tuple[str, ...]) -> set[str]:
    return {name for name, folder in folders.items() if any(path.startswith(folder) for path in held)}


def _environment(facts: SymfonyFacts | None, pool: Pool | None, held: tuple[str, ...], root: str) -> str:
    """By the pool's ``APP_ENV``, by what OPcache holds, else ``prod``, else the one that was compiled last."""
    if facts is None:
        return ""
    folders = _folders(facts, root)
    named = str(pool.settings.get("env[APP_ENV]", "")) if pool is not None else ""
    if named:
        return named if named in folders else ""
    left = _held_of(folders, held) or ({USUAL} & set(folders)) or set(folders)
    return max((each for each in facts.compiled if each.environment in left), key=lambda each: each.file.mtime).environment if left else ""


def older(context: Context, layer: Layer, compiled: Compiled) -> Iterator[Finding]:
    """A source is newer, new or gone (``docs/facts.md#symfony``), or only its ctime is newer (``docs/facts.md#ctime``)."""
    title, file = _TITLES[layer], compiled.file
    behind = inputs.compare(compiled.sources or (), file.mtime, file.ctime, None, context.now)
    rule, sources = (STALE[layer], behind.proven) if behind.proven or compiled.gone else (SUSPECT[layer], behind.touched)
    if not sources and not compiled.gone:
        return
    first = sources[0] if sources else None
    names = figures.several([*(each.path for each in sources), *compiled.gone], 2)
    many = len(sources) + len(compiled.gone)
    how = "removed" if not sources else "changed on disk" if rule is SUSPECT[layer] else "changed"
    told = [
        evidence.time("source modified", first.mtime if first is not None else None),
        evidence.time("source changed", first.ctime if first is not None else None),
        evidence.time("compiled", file.mtime),
        evidence.text("compiled file", file.path),
        evidence.text("environment", compiled.environment),
        evidence.text("removed", figures.several(list(compiled.gone), 10) if compiled.gone else ""),
    ]
    if many > 1:
        told.append(evidence.number("more sources", many - 1))
    looked_at = [first.path] if first is not None else []
    yield rule.finding(
        first.path if first is not None else compiled.gone[0],
        f"{names} {figures.agree(many, 'was', 'were')} {how} after Symfony's {title} was made for {compiled.environment}",
        (*told, evidence.stat(*(paths.absolute(path, context.root) for path in (*looked_at, file.path)))),
        since=min((inputs.came(each, file.mtime, None) for each in sources), default=None),
    )


def unseen(context: Context, layer: Layer, compiled: Compiled | None) -> Iterator[Finding]:
    """Nothing tells what it is made from, or whether it is there (*compiled* None) (``docs/facts.md#symfony``)."""
    if compiled is None:
        yield UNSEEN[layer].finding(
            "var/cache",
            f"Symfony's {_TITLES[layer]} could not be looked for",
            (evidence.command("ls", "-l", "--", paths.absolute("var/cache", context.root)),),
        )
    elif compiled.sources is None or compiled.unread:
        said = f"{figures.count(compiled.unread, 'file')} that Symfony's {_TITLES[layer]} is made from could not be looked at"
        yield UNSEEN[layer].finding(
            compiled.file.path,
            said if compiled.unread else f"what Symfony's {_TITLES[layer]} is made from could not be read",
            (
                *([evidence.number("files", compiled.unread)] if compiled.unread else []),
                evidence.time("compiled", compiled.file.mtime),
                evidence.text("compiled file", compiled.file.path),
                evidence.text("environment", compiled.environment),
                evidence.command("ls", "-l", "--", paths.absolute(f"{compiled.file.path}.meta", context.root)),
            ),
        )
