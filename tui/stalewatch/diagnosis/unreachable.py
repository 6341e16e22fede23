"""Reports of servers that do not answer: unknown in every layer, with the reason, and beside it what they were when last seen."""

from __future__ import annotations

from stalewatch.model.chain import LinkState
from stalewatch.model.replace import replace
from stalewatch.model.report import Layer, Report, Verdict
from stalewatch.model.snapshot import Unseen
from stalewatch.model.text import SafeText


def as_unreachable(last: Report, error: Unseen) -> Report:
    """*last* of a server that cannot be reached any more: its last verdict and snapshot stay, but it *is* unknown.

    Its findings are dropped, so that nobody acts on what may have changed since; no link of its chain is seen now.
    """
    already = last.last_seen is not None or last.snapshot is None
    return replace(
        last,
        verdict=Verdict.UNKNOWN,
        layers=dict.fromkeys(Layer, Verdict.UNKNOWN),
        chain=tuple(replace(link, state=LinkState.UNSEEN, says=error.message, missing=error) for link in last.chain),
        findings=(),
        errors=(error,),
        last_verdict=last.last_verdict if already else last.verdict,
        last_seen=last.last_seen if already else last.observed_at,
    )


def never_seen(server: str, address: str, app: str, error: Unseen) -> Report:
    """A server (or app) that was never looked at, because of *error*."""
    return Report(
        server=server,
        address=address,
        app=SafeText(app),
        verdict=Verdict.UNKNOWN,
        layers=dict.fromkeys(Layer, Verdict.UNKNOWN),
        errors=(error,),
    )
