"""The JSON of an application's own health check."""

from __future__ import annotations

import pytest

from stalewatch.model.errors import ProtocolError
from stalewatch.probe.health.check import parse_check

REPORTED = b"""{"opcache_enabled": true, "opcache_hit_rate": "71.3%", "cached_files": 382, "memory_used": "12.5 MB",
"warnings": ["Low OPCache hit rate: 71%"]}"""


def test_the_one_of_the_incident_report() -> None:
    told = parse_check("http://web1/health", REPORTED)
    assert (told.enabled, told.hit_rate, told.cached_scripts) == (True, pytest.approx(0.713), 382)
    assert told.warnings == ("Low OPCache hit rate: 71%",)


@pytest.mark.parametrize(
    ("rate", "share"),
    [('"97.3%"', 0.973), ("0.973", 0.973), ("97.3", 0.973), ('"1%"', 0.01), ("1", 1.0), ('"n/a"', None), ("-1", None), ("1e9", None)],
)
def test_a_rate_is_a_share_however_it_is_written(rate: str, share: float | None) -> None:
    told = parse_check("http://web1/health", b'{"cached_files": 1, "opcache_hit_rate": %s}' % rate.encode())
    assert told.hit_rate == (share if share is None else pytest.approx(share))


def test_warnings_are_bounded_and_safe() -> None:
    told = parse_check("http://web1/health", b'{"cached_files": 1, "warnings": ["\\u001b[2J%s", 2, 3, 4, 5, 6, 7]}' % (b"x" * 9000))
    assert len(told.warnings) == 5
    assert told.more_warnings == 2
    assert len(told.warnings[0]) <= 200
    assert "\x1b" not in told.warnings[0]


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b'{"status": "ok"}', b"[]", b'{"cached_files": "many"}', b"[" * 5000, b'{"warnings": [1]}']
)
def test_anything_else_is_none(body: bytes) -> None:
    with pytest.raises(ProtocolError) as refused:
        parse_check("http://web1/health", body)
    assert refused.value.code == "health-url.other-answer"
