"""Discovered packages: what the manifests say is compared, never the times (``docs/facts.md#laravel-packages``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.diagnosis import composer, evidence, paths
from stalewatch.diagnosis.context import Context, Ruling, rule_on
from stalewatch.diagnosis.rule import Rule
from stalewatch.model import figures
from stalewatch.model.report import Finding, Layer, Remedy, Severity, Verdict
from stalewatch.model.times import written_by

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalewatch.model.snapshot import CacheFile, PackageFacts

DIFFER = Rule(
    code="packages.differ",
    layer=Layer.PACKAGES,
    verdict=Verdict.STALE,
    severity=Severity.CRITICAL,
    meaning="bootstrap/cache/packages.php does not say what composer's installed.json says: providers of new packages are not loaded, "
    "those of removed ones still are, and a package that is in both keeps its old providers and aliases. Laravel rebuilds the file only "
    "when it is missing.",
    evidence=("missing", "left over", "changed", "cached", "installed", "written", "repeat"),
    remedy=(Remedy.DISCOVER,),
)
UNSEEN = Rule(
    code="packages.unseen",
    layer=Layer.PACKAGES,
    verdict=Verdict.UNKNOWN,
    severity=Severity.WARNING,
    meaning="packages.php exists, but composer's installed.json (or the file itself) could not be read, so they cannot be compared. Or "
    "services.php could not be read, so nothing shows that it is whole.",
    evidence=("cached", "repeat"),
    advice="Let the login read bootstrap/cache and vendor/composer.",
)
BROKEN = Rule(
    code="packages.broken",
    layer=Layer.PACKAGES,
    verdict=Verdict.STALE,
    severity=Severity.CRITICAL,
    meaning="packages.php or services.php is truncated or not valid PHP, or the pool's user may not read it: neither the application nor "
    "artisan can start with it.",
    evidence=("written", "repeat"),
    remedy=(Remedy.DISCOVER,),
    advice="Without both files Laravel starts, and writes them again.",
)
RULES = (DIFFER, BROKEN, *composer.RULES, UNSEEN)
_FILES = {file.name for file in Layer.PACKAGES.spec.files}
WRITING = 2.0
"""Seconds in which a half file may still be growing."""


def judge(context: Context) -> Ruling:
    """The packages layer; neither Laravel's manifest nor anything of Composer's is there: absent."""
    if context.host is None:
        return Ruling(Verdict.UNKNOWN)
    files = {cache.name: cache for cache in context.host.caches if cache.name in _FILES and cache.stat is not None}
    found = [finding for file in files.values() for finding in broken(context, file)]
    facts = context.host.packages
    if found:
        return rule_on(Verdict.FRESH, found)
    whole = [file for name, file in files.items() if name != "packages" or facts.cached is not None]
    found += [finding for file in whole for finding in unread(context, file)]
    made = context.host.composer
    discovered = facts.cached is not None or "packages" in files
    if discovered:
        found += [*unseen(context, facts), *differ(context, facts)]
    found += composer.judge(context, made) if made is not None else composer.not_looked_at(context)
    composed = made is not None and (made.loader is not None or made.unlike_lock is not None)
    return rule_on(Verdict.FRESH if discovered or composed else Verdict.ABSENT, found)


def broken(context: Context, file: CacheFile) -> Iterator[Finding]:
    """A half-written or damaged manifest, or one that PHP may not read (``docs/facts.md#laravel-atomic``)."""
    if file.unusable and file.stat is not None and context.now - written_by(file.stat.mtime, file.stat.ctime) > WRITING:
        yield BROKEN.finding(
            file.path,
            f"{paths.name_of(file.path)} {'may not be read by the application' if file.closed else 'is truncated or not valid PHP'}",
            (evidence.time("written", file.stat.mtime), evidence.command("php", "-l", paths.absolute(file.path, context.root))),
            since=file.stat.mtime,
        )


def unread(context: Context, file: CacheFile) -> Iterator[Finding]:
    """Whether it is whole could not be looked at (``docs/facts.md#laravel-atomic``)."""
    if file.complete is None and not file.closed:
        yield UNSEEN.finding(
            file.path,
            f"{paths.name_of(file.path)} could not be read, so nothing shows that it is whole",
            (evidence.stat(paths.absolute(file.path, context.root)),),
        )


def differ(context: Context, facts: PackageFacts) -> Iterator[Finding]:
    """The cached manifest against the installed packages (``docs/facts.md#laravel-packages``)."""
    if facts.cached is None or facts.installed is None:
        return
    missing = sorted(set(facts.installed) - set(facts.cached))
    extra = sorted(set(facts.cached) - set(facts.installed))
    changed = facts.changed or ()
    if not missing and not extra and not changed:
        return
    said = [f"{figures.several(missing)} installed but not discovered"] if missing else []
    said += [f"{figures.several(extra)} discovered but not installed"] if extra else []
    said += [f"{figures.several(changed)} discovered with other entries"] if changed else []
    stat = next((cache.stat for cache in context.host.caches if cache.name == "packages" and cache.stat), None) if context.host else None
    manifest = stat.path if stat is not None else "bootstrap/cache/packages.php"
    newest = context.host.inputs["packages"].direct[:1] if context.host is not None and "packages" in context.host.inputs else ()
    yield DIFFER.finding(
        manifest,
        "; ".join(said),
        (
            evidence.text("missing", ", ".join(missing)),
            evidence.text("left over", ", ".join(extra)),
            evidence.text("changed", ", ".join(changed)),
            evidence.time("written", stat.mtime if stat is not None else None),
            evidence.command("grep", "-n", "=>", paths.absolute(manifest, context.root)),
        ),
        since=newest[0].mtime if newest else None,
    )


def unseen(context: Context, facts: PackageFacts) -> Iterator[Finding]:
    """One of the two manifests is not known, or only their names are (``docs/facts.md#laravel-packages``)."""
    path = "vendor/composer/installed.json" if facts.cached is not None else "bootstrap/cache/packages.php"
    if facts.cached is None or facts.installed is None:
        what = "installed" if facts.cached is not None else "discovered"
        said = f"the {what} packages could not be read, so the two lists cannot be compared"
    elif facts.changed is None:
        said = "only the names of the packages were compared, not their providers and aliases"
    else:
        return
    yield UNSEEN.finding(
        path,
        said,
        (
            *([evidence.number("cached", len(facts.cached))] if facts.cached is not None else []),
            evidence.stat(paths.absolute(path, context.root)),
        ),
    )
