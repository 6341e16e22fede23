"""Signs and words: severity is a sign and a word before it is a colour."""

from __future__ import annotations

from stalewatch.dashboard.render.lines import Span
from stalewatch.model.report import Severity, Verdict
from stalewatch.runbook.plan import Status
from stalewatch.runbook.verdict_words import STATUS_SIGN as PLAIN_STATUS_SIGN
from stalewatch.runbook.verdict_words import VERDICT_SIGN as VERDICT_SIGN
from stalewatch.timeline import EventKind

VERDICT_WORD = {verdict: verdict.value.upper() for verdict in Verdict} | {Verdict.ABSENT: "NOT CACHED"}

ALARM = "▼"
EVENT_SIGN = {
    EventKind.DEPLOY: "◆",
    EventKind.CACHE: "■",
    EventKind.RELOAD: "▲",
    EventKind.DOWN: ALARM,
    EventKind.WORKERS: "●",
    EventKind.RESTART: "◇",
    EventKind.ERROR: "!",
    EventKind.REASSURE: "+",
    EventKind.VERDICT: "=",
    EventKind.ACTION: "★",
    EventKind.LINK: "∿",
}
EVENT_WORD = {
    EventKind.DEPLOY: "deploy",
    EventKind.CACHE: "cache",
    EventKind.RELOAD: "reload",
    EventKind.DOWN: "FPM down",
    EventKind.WORKERS: "workers",
    EventKind.RESTART: "opcache",
    EventKind.ERROR: "errors",
    EventKind.REASSURE: "good",
    EventKind.VERDICT: "verdict",
    EventKind.ACTION: "action",
    EventKind.LINK: "link",
}
EVENT_RANK = {
    EventKind.DOWN: 10,
    EventKind.DEPLOY: 9,
    EventKind.ACTION: 8,
    EventKind.RELOAD: 7,
    EventKind.ERROR: 6,
    EventKind.RESTART: 5,
    EventKind.REASSURE: 4,
    EventKind.CACHE: 3,
    EventKind.VERDICT: 2,
    EventKind.WORKERS: 1,
    EventKind.LINK: 0,
}
"""Which sign wins where two fall into one cell."""

_STATUS_ROLE = {
    Status.RUNNING: "accent",
    Status.DONE: "fresh-mark",
    Status.PARTLY: "suspect-mark",
    Status.FAILED: "stale-mark",
    Status.UNKNOWN: "unknown-mark",
}
STATUS_SIGN = {status: Span(mark, _STATUS_ROLE.get(status, "muted")) for status, mark in PLAIN_STATUS_SIGN.items()}
SEVERITY_ROLE = {Severity.INFO: "muted", Severity.WARNING: "warning", Severity.CRITICAL: "stale-mark"}
SHADE = "▒"
MARK = "■"
CURSOR = "▸"


def sign(verdict: Verdict) -> Span:
    """The verdict in one cell."""
    return Span(VERDICT_SIGN[verdict], f"{verdict.value}-mark")


def alarm_badge(word: str, more: str = "") -> Span:
    """An alarm as sign, word and colour, such as ``▼ FPM DOWN 1 min``."""
    return Span(f" {ALARM} {word}{' ' + more if more else ''} ", "alarm")


def badge(verdict: Verdict, more: str = "") -> Span:
    """The verdict as sign, word and colour, such as ``✗ STALE 24 min``."""
    words = f" {VERDICT_SIGN[verdict]} {VERDICT_WORD[verdict]}{' ' + more if more else ''} "
    return Span(words, verdict.value)
