"""However deep a server nests what it says, nobody who reads it falls over."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stalewatch.model import bounded_json
from stalewatch.model.bounded_json import MAX_DEPTH, decode
from stalewatch.model.errors import ProtocolError
from stalewatch.probe.host.parsers import autoload, composer, deploy_logs
from stalewatch.probe.runtime import answer, fpm_status


def nested(depth: int, around: str = "{}") -> str:
    opened, closed = ('{"a":', "}") if around == "{}" else ("[", "]")
    return opened * depth + "1" + closed * depth


@pytest.mark.parametrize("around", ["{}", "[]"])
def test_the_last_level_is_decoded_and_the_next_is_not(around: str) -> None:
    assert decode(nested(MAX_DEPTH, around)) == json.loads(nested(MAX_DEPTH, around))
    with pytest.raises(msgspec.DecodeError, match="deeper than"):
        decode(nested(MAX_DEPTH + 1, around))


@pytest.mark.parametrize(
    "text",
    [
        "[" * 200_000,
        '{"a":' * 200_000,
        nested(200_000, "[]"),
        '{"x":' + nested(100_000) + "}",
        "[" + "[[]," * (MAX_DEPTH + 1) + "1" + "]" * (MAX_DEPTH + 1) + "]",
    ],
    ids=["never closed", "never closed objects", "arrays", "a field that nobody asks for", "with neighbours"],
)
def test_what_is_nested_deep_is_an_error_of_the_decoder(text: str) -> None:
    for wanted in (Any, composer._Installed):
        with pytest.raises(msgspec.MsgspecError):
            decode(text, type=wanted)


VALUES = st.none() | st.text() | st.integers()


@given(st.recursive(VALUES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20))
def test_what_is_not_is_decoded_as_ever(value: object) -> None:
    said = json.dumps(value)
    try:
        expected = msgspec.json.decode(said)
    except msgspec.MsgspecError:
        with pytest.raises(msgspec.MsgspecError):
            decode(said)
        return
    assert decode(said) == decode(said.encode()) == expected


@pytest.mark.parametrize("text", ['"[[["', '"\\"[{"', '"\\\\"', '["\\\\\\"[",[]]', '{"[":"]","{":"\\\\"}'])
def test_brackets_in_texts_do_not_count(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert decode(text) == json.loads(text)
    many = f"[{','.join([text] * 3)}]"
    assert not bounded_json._too_deep(many.encode())


DEEP = '{"name":"a/b","extra":{"laravel":' + nested(500) + "}}"


def test_no_file_and_no_answer_of_a_server_is_too_deep_to_be_read() -> None:
    """Deep enough to be decoded by some, and too deep for whatever goes through it then."""
    packages = f'{{"packages":[{DEEP}],"dev":true}}'.encode()
    assert composer.installed_manifest(packages, b"") is None
    assert composer.installed_manifest(b'{"packages":[]}', nested(500).encode()) == {}
    assert composer.cached_manifest("<?php return " + "array(1=>" * 500 + ")" * 500 + ";") is None
    assert autoload.installed_releases(packages) is None
    assert autoload.unlike_lock(packages, {}, development=True) is None
    assert autoload.wanted_autoload(nested(500).encode()) == autoload.AutoloadRules()
    assert deploy_logs.parse_releases_log(nested(500)) == ()
    assert not isinstance(fpm_status.parse_page(b'{"pool":"www","x":' + nested(500).encode() + b"}"), dict)
    with pytest.raises(ProtocolError):
        answer.decode(b'{"sapi":"fpm-fcgi","x":' + nested(500).encode() + b"}", deflated=False)
