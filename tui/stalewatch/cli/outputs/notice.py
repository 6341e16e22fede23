"""What ``watch`` tells: a notice as text for people, and as the JSON that a webhook gets. Pure."""

from __future__ import annotations

import re
from shlex import quote
from typing import TYPE_CHECKING

import msgspec

from stalewatch.engine.incidents import About, NoticeKind
from stalewatch.model import figures
from stalewatch.model.app_names import app_name
from stalewatch.model.reasons import what_to_do
from stalewatch.model.report import BY_HAND, Finding, Report, Verdict
from stalewatch.model.text import safe
from stalewatch.model.times import iso, known, utc

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stalewatch.engine.incidents import Affected, Notice

SCHEMA = 1
NAMED = 30
"""So many servers are named in a text; the JSON has all."""
CONTENT = 2_000
"""Characters that Discord takes."""
_CALLS = re.compile(r"@(?=(?:channel|here|everyone|all)\b)", re.IGNORECASE)
_DEFUSED = str.maketrans({"<": "‹", ">": "›"})


class _Cause(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    layer: str | None
    verdict: Verdict | None
    summary: str
    to_do: str
    servers: list[str]


class _App(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    address: str
    app: str
    verdict: Verdict | None
    codes: list[str]
    since: str | None
    commit: str
    deployed_at: str | None


class _Fields(msgspec.Struct, frozen=True, kw_only=True):
    schema: int
    kind: NoticeKind
    about: About
    at: str | None
    lasted_seconds: int
    servers: list[_App]
    causes: list[_Cause]


class _Message(msgspec.Struct, frozen=True, kw_only=True):
    """*text* is what Slack and Mattermost show, *content* what Discord does; *allowed_mentions* is Discord's: nobody is called."""

    text: str
    content: str
    allowed_mentions: dict[str, list[str]]
    stalewatch: _Fields


def webhook(notice: Notice) -> bytes:
    """The JSON. What servers say cannot call a channel or link to anything there."""
    shown = _CALLS.sub("@\u200b", text(notice).translate(_DEFUSED))
    causes = _causes(notice)
    fields = _Fields(
        schema=SCHEMA,
        kind=notice.kind,
        about=notice.about,
        at=iso(notice.at),
        lasted_seconds=int(notice.lasted),
        servers=[_app(one) for one in notice.affected],
        causes=causes,
    )
    return msgspec.json.encode(_Message(text=shown, content=shown[:CONTENT], allowed_mentions={"parse": []}, stalewatch=fields))


def text(notice: Notice) -> str:
    """Lines, the first of which says it all."""
    return "\n".join([headline(notice), *(f"  {line}" for line in _body(notice))])


def headline(notice: Notice) -> str:
    """``STALE: web1 and web2 (shop) run old code since 24 min``."""
    who = _who(notice.affected)
    many, long = len({one.server for one in notice.affected}), figures.span(notice.lasted)
    match notice.kind, notice.about:
        case NoticeKind.BEGAN, About.CODE:
            runs = figures.agree(many, "runs", "run") if _worst(notice) is Verdict.STALE else "may run"
            return f"{_worst(notice).upper()}: {who} {runs} old code, for {long} now"
        case NoticeKind.STILL, About.CODE:
            return f"still {_worst(notice).upper()} after {long}: {who}"
        case NoticeKind.OVER, About.CODE:
            return f"FRESH again after {long}: {who}"
        case NoticeKind.BEGAN, _:
            return f"UNKNOWN: {who} cannot be looked at, for {long} now"
        case NoticeKind.STILL, _:
            return f"still UNKNOWN after {long}: {who}"
        case NoticeKind.OVER, _:
            return f"{who} can be looked at again after {long}"
        case _:
            return f"FLAPPING: {who}: {figures.count(notice.changes, 'change')} in {long}, now {_now(notice)}"


def _body(notice: Notice) -> Iterator[str]:
    if notice.kind is NoticeKind.FLAPS:
        yield "nothing more is told of it until it stays as it is"
    if notice.kind is NoticeKind.OVER:
        return
    reports = [one.report for one in notice.affected if one.report is not None]
    if notice.about is About.CODE:
        yield from _what_runs(reports)
    causes = _causes(notice)
    for cause in causes:
        yield f"why{_at(cause.servers, len(causes))}: {cause.layer + ': ' if cause.layer else ''}{cause.summary}  [{cause.code}]"
    yield from dict.fromkeys(f"to do: {cause.to_do}" for cause in causes if cause.to_do)


def _what_runs(reports: Iterable[Report]) -> Iterator[str]:
    """What runs, and what is on the disk, once for all servers where it is the same."""
    told: dict[str, list[str]] = {}
    for report in reports:
        since = report.stale_since
        runs = f"code from before {utc(since)}" if since is not None and known(since) else "older code, not known since when"
        told.setdefault(f"{runs}; on the disk: {_on_disk(report)}", []).append(safe(report.server))
    for words, servers in told.items():
        yield f"runs{_at(servers, len(told))}: {words}"


def _at(servers: list[str], kinds: int) -> str:
    """Which servers a line is about, where there are several *kinds* of lines."""
    return f" ({figures.several(list(dict.fromkeys(servers)), NAMED)})" if kinds > 1 else ""


def _on_disk(report: Report) -> str:
    commit, deployed = _commit(report), _deployed(report)
    made = f"deployed {utc(deployed)}" if deployed is not None else ""
    return " ".join(part for part in (commit, made) if part) or "newer code"


def _who(affected: Iterable[Affected]) -> str:
    """``web1 and web2 (shop)``, app by app; a server as a whole by its name alone."""
    apps: dict[str, list[str]] = {}
    for one in affected:
        name = one.report.name if one.report is not None and one.app else app_name(one.app) if one.app else ""
        apps.setdefault(name, []).append(safe(one.server))
    return "; ".join(figures.several(servers, NAMED) + (f" ({safe(app)})" if app else "") for app, servers in apps.items())


def _worst(notice: Notice) -> Verdict:
    verdicts = [one.report.verdict for one in notice.affected if one.report is not None]
    bad = [verdict for verdict in verdicts if verdict in (Verdict.STALE, Verdict.SUSPECT)]
    return max(bad, key=lambda verdict: verdict.rank, default=Verdict.STALE)


def _now(notice: Notice) -> str:
    return " and ".join(dict.fromkeys(str(_verdict(one) or "gone") for one in notice.affected))


def _verdict(one: Affected) -> Verdict | None:
    """None: nothing is known of it, because it is a server as a whole, or gone."""
    if one.error is not None:
        return Verdict.UNKNOWN
    return one.report.verdict if one.report is not None else None


def _causes(notice: Notice) -> list[_Cause]:
    """Each once, with the servers that have it: the first finding of an app is the cause of what else is found there."""
    causes: dict[str, _Cause] = {}
    targets: dict[str, list[Affected]] = {}
    for one in notice.affected:
        finding = _finding(one)
        code = finding.code if finding is not None else one.error.code if one.error is not None else ""
        if code:
            targets.setdefault(code, []).append(one)
            causes.setdefault(
                code,
                _Cause(
                    code=code,
                    layer=finding.layer.value if finding is not None else None,
                    verdict=_verdict(one),
                    summary=str(finding.summary if finding is not None else one.error.message if one.error is not None else ""),
                    to_do="",
                    servers=[],
                ),
            )
    return [
        msgspec.structs.replace(cause, servers=list(dict.fromkeys(safe(one.server) for one in those)), to_do=_to_do(code, those))
        for code, cause in causes.items()
        for those in (targets[code],)
    ]


def _finding(one: Affected) -> Finding | None:
    findings = one.report.findings if one.report is not None and one.error is None else ()
    return next((finding for finding in findings if finding.verdict in (Verdict.STALE, Verdict.SUSPECT)), None)


def _to_do(code: str, those: Iterable[Affected]) -> str:
    """What to type, or what to do by hand."""
    first = next(iter(those))
    finding = _finding(first)
    if finding is None:
        return what_to_do(first.error) if first.error is not None else ""
    if set(finding.remedy) - BY_HAND:
        targets = dict.fromkeys(safe(one.report.address) for one in those if one.report is not None)
        if len(targets) > NAMED:
            return f"stalewatch fix TARGET..., these {figures.whole(len(targets))} servers"
        return f"stalewatch fix {' '.join(quote(target) for target in targets)}"
    return f"stalewatch explain {code}"


def _app(one: Affected) -> _App:
    report = one.report
    codes = [finding.code for finding in report.findings if finding.verdict is not Verdict.FRESH] if report is not None else []
    deployed = _deployed(report) if report is not None else None
    return _App(
        name=safe(one.server),
        address=safe(report.address) if report is not None else "",
        app=safe(one.app),
        verdict=_verdict(one),
        codes=codes or ([one.error.code] if one.error is not None else []),
        since=iso(report.stale_since) if report is not None else None,
        commit=_commit(report) if report is not None else "",
        deployed_at=iso(deployed),
    )


def _commit(report: Report) -> str:
    return str(report.host.release.commit)[:12] if report.host is not None else ""


def _deployed(report: Report) -> float | None:
    return max((deploy.at for deploy in report.host.release.deploys), default=None) if report.host is not None else None
