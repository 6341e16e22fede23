"""What is on the disk. Which release is really served is in :mod:`stalewatch.diagnosis.served`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.diagnosis import evidence, paths, served
from stalewatch.diagnosis.context import Context, Ruling, rule_on
from stalewatch.diagnosis.rule import Rule
from stalewatch.model import figures
from stalewatch.model.report import Evidence, Finding, Layer, Remedy, Report, Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalewatch.model.snapshot import HostFacts

LEFT_OVER = 3_600.0
"""Seconds after which the sign of a deploy is taken for one that was left lying about."""

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
    others=(Verdict.PENDING, Verdict.FRESH),
    meaning="Servers of one app have different commits on disk; or, with the same commit or none, different contents in the app's own "
    "sources (without packages, caches and environment files). Reported for the servers that lack the newest commit, or without any commit "
    "the newest sources, however many they are; where the deploy logs do not tell which is newer, for those that differ from the majority. "
    "While a deploy runs on one of them it is pending; where a file was only "
    "edited on top of the same commit it is a warning beside the verdict.",
    evidence=("commit", "contents", "others", "others since", "files", "servers", "deployed", "repeat"),
    remedy=(Remedy.CONFIGURE,),
    advice="Deploy to the servers that were left out.",
)
RULES = (*served.RULES, UNDER_WAY, LOCK_LEFT, DIRTY, MIXED)


def judge(context: Context) -> Ruling:
    """The release layer."""
    if context.host is None:
        return Ruling(Verdict.UNKNOWN)
    base = Verdict.FRESH if context.laravel else Verdict.ABSENT
    if context.host.release.link and context.opcache is None:
        base = Verdict.UNKNOWN  # which release is served behind the link only OPcache tells
    return rule_on(base, (*under_way(context, context.host), *served.judge(context, context.host), *dirty(context.host)))


def under_way(context: Context, host: HostFacts) -> Iterator[Finding]:
    """Somebody deploys, or a deploy died and left its lock (``docs/facts.md#deploy-under-way``)."""
    deploy = host.release.under_way
    if deploy is None:
        return
    left = context.now - deploy.since > LEFT_OVER
    rule = LOCK_LEFT if left else UNDER_WAY
    who = f" by {deploy.who}" if deploy.who else ""
    said = (
        f"{deploy.sign} says that a deploy{who} has been running for more than an hour"
        if left
        else f"a deploy{who} is under way ({deploy.sign})"
    )
    yield rule.finding(
        deploy.sign,
        said,
        (
            evidence.text("sign", deploy.sign),
            evidence.time("since", deploy.since),
            evidence.text("who", deploy.who),
            evidence.stat(paths.absolute(deploy.sign, context.root)),
        ),
    )


def dirty(host: HostFacts) -> Iterator[Finding]:
    """Edited on the server (``docs/facts.md#deploy-diaries``)."""
    if host.release.dirty:
        yield DIRTY.finding(
            host.release.root,
            f"{figures.count(host.release.dirty, 'tracked file')} {figures.agree(host.release.dirty, 'differs', 'differ')} from the commit",
            (
                evidence.text("commit", host.release.commit),
                evidence.number("files", host.release.dirty),
                evidence.command("git", "-C", host.release.root, "status", "--short", "--untracked-files=no"),
            ),
        )


def look_at_commit(report: Report) -> Evidence:
    """The command that says by hand which commit is on the disk."""
    host = report.host
    root = host.release.root if host is not None else str(report.app)
    by_git = host is not None and any(deploy.source == "git" for deploy in host.release.deploys)
    return evidence.command("git", "-C", root, "rev-parse", "HEAD") if by_git else evidence.command("cat", paths.absolute("REVISION", root))
