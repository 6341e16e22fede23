"""The sentence after a fix: what is known is in it, what is not is left out."""

from __future__ import annotations

import msgspec
import pytest

from stalewatch.model.report import Layer, Report, Verdict
from stalewatch.model.snapshot import LogFacts, LogLine
from stalewatch.model.text import safe
from stalewatch.runbook.in_short import Fixed, in_short
from tests.builders.runbook import T0, finding, host, report

OLD = 18 * 60.0
DONE_AT = T0 + 4


def seen(*alarms: float, fpm: bool = False, at: float = T0 + 6) -> Report:
    lines = tuple(LogLine(log=safe("laravel.log"), at=moment, text=safe("boom"), alarm=True) for moment in alarms)
    quiet = LogLine(log=safe("laravel.log"), at=T0 + 5, text=safe("fine"))
    return report(at=at, host_facts=host(logs=(LogFacts(path=safe("laravel.log"), fpm=fpm, tail=(*lines, quiet)),)))


def stale(verdict: Verdict = Verdict.STALE, since: float | None = T0 - OLD) -> Report:
    return msgspec.structs.replace(report(finding(Layer.CONFIG, verdict)), stale_since=since)


@pytest.mark.parametrize(
    ("before", "after", "lost", "sentence"),
    [
        (stale(), seen(T0 - 60, T0 + 2), 0, "web1 ran old code 18 min; fixed in 6 s; 0 requests lost; errors stopped 2027-01-15 08:00:02Z"),
        (stale(), seen(), 0, "web1 ran old code 18 min; fixed in 6 s; 0 requests lost"),
        (stale(), seen(T0 - 2 * OLD), None, "web1 ran old code 18 min; fixed in 6 s; requests lost: not counted"),
        (stale(), seen(T0 - 2 * OLD), 1, "web1 ran old code 18 min; fixed in 6 s; 1 request lost"),
        (stale(), seen(T0 + 2, T0 + 5), 0, "web1 ran old code 18 min; fixed in 6 s; 0 requests lost"),
        (stale(), seen(T0 + 2, fpm=True), 0, "web1 ran old code 18 min; fixed in 6 s; 0 requests lost"),
        (stale(since=None), seen(T0 + 2), 0, "web1 fixed in 6 s; 0 requests lost"),
        (stale(Verdict.SUSPECT), seen(T0 + 2), 0, "web1 fixed in 6 s; 0 requests lost"),
    ],
    ids=[
        "all is known",
        "no error",
        "not counted",
        "an older error",
        "errors go on",
        "FPM's own log",
        "since when is not known",
        "not proven",
    ],
)
def test_the_sentence_after_a_fix(before: Report, after: Report, lost: int | None, sentence: str) -> None:
    assert in_short(Fixed(before=before, after=after, done_at=DONE_AT, seconds=6.4, lost=lost)) == sentence
