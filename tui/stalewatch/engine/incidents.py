"""What people are told of a watched fleet: that something begins, goes on, is over; once per cause. Pure: the time is given.

All that begins within one look is one incident, however many servers it is on: a deploy that runs nowhere is one message. It is over
when it is over on all of them. What changes too often to be told each time is told once, as flapping.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from stalewatch.engine.standing import Standing
from stalewatch.model.replace import replace
from stalewatch.model.report import Report, Verdict
from stalewatch.model.unseen import Unseen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from stalewatch.engine.seen_server import SeenServer


class About(StrEnum):
    """What can be bad: the code that runs is old, or may be; or nobody can see whether it is."""

    CODE = "code"
    SIGHT = "sight"


class NoticeKind(StrEnum):
    """``began``; ``still`` (a reminder); ``over``; ``flaps``: it comes and goes, and nothing more is told of it until it stays."""

    BEGAN = "began"
    STILL = "still"
    OVER = "over"
    FLAPS = "flaps"


class Subject(NamedTuple):
    """What can be bad by itself. *app* "": the server as a whole."""

    server: str
    app: str
    about: About


class Affected(msgspec.Struct, frozen=True, kw_only=True):
    """One app (or a whole server) that a notice names, as it is now. *report*: None where there is none any more; *error*: why it cannot be
    looked at."""

    server: str
    app: str
    report: Report | None = None
    error: Unseen | None = None


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to tell. *at*: epoch seconds by this machine's clock; *lasted*: seconds since it began; *changes*: how often it changed
    lately (flapping only)."""

    kind: NoticeKind
    about: About
    at: float
    lasted: float
    affected: tuple[Affected, ...]
    changes: int = 0


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """What was told of one subject: its verdict and codes. *over*: since when it is fine again (None: it is not)."""

    server: str
    app: str
    verdict: Verdict
    codes: tuple[str, ...]
    over: float | None = None


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """What was told and is not over. *began*, *told_at*: epoch seconds."""

    about: About
    began: float
    told_at: float
    members: tuple[Member, ...]
    flapping: bool = False


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds. *settle*: so long a verdict stands before it is told; *gather*: so long is waited for others of the same cause; *remind*: a
    reminder at most so often."""

    settle: float
    gather: float
    remind: float


class _Seen(NamedTuple):
    """One subject at one look. *bad* None: it cannot be told now, and what was known of it stays."""

    bad: bool | None
    verdict: Verdict = Verdict.UNKNOWN
    codes: tuple[str, ...] = ()
    since: float | None = None
    report: Report | None = None
    error: Unseen | None = None


class _Watched(msgspec.Struct):
    """One subject over time. *seen*: the last look that could tell; *held*: the newest one could not. *said*: what was the worst of it, and
    since when that is so."""

    standing: Standing = Standing()
    seen: _Seen = _Seen(None)
    held: bool = True
    said: tuple[Verdict, str] = (Verdict.FRESH, "")
    said_since: float = 0.0


class Incidents:
    """The incidents of one fleet. *opened*: those that were told by an earlier run of the program and not yet ended."""

    def __init__(self, patience: Patience, opened: Iterable[Incident] = ()) -> None:
        self._patience = patience
        self.opened = tuple(opened)
        self._order: dict[str, int] = {}
        self._watched = {
            Subject(member.server, member.app, incident.about): _Watched(
                standing=Standing(bad=True), said=(member.verdict, member.codes[0])
            )
            for incident in self.opened
            for member in incident.members
            if member.over is None
        }

    def look(self, servers: Sequence[SeenServer], now: float) -> list[Notice]:
        """What is to be told after this look at *servers*. *now*: epoch seconds that never go back."""
        self._order = {one.server: place for place, one in enumerate(servers)}
        self._observe(servers, now)
        notices = [*self._flapping(now), *self._over(now)]
        for about in About:
            notices += self._began(about, now)
        return [*notices, *self._reminders(now)]

    # ------------------------------------------------------------------------------------------------------------- one look

    def _observe(self, servers: Sequence[SeenServer], now: float) -> None:
        looked = {subject: seen for one in servers for subject, seen in _looked(one)}
        away = {one.server for one in servers if not one.up}
        kept = {(member.server, member.app) for incident in self.opened for member in incident.members}
        for subject, watched in list(self._watched.items()):
            watched.held = True
            if subject not in looked and subject.server not in away:  # the app, or its server, is not watched any more
                looked[subject] = _Seen(False)
                if (subject.server, subject.app) not in kept:
                    del self._watched[subject], looked[subject]
        for subject, seen in looked.items():
            if seen.bad is not None:
                self._seen(self._watched.setdefault(subject, _Watched()), seen, now)

    def _seen(self, watched: _Watched, seen: _Seen, now: float) -> None:
        watched.standing = watched.standing.seen(seen.bad is True, now, self._patience.settle)
        watched.seen, watched.held = seen, False
        said = (seen.verdict, seen.codes[0] if seen.codes else "")
        if said != watched.said:
            watched.said, watched.said_since = said, now

    def _flapping(self, now: float) -> list[Notice]:
        told = self._members(lambda incident: incident.flapping or now - incident.told_at < self._patience.gather)
        begun = [subject for subject, watched in self._watched.items() if watched.standing.flapping and subject not in told]
        self._leave(begun)
        notices = []
        for about in About:
            those = [subject for subject in begun if subject.about is about]
            if those:
                first = min(self._watched[subject].standing.changes[0] for subject in those)
                changes = max(len(self._watched[subject].standing.changes) for subject in those)
                self._open(about, first, now, those, flapping=True)
                notices.append(self._notice(NoticeKind.FLAPS, about, first, now, those, changes=changes))
        return notices

    def _over(self, now: float) -> list[Notice]:
        notices, left = [], []
        for incident in self.opened:
            current = replace(incident, members=tuple(self._ended(incident, member, now) for member in incident.members))
            ends = [member.over for member in current.members if member.over is not None]
            if len(ends) < len(current.members):
                left.append(current)
                continue
            those = [Subject(member.server, member.app, incident.about) for member in current.members]
            notices.append(self._notice(NoticeKind.OVER, incident.about, incident.began, now, those, until=max(ends)))
        self.opened = tuple(left)
        return notices

    def _ended(self, incident: Incident, member: Member, now: float) -> Member:
        watched = self._watched.get(Subject(member.server, member.app, incident.about))
        if watched is None or watched.held:
            return member
        fine = not watched.standing.bad and watched.standing.stands(now, self._patience.settle)
        return replace(member, over=watched.standing.since) if fine and member.over is None else member

    def _began(self, about: About, now: float) -> list[Notice]:
        told = self._members(lambda incident: not incident.flapping)
        due = {
            subject: since + self._patience.settle
            for subject, watched in self._watched.items()
            if subject.about is about and (since := self._news_since(watched, told.get(subject), now)) is not None
        }
        if not due or now - min(due.values()) < self._patience.gather:
            return []
        self._leave(due)
        began = min(self._began_at(subject, now) for subject in due)
        self._open(about, began, now, list(due))
        return [self._notice(NoticeKind.BEGAN, about, began, now, list(due))]

    def _news_since(self, watched: _Watched, told: Member | None, now: float) -> float | None:
        """Since when there is something to tell of it that was not told (None: nothing, or not yet)."""
        standing, settle = watched.standing, self._patience.settle
        if not standing.bad or not standing.stands(now, settle) or watched.held:
            return None
        if told is None or told.over is not None:
            return standing.since
        verdict, code = watched.said
        known = verdict.rank < told.verdict.rank or (verdict is told.verdict and code in told.codes)
        return None if known or now - watched.said_since < settle else watched.said_since

    def _began_at(self, subject: Subject, now: float) -> float:
        watched = self._watched[subject]
        report, since = watched.seen.report, watched.seen.since
        if since is not None and report is not None and report.observed_at is not None:
            return now - max(report.observed_at - since, 0.0)
        return watched.standing.since if watched.standing.since > 0 else now

    def _reminders(self, now: float) -> list[Notice]:
        notices = []
        for place, incident in enumerate(self.opened):
            those = [Subject(member.server, member.app, incident.about) for member in incident.members if member.over is None]
            if now - incident.told_at >= self._patience.remind and not incident.flapping:
                self.opened = (*self.opened[:place], replace(incident, told_at=now), *self.opened[place + 1 :])
                notices.append(self._notice(NoticeKind.STILL, incident.about, incident.began, now, those))
        return notices

    # ------------------------------------------------------------------------------------------------------------- incidents

    def _members(self, wanted: Callable[[Incident], bool]) -> dict[Subject, Member]:
        return {
            Subject(member.server, member.app, incident.about): member
            for incident in self.opened
            if wanted(incident)
            for member in incident.members
        }

    def _open(self, about: About, began: float, now: float, those: Sequence[Subject], *, flapping: bool = False) -> None:
        members = tuple(
            Member(server=subject.server, app=subject.app, verdict=seen.verdict, codes=seen.codes or ("",))
            for subject in those
            for seen in (self._watched[subject].seen,)
        )
        self.opened = (*self.opened, Incident(about=about, began=began, told_at=now, members=members, flapping=flapping))

    def _leave(self, those: Iterable[Subject]) -> None:
        """They are in a new incident, and in no other one."""
        gone = set(those)
        left = []
        for incident in self.opened:
            members = tuple(one for one in incident.members if Subject(one.server, one.app, incident.about) not in gone)
            if members:
                left.append(replace(incident, members=members))
        self.opened = tuple(left)

    def _notice(
        self, kind: NoticeKind, about: About, began: float, now: float, those: Sequence[Subject], *, until: float = 0.0, changes: int = 0
    ) -> Notice:
        affected = tuple(
            Affected(server=subject.server, app=subject.app, report=seen.report, error=seen.error)
            for subject in sorted(those, key=lambda one: self._order.get(one.server, len(self._order)))
            for seen in (self._watched[subject].seen if subject in self._watched else _Seen(None),)
        )
        return Notice(kind=kind, about=about, at=now, lasted=max((until or now) - began, 0.0), affected=affected, changes=changes)


def _looked(one: SeenServer) -> Iterable[tuple[Subject, _Seen]]:
    """What one look at one server says of each of its subjects."""
    whole = Subject(one.server, "", About.SIGHT)
    if one.error is not None:
        yield whole, _Seen(True, codes=(one.error.code,), error=one.error)
    elif one.took is not None:
        yield whole, next((_sight(report) for report in one.reports if not report.app), _Seen(False))
        for report in one.reports:
            if report.app:
                yield Subject(one.server, report.app, About.CODE), _code(report)
                yield Subject(one.server, report.app, About.SIGHT), _sight(report)


def _code(report: Report) -> _Seen:
    if report.verdict in (Verdict.STALE, Verdict.SUSPECT):
        old = [finding for finding in report.findings if finding.verdict in (Verdict.STALE, Verdict.SUSPECT)]
        return _Seen(True, report.verdict, tuple(dict.fromkeys(finding.code for finding in old)), report.stale_since, report)
    return _Seen(False if report.verdict in (Verdict.FRESH, Verdict.ABSENT) else None, report.verdict, report=report)


def _sight(report: Report) -> _Seen:
    if report.verdict is not Verdict.UNKNOWN:
        return _Seen(False, report.verdict, report=report)
    error = report.errors[0] if report.errors else None
    return _Seen(True, Verdict.UNKNOWN, (error.code,) if error else (), report=report, error=error)
