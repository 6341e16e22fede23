"""The codec's invariants: chunking does not matter, a cut answer is never a whole one, garbage is a ProtocolError and nothing else."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stalewatch.model.errors import ProtocolError
from stalewatch.transport.fastcgi.codec import Decoder, EndRequest, Event, Incomplete, Stderr, Stdout, encode_request
from stalewatch.transport.fastcgi.response import parse_response


def record(kind: int, content: bytes, padding: int = 0, *, version: int = 1, request_id: int = 1) -> bytes:
    return struct.pack("!BBHHBx", version, kind, request_id, len(content), padding) + content + b"\xaa" * padding


def end(app: int = 0, protocol: int = 0) -> bytes:
    return record(3, struct.pack("!LB3x", app, protocol))


pieces = st.lists(st.tuples(st.sampled_from([6, 7]), st.binary(max_size=300), st.integers(0, 255)), max_size=8)
answers = pieces.map(lambda made: b"".join(record(*piece) for piece in made) + end())


def decode(data: bytes, cuts: list[int]) -> list[Event]:
    decoder, events, last = Decoder(), [], 0
    for cut in [*sorted(cut % (len(data) + 1) for cut in cuts), len(data)]:
        events += decoder.feed(data[last:cut])
        last = cut
    decoder.eof()
    return events


@given(pieces, st.lists(st.integers(min_value=0)))
def test_any_chunking_gives_the_same_events(made: list[tuple[int, bytes, int]], cuts: list[int]) -> None:
    data = b"".join(record(*piece) for piece in made) + end(7, 0)
    expected: list[Event] = [(Stdout if kind == 6 else Stderr)(content) for kind, content, _ in made if content]
    assert decode(data, cuts) == [*expected, EndRequest(7, 0)]


@given(answers)
def test_byte_by_byte(data: bytes) -> None:
    assert decode(data, list(range(len(data)))) == decode(data, [])


@given(answers, st.integers(min_value=0))
def test_an_answer_cut_anywhere_is_incomplete(data: bytes, cut: int) -> None:
    decoder = Decoder()
    events = decoder.feed(data[: cut % len(data)])
    assert not any(isinstance(event, EndRequest) for event in events)
    with pytest.raises(Incomplete):
        decoder.eof()


@given(st.lists(st.binary(max_size=200)))
def test_garbage_parses_or_is_a_protocol_error(chunks: list[bytes]) -> None:
    decoder = Decoder(1000)
    try:
        for chunk in chunks:
            decoder.feed(chunk)
        decoder.eof()
    except ProtocolError:
        with pytest.raises(ProtocolError):
            decoder.eof()


@given(answers, st.data())
def test_one_flipped_byte_parses_or_is_a_protocol_error(data: bytes, draw: st.DataObject) -> None:
    at = draw.draw(st.integers(0, len(data) - 1))
    mutated = data[:at] + bytes([data[at] ^ draw.draw(st.integers(1, 255))]) + data[at + 1 :]
    decoder = Decoder()
    try:
        decoder.feed(mutated)
        decoder.eof()
    except ProtocolError:
        pass


@given(st.binary(max_size=500), st.binary(max_size=100))
def test_any_stdout_is_a_response_or_a_protocol_error(stdout: bytes, stderr: bytes) -> None:
    try:
        response = parse_response(stdout, stderr)
    except ProtocolError:
        return
    assert 100 <= response.status <= 999
    assert response.stderr.isprintable()
    assert all(name.isprintable() and value.isprintable() for name, value in response.headers.items())


@pytest.mark.parametrize(
    "lie",
    [
        record(6, b"x", version=2),
        record(6, b"x", request_id=2),
        record(6, b"x", request_id=0),
        record(5, b"x"),
        record(11, b"x" * 8),
        record(3, b"short"),
        record(3, bytes(9)),
        end() + b"\0",
        end() + end(),
    ],
    ids=["version", "request", "management", "type", "unknown", "short end", "long end", "after the end", "two ends"],
)
def test_lies(lie: bytes) -> None:
    decoder = Decoder()
    with pytest.raises(ProtocolError) as caught:
        decoder.feed(lie)
    assert not isinstance(caught.value, Incomplete)
    with pytest.raises(ProtocolError):
        decoder.feed(end())


def test_the_limit_counts_everything_that_is_sent() -> None:
    Decoder(len(end()) + 20).feed(record(6, b"x" * 12) + end())
    with pytest.raises(ProtocolError, match="limit"):
        Decoder(len(end()) + 19).feed(record(6, b"x" * 12) + end())
    with pytest.raises(ProtocolError, match="limit"):
        Decoder(10_000).feed(record(7, b"", 255) * 1000)  # empty records carry nothing, but cost us time


def decode_request(data: bytes) -> tuple[dict[bytes, bytes], bytes, list[int]]:
    """An independent reading of a request, by the specification."""
    kinds, streams = [], {4: b"", 5: b""}
    while data:
        version, kind, request_id, length, padding = struct.unpack("!BBHHBx", data[:8])
        assert (version, request_id) == (1, 1)
        content, data = data[8 : 8 + length], data[8 + length + padding :]
        kinds.append(kind)
        if kind == 1:
            assert content == b"\0\1\0\0\0\0\0\0"
        else:
            streams[kind] += content
            if not content:
                kinds.append(-kind)
    params, pairs = {}, streams[4]
    while pairs:
        sizes = []
        for _ in range(2):
            if pairs[0] < 128:
                sizes.append(pairs[0])
                pairs = pairs[1:]
            else:
                sizes.append(struct.unpack("!L", pairs[:4])[0] & 0x7FFFFFFF)
                pairs = pairs[4:]
        params[pairs[: sizes[0]]] = pairs[sizes[0] : sum(sizes)]
        pairs = pairs[sum(sizes) :]
    return params, streams[5], kinds


@given(st.dictionaries(st.text(st.characters(codec="utf-8"), min_size=1), st.text(st.characters(codec="utf-8"))), st.binary())
def test_a_request_is_read_back_whole(params: dict[str, str], body: bytes) -> None:
    read, stdin, kinds = decode_request(encode_request(params, body))
    assert read == {name.encode(): value.encode() for name, value in params.items()}
    assert stdin == body
    assert kinds[0] == 1
    assert -4 in kinds
    assert kinds[-1] == -5


def test_large_params_and_bodies_are_split_into_records() -> None:
    params = {"BIG": "v" * 200_000}
    body = b"b" * 150_000
    read, stdin, _ = decode_request(encode_request(params, body))
    assert (read, stdin) == ({b"BIG": b"v" * 200_000}, body)


def test_a_response_of_fpm() -> None:
    response = parse_response(
        b"Status: 404 Not Found\r\nX-Powered-By: PHP/8.2\r\nContent-type: text/html\r\n\r\nFile not found.\n", b"Primary script unknown\n"
    )
    assert (response.status, response.body, response.stderr) == (404, b"File not found.\n", "Primary script unknown")
    assert response.headers["content-type"] == "text/html"


@pytest.mark.parametrize(
    "stdout",
    [
        b"",
        b"no end",
        b"X: y\r\n",
        b"not a header\r\n\r\n",
        b"Status: 99\r\n\r\n",
        b"Status: \xb2\xb2\xb2\r\n\r\n",
        b": v\n\n",
        b"A:b\n" * 200 + b"\n",
    ],
)
def test_a_response_without_valid_headers(stdout: bytes) -> None:
    with pytest.raises(ProtocolError):
        parse_response(stdout)


def test_a_header_cannot_reach_the_terminal() -> None:
    assert parse_response(b"X: a\x1b[31m\xe2\x80\xae\r\n\r\n").headers["x"] == "a\\x1b[31m\\u202e"
