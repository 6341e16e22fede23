"""Every rule there is: the source of the documentation and of ``stalewatch explain``."""

from __future__ import annotations

from difflib import get_close_matches

from stalewatch.diagnosis import fpm, health, laravel_cache, packages, release, views, worker_places, workers
from stalewatch.diagnosis.opcache import codes
from stalewatch.diagnosis.rule import Rule
from stalewatch.model.errors import UsageError
from stalewatch.model.report import Layer

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
        *worker_places.RULES,
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


def document() -> str:
    """The page beside this file (Markdown), made by ``make docs``, so that it cannot drift."""
    title = "# What stalewatch can say\n\n"
    about = (
        "Made from the rules (`make docs`). Beside a code stand the verdict and severity that its findings usually have;\n"
        "`fresh` is health: said beside the verdict, never as evidence for it. `stalewatch explain CODE` prints a row.\n"
    )
    return title + about + "".join(f"\n## {layer}\n\n{_table(layer)}" for layer in Layer)


def _table(layer: Layer) -> str:
    rows = ["| code | verdict | meaning | evidence | remedy |", "|---|---|---|---|---|"]
    for rule in RULES.values():
        if rule.layer is layer:
            remedy = ". ".join(part for part in (", ".join(rule.remedy), rule.advice) if part)
            cells = (f'<a id="{rule.code}"></a>`{rule.code}`', rule.weight, rule.meaning, ", ".join(rule.evidence), remedy)
            rows.append(f"| {' | '.join(map(_cell, cells))} |")
    return "\n".join(rows) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    print(document(), end="")  # noqa: T201
