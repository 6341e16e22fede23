"""What stands below the sentence of a finding, for people: its subject, its evidence, and what to do. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stalewatch.model import figures
from stalewatch.model.times import exact
from stalewatch.runbook import verdict_words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

    from stalewatch.model.report import Evidence, Finding, Report


class Detail(NamedTuple):
    """One line. *wraps* False: a command, which is copied as a whole."""

    words: str
    wraps: bool = True


def details(finding: Finding, report: Report, zone: tzinfo | None) -> Iterator[Detail]:
    """The lines, in the order in which they are read. *zone* None: times in the local zone."""
    now = report.observed_at
    subject = finding.subject.removeprefix(f"{report.app}/")
    if subject and subject not in finding.summary:
        yield Detail(subject)
    for fact in finding.evidence:
        yield Detail(f"{fact.label}: {_fact(fact, now, zone)}", fact.kind != "command")
    if finding.until is not None:
        yield Detail(f"heals: {exact(finding.until, now, zone)}")
    if finding.remedy:
        yield Detail(f"to do: {', then '.join(verdict_words.REMEDY[remedy] for remedy in finding.remedy)}")


def _fact(fact: Evidence, now: float | None, zone: tzinfo | None) -> str:
    value = fact.value
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    match fact.kind:
        case "time":
            return exact(value, now, zone)
        case "age":
            return figures.span(value)
        case "bytes":
            return figures.size(value)
        case _:
            return f"{value:g}" if isinstance(value, float) else str(value)
