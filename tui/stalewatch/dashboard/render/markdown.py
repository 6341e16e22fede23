"""What ``y`` copies: a status for the incident channel, the findings of a server, the commands of a plan. Markdown, pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.dashboard.render import report_parts
from stalewatch.dashboard.render.evidence import value_words
from stalewatch.dashboard.render.pane_lines import verdict_of
from stalewatch.dashboard.render.signs import VERDICT_SIGN, VERDICT_WORD
from stalewatch.model.report import Report, Verdict
from stalewatch.runbook.in_short import IN_SHORT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalewatch.dashboard.render.times import Clock
    from stalewatch.engine.board import Pane
    from stalewatch.model.report import Finding
    from stalewatch.runbook.plan import Plan


def status(panes: Sequence[Pane], clock: Clock, title: str) -> str:
    """Five lines at most for the incident channel: the count of stale servers, the worst ones and why."""
    stale = sum(verdict_of(pane) is Verdict.STALE for pane in panes)
    head = f"**{title or 'stalewatch'}** {clock.moment(clock.now):%Y-%m-%d %H:%M:%S} {clock.zone_name}: {stale} of {len(panes)} stale"
    rows = [head]
    for pane in list(panes)[:4]:
        verdict = verdict_of(pane)
        found = report_parts.why(pane.report) if pane.report else None
        since = ""
        if pane.report and pane.report.stale_since:
            since = f" since {report_parts.clock_of(pane.report, clock).exact(pane.report.stale_since)}"
        words = str(found.summary) if found else str(pane.error.message) if pane.error else _fixed(pane, clock)
        rows.append(f"- {VERDICT_SIGN[verdict]} `{pane.server}` **{VERDICT_WORD[verdict]}**{since}{': ' + words if words else ''}")
    if len(panes) > 4:
        rows[-1] = f"- and {len(panes) - 3} more servers"
    return "\n".join(" ".join(row.split()) for row in rows) + "\n"


def _fixed(pane: Pane, clock: Clock) -> str:
    """What the last runbook here came to, once it has ended well."""
    result = pane.progress[-1] if pane.progress else None
    return clock.retold(result.evidence.get(IN_SHORT, "")) if result is not None else ""


def findings(report: Report, clock: Clock, only: Finding | None = None) -> str:
    """Every finding of one server with its evidence, or one of them *only*."""
    here = report_parts.clock_of(report, clock)
    rows = [f"### {report.server} · {report.name}: {VERDICT_SIGN[report.verdict]} {VERDICT_WORD[report.verdict]}", ""]
    for finding in [only] if only else report.findings:
        rows.append(f"- **{finding.code}** ({finding.verdict}): {finding.summary}")
        rows.append(f"  - subject: `{finding.subject}`")
        rows += [f"  - {item.label}: {_code(value_words(item, here), item.kind)}" for item in finding.evidence]
    rows += (
        []
        if only
        else [f"- unknown ({error.code}): {error.message}" + (f" — {error.grant}" if error.grant else "") for error in report.errors]
    )
    return "\n".join(rows) + "\n"


def plan(value: Plan) -> str:
    """The commands of a plan, server by server."""
    rows: list[str] = []
    for server in value.servers:
        rows += [f"### {server.server} · {server.name}", "", "```sh"]
        for step in server.steps:
            rows += [f"# {step.phase}: {step.reason}", step.command if step.via == "shell" else f"# via {step.via}: {step.command}"]
        rows += [
            "```",
            *(f"- left out: {left.what}: {left.why}" for left in server.left_out),
            *(f"- warning: {words}" for words in server.warnings),
        ]
        rows += [f"- blocked: {words}" for words in server.blocked]
    return "\n".join(rows) + "\n"


def _code(words: str, kind: str) -> str:
    return f"`{words}`" if kind == "command" else words
