"""Composer's artefacts against what they are made from (``docs/facts.md#composer``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.diagnosis import evidence, paths
from stalewatch.diagnosis.inputs import TOLERANCE
from stalewatch.diagnosis.rule import Rule
from stalewatch.model import figures
from stalewatch.model.report import Finding, Layer, Remedy, Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalewatch.diagnosis.context import Context
    from stalewatch.model.snapshot import ComposerFacts, FileStat, MovedClass

_DUMP = "Run `composer dump-autoload` with the flags of your deploy where the application is deployed, then reload PHP-FPM."

CLASS_MAP = Rule(
    code="packages.class-map",
    layer=Layer.PACKAGES,
    verdict=Verdict.STALE,
    severity=Severity.CRITICAL,
    meaning="Composer's class map is older than a file that declares a class, and loads that class from another file, or, where only the "
    "map is asked, not at all: a reload does not help. Suspect where only the ctime of the file is newer.",
    evidence=("class", "loaded from", "declared in", "modified", "changed", "autoloader written", "more classes", "repeat"),
    remedy=(Remedy.CONFIGURE,),
    advice=_DUMP,
    others=(Verdict.SUSPECT,),
)
AUTOLOAD = Rule(
    code="packages.autoload-differs",
    layer=Layer.PACKAGES,
    verdict=Verdict.STALE,
    severity=Severity.CRITICAL,
    meaning="composer.json names other folders for a namespace, or other files to load always, than the autoloader that Composer "
    "generated: classes and functions are looked for where they were before.",
    evidence=("namespaces", "autoloader written", "repeat"),
    remedy=(Remedy.CONFIGURE,),
    advice=_DUMP,
)
LOCK = Rule(
    code="packages.lock-differs",
    layer=Layer.PACKAGES,
    verdict=Verdict.STALE,
    severity=Severity.CRITICAL,
    meaning="The packages in vendor are not those that composer.lock names: the code of the packages is of another deploy than the "
    "application's.",
    evidence=("packages", "installed", "repeat"),
    remedy=(Remedy.CONFIGURE,),
    advice="Run `composer install` with the flags of your deploy where the application is deployed, then reload PHP-FPM.",
)
UNREAD = Rule(
    code="packages.class-map-unseen",
    layer=Layer.PACKAGES,
    verdict=Verdict.UNKNOWN,
    severity=Severity.WARNING,
    meaning="The class map, or the files that came after it, are more than stalewatch reads, so they were not all compared.",
    evidence=("files", "autoloader written", "repeat"),
    advice="Let the login read vendor/composer; where files came after it, `composer dump-autoload` makes it of all of them.",
)
HELD = Rule(
    code="packages.apcu-holds",
    layer=Layer.PACKAGES,
    verdict=Verdict.STALE,
    severity=Severity.CRITICAL,
    meaning="Composer's autoloader keeps in APCu where it found a class, or that it found none, and does not look again until PHP-FPM is "
    "reloaded. Since then a file came that the class should be loaded from.",
    evidence=("class", "loaded from", "declared in", "modified", "changed", "pool since", "more classes", "repeat"),
    remedy=(Remedy.RELOAD,),
)
UNSEEN = Rule(
    code="packages.composer-unseen",
    layer=Layer.PACKAGES,
    verdict=Verdict.UNKNOWN,
    severity=Severity.WARNING,
    meaning="What Composer made of the application was not looked at as a whole: a file of its autoloader could not be read, or APCu, in "
    "which this autoloader keeps where it found classes, could not be asked.",
    evidence=("autoloader written", "repeat"),
    advice="Let the login read composer.json and vendor/composer, and the pool call apcu_fetch (disable_functions).",
)
RULES = (CLASS_MAP, AUTOLOAD, LOCK, HELD, UNREAD, UNSEEN)
_LOADER = "vendor/composer/autoload_static.php"


def judge(context: Context, facts: ComposerFacts) -> Iterator[Finding]:
    """Everything that is old of what Composer made."""
    yield from class_map(context, facts)
    yield from autoload(context, facts)
    yield from lock(context, facts)
    yield from held(context, facts)
    yield from unread(context, facts)
    yield from unseen(context, facts)


def class_map(context: Context, facts: ComposerFacts) -> Iterator[Finding]:
    """A class is declared in a file that is newer than the class map and that it does not load it from (``docs/facts.md#composer``)."""
    if facts.loader is None or not facts.moved:
        return
    proven = [each for each in facts.moved if each.file.mtime > facts.loader.mtime]
    touched = [each for each in facts.moved if each not in proven and each.file.ctime > facts.loader.ctime + TOLERANCE]
    if proven:
        yield _class_finding(context, proven, facts.loader)
    elif touched:
        yield _class_finding(context, touched, facts.loader, Verdict.SUSPECT, Severity.WARNING)


def _class_finding(
    context: Context, classes: list[MovedClass], loader: FileStat, verdict: Verdict | None = None, severity: Severity | None = None
) -> Finding:
    """One finding for all *classes* (``docs/facts.md#composer``)."""
    first = classes[0]
    names = figures.several([each.name for each in classes], 2)
    from_where = f"loaded from {first.mapped}" if first.mapped else "not found"
    told = [
        evidence.text("class", first.name),
        evidence.text("loaded from", first.mapped),
        evidence.text("declared in", first.file.path),
        evidence.time("modified", first.file.mtime),
        evidence.time("changed", first.file.ctime),
        evidence.time("autoloader written", loader.mtime),
    ]
    if len(classes) > 1:
        told.append(evidence.number("more classes", len(classes) - 1))
    return CLASS_MAP.finding(
        first.file.path,
        f"{names} {figures.agree(len(classes), 'is', 'are')} {from_where} by Composer's class map, which is older than {first.file.path}",
        (*told, evidence.stat(paths.absolute(first.file.path, context.root), paths.absolute(loader.path, context.root))),
        since=first.file.mtime if verdict is None else first.file.ctime,
        verdict=verdict,
        severity=severity,
    )


def autoload(context: Context, facts: ComposerFacts) -> Iterator[Finding]:
    """composer.json against the autoloader, by what they say and not by times (``docs/facts.md#composer``)."""
    if facts.folders and facts.loader is not None:
        yield AUTOLOAD.finding(
            "composer.json",
            f"composer.json says where {figures.several(list(facts.folders), 2)} is, and Composer's autoloader says otherwise",
            (
                evidence.text("namespaces", ", ".join(facts.folders)),
                evidence.time("autoloader written", facts.loader.mtime),
                evidence.command("grep", "-F", "--", "$baseDir", *_generated(context)),
            ),
        )


def _generated(context: Context) -> tuple[str, ...]:
    return tuple(paths.absolute(f"vendor/composer/autoload_{name}.php", context.root) for name in ("psr4", "files"))


def lock(context: Context, facts: ComposerFacts) -> Iterator[Finding]:
    """composer.lock against installed.json, by version and reference (``docs/facts.md#composer``)."""
    if facts.unlike_lock:
        many = len(facts.unlike_lock)
        yield LOCK.finding(
            "composer.lock",
            f"{figures.several(list(facts.unlike_lock), 2)} {figures.agree(many, 'is', 'are')} not installed as composer.lock says",
            (
                evidence.number("packages", many),
                evidence.text("installed", figures.several(list(facts.unlike_lock), 10)),
                evidence.stat(*(paths.absolute(name, context.root) for name in ("composer.lock", "vendor/composer/installed.json"))),
            ),
        )


def held(context: Context, facts: ComposerFacts) -> Iterator[Finding]:
    """APCu has another path for a class, or none (``docs/facts.md#composer``)."""
    if facts.held and facts.loader is not None:
        first, many = facts.held[0], len(facts.held)
        told = [
            evidence.text("class", first.name),
            evidence.text("loaded from", first.mapped),
            evidence.text("declared in", first.file.path),
            evidence.time("modified", first.file.mtime),
            evidence.time("changed", first.file.ctime),
            evidence.time("pool since", context.opcache.start_time if context.opcache is not None else None),
        ]
        if many > 1:
            told.append(evidence.number("more classes", many - 1))
        names = figures.several([each.name for each in facts.held], 2)
        where = f"loaded from {first.mapped}" if first.mapped else "not found"
        loader = paths.absolute("vendor/composer/autoload_real.php", context.root)
        yield HELD.finding(
            first.file.path,
            f"{names} {figures.agree(many, 'is', 'are')} {where}, as APCu keeps it since before {first.file.path} came",
            (*told, evidence.command("grep", "-n", "-F", "--", "setApcuPrefix", loader)),
            since=max(first.file.mtime, first.file.ctime),
        )


def unread(context: Context, facts: ComposerFacts) -> Iterator[Finding]:
    """More than is read (``docs/facts.md#composer``)."""
    if facts.loader is not None and (facts.moved is None or facts.unread or facts.cut):
        many = "the application has more files than are listed" if facts.cut else "the class map could not be read as a whole"
        said = f"{facts.unread} new files were not looked into" if facts.unread else many
        yield UNREAD.finding(
            _LOADER,
            f"{said}, so they were not all compared with the classes that Composer knows",
            (
                *([evidence.number("files", facts.unread)] if facts.unread else []),
                evidence.time("autoloader written", facts.loader.mtime),
                evidence.stat(paths.absolute(_LOADER, context.root)),
            ),
        )


def unseen(context: Context, facts: ComposerFacts) -> Iterator[Finding]:
    """A part of what is compared by other means than times (``docs/facts.md#composer``)."""
    if facts.loader is None or facts.moved is None:
        return
    lacking = ["which folders the autoloader has for a namespace could not be read"] if facts.folders is None else []
    lacking += ["APCu could not be asked where this autoloader found classes"] if facts.held is None else []
    if lacking:
        yield UNSEEN.finding(
            _LOADER,
            "; ".join(lacking),
            (
                evidence.time("autoloader written", facts.loader.mtime),
                evidence.stat(*(paths.absolute(name, context.root) for name in ("composer.json", _LOADER))),
            ),
        )


def not_looked_at(context: Context) -> Iterator[Finding]:
    """Nothing of Composer's (``docs/facts.md#composer``)."""
    yield UNSEEN.finding(
        "vendor/composer",
        "what Composer made of the application was not looked at",
        (evidence.stat(paths.absolute("vendor/composer", context.root)),),
    )
