"""What a rule is: a finding's code with its meaning, so that a finding cannot be made without a text that explains it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from stalewatch.model.report import Evidence, Finding, Layer, Remedy, Severity, Verdict
from stalewatch.model.text import safe

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_PATHS = 20_000


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that diagnosis can say. Every :class:`Finding` is made by :meth:`finding`, and every code is in ``rules.RULES``.

    *meaning*: what is so when this is said, and why it is believed. *evidence*: the labels a finding of this code may carry.
    *remedy*: what fixes it (a finding may carry fewer or a gentler one). *advice*: what a person has to do beyond that.
    *others*: verdicts that this code may also have, where the same fact weighs differently.
    """

    code: str
    layer: Layer
    verdict: Verdict
    severity: Severity
    meaning: str
    evidence: tuple[str, ...] = ()
    remedy: tuple[Remedy, ...] = ()
    advice: str = ""
    others: tuple[Verdict, ...] = ()

    def finding(
        self,
        subject: str,
        summary: str,
        evidence: Iterable[Evidence] = (),
        *,
        remedy: tuple[Remedy, ...] | None = None,
        since: float | None = None,
        until: float | None = None,
        paths: tuple[str, ...] = (),
        severity: Severity | None = None,
        verdict: Verdict | None = None,
    ) -> Finding:
        """A finding of this code. *summary* is one plain sentence without clock times: those are evidence of kind ``time``."""
        return Finding(
            layer=self.layer,
            code=self.code,
            severity=self.severity if severity is None else severity,
            verdict=self.verdict if verdict is None else verdict,
            subject=safe(subject),
            summary=safe(summary),
            evidence=tuple(evidence),
            remedy=self.remedy if remedy is None else remedy,
            since=since,
            until=until,
            paths=paths[:MAX_PATHS],
        )

    @property
    def weight(self) -> str:
        """``stale or pending, critical``: the verdicts that findings of this code may have, and their usual severity."""
        return f"{' or '.join(dict.fromkeys((self.verdict, *self.others)))}, {self.severity}"

    def text(self) -> str:
        """What ``stalewatch explain`` prints: plain text, no markup."""
        lines = [f"{self.code}  ({self.layer}: {self.weight})", "", self.meaning]
        if self.evidence:
            lines += ["", f"Evidence: {', '.join(self.evidence)}."]
        if self.remedy or self.advice:
            steps = ", ".join(self.remedy)
            lines += ["", f"Remedy: {'. '.join(part for part in (steps, self.advice) if part)}"]
        return "\n".join(lines)
