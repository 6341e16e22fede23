"""Signs and words: severity is a sign and a word before it is a colour."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stalewatch.dashboard.render.lines import Span
from stalewatch.model.layers import Layer
from stalewatch.model.report import Severity, Verdict
from stalewatch.runbook.plan import Status
from stalewatch.runbook.verdict_words import STATUS_SIGN as PLAIN_STATUS_SIGN
from stalewatch.runbook.verdict_words import VERDICT_SIGN as VERDICT_SIGN
from stalewatch.timeline import PHP, EventKind

if TYPE_CHECKING:
    from stalewatch.timeline import Event

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


def event_word(event: Event) -> str:
    """What a lane says behind the sign of *event*: what came with PHP itself is no deploy of the application."""
    return "PHP" if event.kind is EventKind.DEPLOY and event.source == PHP else EVENT_WORD[event.kind]


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


NEUTRAL = Span(VERDICT_SIGN[Verdict.ABSENT], "muted")
"""Before what is told and proves nothing."""


_ONLY_TOLD = (Layer.RELEASE, Layer.FPM)
"""Layers of which fresh proves nothing of the code that runs: the newest commit is not, and neither is the age of workers."""


def sign(verdict: Verdict) -> Span:
    """The verdict in one cell."""
    return Span(VERDICT_SIGN[verdict], f"{verdict.value}-mark")


def layer_sign(layer: Layer, verdict: Verdict) -> Span:
    """The verdict of *layer* in one cell; a tick only where something was compared."""
    return NEUTRAL if verdict is Verdict.FRESH and layer in _ONLY_TOLD else sign(verdict)


def alarm_badge(word: str, more: str = "") -> Span:
    """An alarm as sign, word and colour, such as ``▼ FPM DOWN 1 min``."""
    return Span(f" {ALARM} {word}{' ' + more if more else ''} ", "alarm")


_SMALLER_UNIT = re.compile(r" \d+ \w+$")


def badge_in(mark: Span, room: int) -> Span:
    """*mark* in *room* cells: without the blank at its end, then without the smaller unit of its time, where it would be cut in a word."""
    told = mark.text if len(mark.text) <= room else mark.text.rstrip()
    while len(told) > room and _SMALLER_UNIT.search(told):
        told = _SMALLER_UNIT.sub("", told)
    return mark._replace(text=told if len(told) <= room else mark.text)


def badge(verdict: Verdict, more: str = "") -> Span:
    """The verdict as sign, word and colour, such as ``✗ STALE 24 min``."""
    words = f" {VERDICT_SIGN[verdict]} {VERDICT_WORD[verdict]}{' ' + more if more else ''} "
    return Span(words, verdict.value)
