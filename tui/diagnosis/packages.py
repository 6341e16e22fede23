"""Discovered packages: the sets are compared, never the times."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.diagnosis import words
from tui.diagnosis.look import Look, Ruling, rule_on
from tui.diagnosis.rule import Rule
from tui.report import Finding, Layer, Remedy, Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui.snapshot import PackageFacts

DIFFER = Rule(
    code="packages.differ",
    layer=Layer.PACKAGES,
    verdict=Verdict.STALE,
    severity=Severity.CRITICAL,
    meaning="bootstrap/cache/packages.php names other packages than composer's installed.json would put there: providers of new "
    "packages are not loaded, those of removed ones still are. It is rebuilt only when it is missing.",
    evidence=("missing", "left over", "cached", "installed", "written", "repeat"),
    remedy=(Remedy.DISCOVER,),
)
UNSEEN = Rule(
    code="packages.unseen",
    layer=Layer.PACKAGES,
    verdict=Verdict.UNKNOWN,
    severity=Severity.WARNING,
    meaning="packages.php exists, but composer's installed.json (or the file itself) could not be read, so the sets cannot be compared.",
    evidence=("cached", "repeat"),
)
RULES = (DIFFER, UNSEEN)


def judge(look: Look) -> Ruling:
    """The packages layer; no packages.php: absent."""
    if look.host is None:
        return Ruling(Verdict.UNKNOWN)
    facts = look.host.packages
    if facts.cached is None:
        return Ruling(Verdict.ABSENT)
    return rule_on(Verdict.FRESH, (*unseen(look, facts), *differ(look, facts)))


def differ(look: Look, facts: PackageFacts) -> Iterator[Finding]:
    """The cached set against the installed one."""
    if facts.cached is None or facts.installed is None:
        return
    missing = sorted(set(facts.installed) - set(facts.cached))
    extra = sorted(set(facts.cached) - set(facts.installed))
    if not missing and not extra:
        return
    said = [f"{words.several(missing)} installed but not discovered"] if missing else []
    said += [f"{words.several(extra)} discovered but not installed"] if extra else []
    stat = next((cache.stat for cache in look.host.caches if cache.layer == "packages" and cache.stat), None) if look.host else None
    newest = look.host.inputs["packages"].direct[:1] if look.host is not None and "packages" in look.host.inputs else ()
    yield DIFFER.finding(
        stat.path if stat is not None else "bootstrap/cache/packages.php",
        "; ".join(said),
        (
            words.text("missing", ", ".join(missing)),
            words.text("left over", ", ".join(extra)),
            words.time("written", stat.mtime if stat is not None else None),
            words.command("grep", "-n", "=>", words.absolute(stat.path if stat is not None else "bootstrap/cache/packages.php", look.root)),
        ),
        since=newest[0].mtime if newest else None,
    )


def unseen(look: Look, facts: PackageFacts) -> Iterator[Finding]:
    """One of the two sets is not known."""
    if facts.cached is not None and facts.installed is None:
        yield UNSEEN.finding(
            "vendor/composer/installed.json",
            "the installed packages could not be read, so the discovered ones cannot be compared with them",
            (words.number("cached", len(facts.cached)), words.stat(words.absolute("vendor/composer/installed.json", look.root))),
        )
