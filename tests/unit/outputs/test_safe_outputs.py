"""Whatever a server says, what reaches a terminal or a file is harmless and well-formed."""

from __future__ import annotations

import json as stdlib_json
import math
from datetime import UTC

import msgspec
import pytest

from stalewatch.cli.outputs import fix_lines, json, plan_text, text
from stalewatch.model import times
from stalewatch.model.report import Evidence, Layer, Remedy, Verdict
from stalewatch.model.text import safe
from stalewatch.runbook import verdict_words
from stalewatch.runbook.plan import Status
from tests.builders import outputs as examples

HOSTILE = "a[/x]\x1b[2J\x9b1m\x1b]0;t\x07\u202eb\nc\udcff"


def test_json_is_what_the_contract_shows() -> None:
    answer = stdlib_json.loads(json.render(examples.fleet()))
    assert list(answer) == ["schema", "verdict", "servers"]
    for server in answer["servers"]:
        assert list(server["layers"]) == [str(layer) for layer in Layer]
        assert {"name", "address", "app", "observed_at", "verdict", "layers", "opcache", "fpm", "findings", "errors"} <= set(server)


def test_an_unreachable_server_has_nulls_where_nothing_was_seen() -> None:
    unreachable = stdlib_json.loads(json.render((examples.unreachable(),)))["servers"][0]
    assert (unreachable["opcache"], unreachable["fpm"], unreachable["observed_at"], unreachable["app"]) == (None, None, None, "")


def test_a_verdict_kept_from_an_old_look_does_not_bring_the_old_facts_back() -> None:
    old = msgspec.structs.replace(examples.stale(), verdict=Verdict.UNKNOWN, observed_at=None)
    entry = stdlib_json.loads(json.render((old,)))["servers"][0]
    assert (entry["opcache"], entry["fpm"]) == (None, None)


@pytest.mark.parametrize("at", [math.nan, math.inf, -math.inf, -1.0, 0.0, 1e300, None])
def test_a_time_that_is_none_is_null_and_a_question_mark(at: float | None) -> None:
    assert times.iso(at) is None
    assert times.clock(at, examples.NOW, UTC) == "?"
    assert times.exact(at, examples.NOW, UTC) == "?"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e308, 2**80, -1])
@pytest.mark.parametrize("kind", ["time", "age", "bytes", "text"])
def test_absurd_numbers_are_told_without_an_error(value: float, kind: str) -> None:
    finding = msgspec.structs.replace(examples.warning(), evidence=(Evidence("n", value, kind),), until=value, since=value)
    report = msgspec.structs.replace(examples.verdict(Verdict.STALE, finding), stale_since=value, observed_at=value)
    stdlib_json.loads(json.render((report,)))
    assert "STALE" in text.render((report,))


def test_what_a_server_says_reaches_the_terminal_neither_raw_nor_as_markup() -> None:
    finding = msgspec.structs.replace(examples.stale().findings[0], subject=safe(HOSTILE), summary=safe(HOSTILE))
    report = msgspec.structs.replace(examples.stale(), findings=(finding,), server=HOSTILE, address=HOSTILE)
    for colour in (False, True):
        said = text.render((report,), colour=colour, width=80)
        plain = said.replace("\x1b[0m", "").replace("\x1b[1;", "").replace("\x1b[1m", "").replace("\x1b[3", "")
        assert not [char for char in plain if not char.isprintable() and char != "\n"]
        assert "[/x]" in said
    progress = msgspec.structs.replace(examples.progress(), server=HOSTILE, step=HOSTILE)
    assert plan_text.progress_line(progress).count("\n") == 1
    assert fix_lines.line(progress).count(b"\n") == 1


def test_text_says_worst_first_since_when_and_why_without_colour() -> None:
    said = text.render(examples.fleet(), zone=UTC)
    assert said.index("STALE for 24 min  web1") < said.index("UNKNOWN  web3") < said.index("FRESH  web2")
    assert "\x1b" not in said
    assert "on disk: 10:38:02 (24 min ago)" in said


def test_text_keeps_its_width_but_never_breaks_a_command() -> None:
    lines = text.render(examples.fleet(), zone=UTC, width=50).splitlines()
    assert [line for line in lines if len(line) > 50 and "repeat:" not in line and "fix it:" not in line] == []
    assert any(line.strip().startswith("repeat: stat -c") and line.endswith(examples.CONTROLLER) for line in lines)


def test_every_value_has_a_sign_and_a_word() -> None:
    assert set(verdict_words.VERDICT_SIGN) == set(verdict_words.VERDICT_STYLE) == set(Verdict)
    assert set(verdict_words.STATUS_SIGN) == set(Status)
    assert set(verdict_words.REMEDY) == set(Remedy)


def test_the_signs_are_those_of_the_dashboard() -> None:
    signs = pytest.importorskip("stalewatch.dashboard.render.signs")
    assert signs.VERDICT_SIGN == verdict_words.VERDICT_SIGN
    assert {status: span.text for status, span in signs.STATUS_SIGN.items()} == verdict_words.STATUS_SIGN


def test_an_unknown_outcome_is_never_called_failed() -> None:
    said = plan_text.progress_line(examples.progress(status=Status.UNKNOWN))
    assert "outcome unknown" in said
    assert "failed" not in said
