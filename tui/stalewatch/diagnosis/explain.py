"""What every code means: those of findings (rules) and those of errors (reasons). The source of ``explain`` and of docs/CODES.md."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from stalewatch.diagnosis.rules import RULES
from stalewatch.model.errors import UsageError
from stalewatch.model.reasons import REASONS
from stalewatch.model.report import Layer

if TYPE_CHECKING:
    from collections.abc import Iterable

_ABOUT = """\
# What stalewatch can say

Made from the rules and reasons (`make docs`). `stalewatch explain CODE` prints a row, `stalewatch explain opcache` lists all codes that
begin with `opcache.`.

A finding is something that was seen. Beside its code stand the verdict and severity that it usually has; `fresh` is health: said beside the
verdict, never as evidence for it. An [error](#errors) is why something could not be seen or done.
"""


def explain(code: str) -> str:
    """What *code* means and what to do, as plain text; for the first part of codes (``opcache``) the list of them. A code that a finding
    and an error share is explained as both. UsageError: no such code."""
    texts = [entry.text() for entry in (RULES.get(code), REASONS.get(code)) if entry is not None]
    return "\n\n".join(texts) if texts else listing(code)


def listing(prefix: str = "") -> str:
    """One line for each code that begins with *prefix* and a dot; "": every code. UsageError: there is none."""
    begin = f"{prefix.removesuffix('*').removesuffix('.')}." if prefix else ""
    rows = [(code, f"{rule.layer}: {rule.weight}") for code, rule in RULES.items() if code.startswith(begin)]
    rows += [(code, reason.weight) for code, reason in REASONS.items() if code.startswith(begin)]
    if not rows:
        raise _unknown(prefix)
    width = max(len(code) for code, _ in rows)
    return "\n".join(f"{code:<{width}}  {weight}" for code, weight in rows)


def document() -> str:
    """docs/CODES.md, made by ``make docs``, so that it cannot drift."""
    return _ABOUT + "".join(f"\n## {layer}\n\n{_findings(layer)}" for layer in Layer) + f"\n## errors\n\n{_errors()}"


def _unknown(code: str) -> UsageError:
    groups = dict.fromkeys(each.partition(".")[0] for each in (*RULES, *REASONS))
    close = get_close_matches(code, dict.fromkeys((*RULES, *REASONS, *groups)), n=1, cutoff=0.4)
    return UsageError(f"there is no code {code!r}", grant=f"did you mean {close[0]}?" if close else "`stalewatch explain` lists them")


def _findings(layer: Layer) -> str:
    rows = []
    for rule in RULES.values():
        if rule.layer is layer:
            remedy = ". ".join(part for part in (", ".join(rule.remedy), rule.advice) if part)
            rows.append((f'<a id="{rule.code}"></a>`{rule.code}`', rule.weight, rule.meaning, ", ".join(rule.evidence), remedy))
    return _table(("code", "verdict", "meaning", "evidence", "remedy"), rows)


def _errors() -> str:
    rows = [
        (f'<a id="error-{reason.code}"></a>`{reason.code}`', str(reason.exit.value) if reason.exit else "-", reason.meaning, reason.advice)
        for reason in REASONS.values()
    ]
    return f"Exit code `-`: no verdict depends on it.\n\n{_table(('code', 'exit code', 'meaning', 'what to do'), rows)}"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(map(_cell, row))} |" for row in rows]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    print(document(), end="")  # noqa: T201
