"""Every rule there is: the source of the documentation and of ``stalewatch explain``."""

from __future__ import annotations

from difflib import get_close_matches

from tui.diagnosis import fpm, health, laravel_cache, packages, release, views, workers
from tui.diagnosis.opcache import codes
from tui.diagnosis.rule import Rule
from tui.errors import UsageError

RULES: dict[str, Rule] = {
    rule.code: rule
    for rule in (
        *release.RULES,
        *packages.RULES,
        *laravel_cache.RULES,
        *views.RULES,
        *codes.RULES,
        *fpm.RULES,
        *workers.RULES,
        *health.RULES,
    )
}
"""By code, in the order of the layers."""


def explain(code: str) -> str:
    """What a finding with *code* means, on what evidence, and what puts it right, as plain text. UsageError: no such code."""
    rule = RULES.get(code)
    if rule is None:
        close = get_close_matches(code, RULES, n=1, cutoff=0.4)
        hint = f"did you mean {close[0]}?" if close else "`stalewatch explain` lists them"
        raise UsageError(f"there is no finding {code!r}", grant=hint)
    return rule.text()


def table() -> str:
    """The table in the documentation (Markdown): code, verdict, meaning, evidence, remedy."""
    rows = ["| code | verdict | meaning | evidence | remedy |", "|---|---|---|---|---|"]
    for rule in RULES.values():
        remedy = ", ".join(rule.remedy)
        told = ". ".join(part for part in (remedy, rule.advice) if part)
        rows.append(f"| `{rule.code}` | {rule.verdict} | {rule.meaning} | {', '.join(rule.evidence)} | {told} |".replace("\n", " "))
    return "\n".join(rows) + "\n"
