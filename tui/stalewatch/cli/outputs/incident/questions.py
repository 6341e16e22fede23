"""Open questions: what was not observed, and what is known not to be judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.cli.outputs.incident.markdown import code, words
from stalewatch.model.chain import LinkState
from stalewatch.model.report import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stalewatch.cli.outputs.incident.moments import Moments
    from stalewatch.model.report import Report
    from stalewatch.timeline.incident import IncidentStory


def questions(incident: IncidentStory, moments: Moments) -> list[str]:
    """Each once, with the servers that it is asked of."""
    asked: dict[str, list[str]] = {}
    for story in incident.stories:
        for question in _of(story.last):
            asked.setdefault(question, []).append(story.last.server)
    lines = [f"- {', '.join(code(server) for server in dict.fromkeys(servers))}: {question}" for question, servers in asked.items()]
    if any(incident.stale.values()):
        lines.append("- Which callers got an answer of the old code, and what that did: only their own records tell.")
        lines.append(f"- Before {moments.both(incident.begun)} nobody looked: what is told of then is read from files, logs and caches.")
    return lines


def _of(report: Report) -> Iterator[str]:
    for error in report.errors:
        yield f"not observed: {words(error.message)}{f'; to grant: {words(error.grant)}' if error.grant else ''} ({code(error.code)})"
    said = {(error.code, error.message) for error in report.errors}
    for link in report.chain:
        if link.state is LinkState.UNSEEN and (link.missing is None or (link.missing.code, link.missing.message) not in said):
            yield f"not observed: {link.name}: {words(link.says)}"
    for finding in report.findings:
        if finding.verdict is Verdict.SUSPECT:
            yield f"not proven: {words(finding.summary)} ({code(finding.code)})"
    for one in report.not_judged:
        yield f"not judged: {words(one.what)}: {words(one.why)}"
