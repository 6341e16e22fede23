"""A request over a scripted stream: answered, cut, silent, lying, too large; and the stream is closed whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from stalewatch.model.errors import LinkLost, LinkTimeout, ProtocolError
from stalewatch.transport.fastcgi.client import Requests, request
from stalewatch.transport.fastcgi.codec import Incomplete, encode_request
from tests.unit.transport.test_fastcgi import end, record

ANSWER = b"Content-Type: application/json\r\n\r\n{}"


class Scripted:
    """Gives *answers* one read at a time, then the end, or (None) nothing for ever, or an error."""

    def __init__(self, answers: Sequence[bytes | Exception | None], *, write_error: Exception | None = None, blocks: bool = False) -> None:
        self._answers = list(answers)
        self._write_error = write_error
        self._blocks = blocks
        self.sent = b""
        self.closed = 0

    async def read(self, limit: int = 65536) -> bytes:
        await asyncio.sleep(0)
        answer = self._answers.pop(0) if self._answers else b""
        if answer is None:
            await asyncio.Event().wait()
        if isinstance(answer, Exception):
            raise answer
        return answer or b""

    async def write(self, data: bytes) -> None:
        if self._write_error:
            raise self._write_error
        if self._blocks:
            await asyncio.Event().wait()
        self.sent += data

    async def close(self) -> None:
        self.closed += 1


async def test_an_answer_in_pieces() -> None:
    data = record(7, b"warn") + record(6, ANSWER[:10]) + record(6, ANSWER[10:], 6) + record(6, b"") + end()
    stream = Scripted([data[at : at + 7] for at in range(0, len(data), 7)])
    response = await request(stream, {"A": "b"}, timeout=5)
    assert (response.status, response.body, response.stderr) == (200, b"{}", "warn")
    assert stream.closed


async def test_an_answer_before_the_body_was_read() -> None:
    stream = Scripted([record(6, ANSWER) + end()], blocks=True)
    assert (await request(stream, {}, b"x" * 1_000_000, timeout=5)).body == b"{}"
    assert stream.closed


@pytest.mark.parametrize("answers", [[], [record(6, ANSWER)], [record(6, ANSWER), end()[:5]]])
async def test_a_killed_request_is_incomplete(answers: list[bytes]) -> None:
    stream = Scripted(answers)
    with pytest.raises(Incomplete):
        await request(stream, {}, timeout=5)
    assert stream.closed


async def test_a_lost_link_stays_a_lost_link() -> None:
    with pytest.raises(LinkLost):
        await request(Scripted([record(6, ANSWER), LinkLost("gone")]), {}, timeout=5)
    with pytest.raises(LinkLost):
        await request(Scripted([], write_error=LinkLost("gone")), {}, timeout=5)


async def test_silence_is_a_timeout_and_cancelling_closes() -> None:
    stream = Scripted([None])
    with pytest.raises(LinkTimeout) as caught:
        await request(stream, {}, timeout=0.05)
    assert caught.value.code == "fpm.timeout"
    assert stream.closed
    stream = Scripted([None])
    task = asyncio.create_task(request(stream, {}, timeout=50))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert stream.closed


async def test_too_large_and_refused() -> None:
    with pytest.raises(ProtocolError, match="limit"):
        await request(Scripted([record(6, b"x" * 60_000)] * 10), {}, timeout=5, limit=100_000)
    with pytest.raises(ProtocolError, match="overloaded"):
        await request(Scripted([end(0, 2)]), {}, timeout=5)


FIRST, SECOND = (record(6, b"A: b\r\n\r\n" + body) + end() for body in (b"one", b"two"))


@pytest.mark.parametrize("size", [1, 7, len(FIRST) - 1, len(FIRST), len(FIRST) + 3, 1000])
async def test_two_requests_are_sent_at_once_and_answered_in_their_order(size: int) -> None:
    data = FIRST + SECOND
    stream = Scripted([data[at : at + size] for at in range(0, len(data), size)])
    first, second = encode_request({"A": "1"}, keep=True), encode_request({"A": "2"})
    asked = Requests(stream, first, second)
    assert (await asked.answer(timeout=5)).body == b"one"
    assert stream.sent == first + second
    assert not stream.closed
    assert (await asked.answer(timeout=5)).body == b"two"
    await asked.close()
    assert stream.closed


@pytest.mark.parametrize(("more", "begun"), [(b"", False), (SECOND[:1], True), (SECOND[:-1], True)])
async def test_a_connection_that_was_not_kept_tells_whether_the_next_answer_had_begun(more: bytes, begun: bool) -> None:
    asked = Requests(Scripted([FIRST + more]), encode_request({}, keep=True), encode_request({}))
    assert (await asked.answer(timeout=5)).body == b"one"
    with pytest.raises(Incomplete):
        await asked.answer(timeout=5)
    assert asked.begun is begun
    await asked.close()


async def test_what_follows_the_last_answer_is_an_error() -> None:
    asked = Requests(Scripted([FIRST + SECOND + SECOND]), encode_request({}, keep=True), encode_request({}))
    await asked.answer(timeout=5)
    with pytest.raises(ProtocolError, match="after the end"):
        await asked.answer(timeout=5)
    await asked.close()
