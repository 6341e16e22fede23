"""PHP that no PHP-FPM runs: the web server's own, or what it starts. Judged by what that PHP itself told over ``health_url``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.diagnosis import evidence, paths
from stalewatch.diagnosis.context import Ruling, rule_on
from stalewatch.diagnosis.rule import Rule
from stalewatch.model import figures, reasons
from stalewatch.model.chain import NotJudged
from stalewatch.model.replace import replace
from stalewatch.model.report import Layer, Remedy, Severity, Verdict
from stalewatch.model.text import safe
from stalewatch.model.unseen import Unseen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalewatch.diagnosis.context import Context
    from stalewatch.model.report import Finding

SETTINGS = NotJudged(
    safe("settings of PHP in the web server's own configuration, and the environment of its processes"),
    safe("php_admin_value and its like, .htaccess and variables are not compared with what PHP runs with, which is read over health_url"),
)
WEB_PHP_CHANGED = Rule(
    code="fpm.web-php-changed",
    layer=Layer.FPM,
    verdict=Verdict.STALE,
    severity=Severity.CRITICAL,
    meaning="The web server runs PHP itself, and an ini file of PHP, its binary or an extension was changed, replaced or removed after "
    "that started. PHP itself says so over health_url.",
    evidence=("file", "modified", "changed", "cache started", "more files", "repeat"),
    remedy=(Remedy.RELOAD_WEB_SERVER,),
    advice="Where its binary was replaced, restart it: systemctl restart apache2.",
)
RULES = (WEB_PHP_CHANGED,)


def is_told(context: Context) -> bool:
    """Whether PHP that is none of PHP-FPM has answered, where no PHP-FPM serves the app."""
    fpm = context.host.fpm if context.host is not None else None
    unused = isinstance(fpm, Unseen) and fpm.code == reasons.FPM_NOT_USED.code
    return unused and context.runtime is not None and context.runtime.via == "health_url"


def judge(context: Context) -> Ruling:
    """The fpm layer where there is no PHP-FPM to be old: neutral, unless what PHP read when it started has changed. When that
    was, OPcache tells."""
    return rule_on(Verdict.UNKNOWN if context.opcache is None else Verdict.ABSENT, _changed(context))


def by_hand(finding: Finding) -> Finding:
    """*finding* where no pool can be told to do anything: what it holds goes with a reload of the web server."""
    if not finding.remedy or {Remedy.INVALIDATE, Remedy.RELOAD}.isdisjoint(finding.remedy):
        return finding
    kept = (remedy for remedy in finding.remedy if remedy not in (Remedy.INVALIDATE, Remedy.RELOAD))
    return replace(finding, remedy=(*kept, Remedy.RELOAD_WEB_SERVER))


def _changed(context: Context) -> Iterator[Finding]:
    """What PHP read when it started, and is another by now (``docs/facts.md#health-url``)."""
    runtime, opcache = context.runtime, context.opcache
    start = opcache.start_time if opcache is not None else 0
    if runtime is None or not start:
        return
    newer = [file for file in runtime.ini if file.mtime is None or file.mtime > start]
    names = [*map(str, runtime.replaced or ()), *(str(file.path) for file in newer)]
    if not names:
        return
    first = next((file for file in newer if str(file.path) == names[0]), None)
    yield WEB_PHP_CHANGED.finding(
        names[0],
        f"the web server's PHP has run since before {figures.several([paths.name_of(name) for name in names])} changed",
        (
            evidence.text("file", names[0]),
            evidence.time("modified", first.mtime if first is not None else None),
            evidence.time("changed", first.ctime if first is not None else None),
            evidence.time("cache started", float(start)),
            evidence.number("more files", len(names) - 1),
            evidence.stat(names[0]),
        ),
        since=first.mtime if first is not None else None,
    )
