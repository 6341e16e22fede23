"""One FastCGI request over a connected stream: the I/O around the codec."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from stalewatch.model import reasons
from stalewatch.model.errors import LinkError, LinkTimeout, ProtocolError
from stalewatch.transport.fastcgi.codec import DEFAULT_LIMIT, Decoder, EndRequest, Stdout, encode_request
from stalewatch.transport.fastcgi.response import Response, parse_response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stalewatch.transport.link import Stream

_REFUSALS = {1: "it cannot multiplex", 2: "it is overloaded", 3: "it does not know the responder role"}


async def request(stream: Stream, params: Mapping[str, str], body: bytes = b"", *, timeout: float, limit: int = DEFAULT_LIMIT) -> Response:
    """Send one request, return its whole answer, and close *stream* (FPM closes its side too) however it ends.

    *timeout* is in seconds for all of it; *limit* bounds the answer in bytes. Raises LinkTimeout, LinkLost, Incomplete (the worker was
    killed during the request) or ProtocolError. A request that timed out still occupies a worker: wait for it before you send the next one.
    """
    try:
        async with asyncio.timeout(timeout):
            return await _exchange(stream, encode_request(params, body), Decoder(limit))
    except TimeoutError:
        raise LinkTimeout(f"FPM did not answer within {timeout:g} s", reason=reasons.FPM_TIMEOUT) from None
    finally:
        await stream.close()


def whole(data: bytes, limit: int = DEFAULT_LIMIT) -> Response:
    """An answer that somebody else has received. Raises ProtocolError; Incomplete where it is not all there."""
    decoder, stdout, stderr = Decoder(limit), bytearray(), bytearray()
    for event in decoder.feed(data):
        if isinstance(event, EndRequest):
            return _finish(event, stdout, stderr)
        (stdout if isinstance(event, Stdout) else stderr).extend(event.data)
    decoder.eof()
    raise ProtocolError("the FastCGI answer ended twice")


async def _exchange(stream: Stream, sent: bytes, decoder: Decoder) -> Response:
    writing = asyncio.create_task(stream.write(sent))  # while we read: FPM may answer before it has read a large body
    try:
        return await _receive(stream, decoder, writing)
    finally:
        writing.cancel()
        with contextlib.suppress(asyncio.CancelledError, LinkError):
            await writing


async def _receive(stream: Stream, decoder: Decoder, writing: asyncio.Task[None]) -> Response:
    stdout, stderr = bytearray(), bytearray()
    while True:
        data = await stream.read()
        if not data:
            if writing.done() and (error := writing.exception()) is not None:
                raise error
            decoder.eof()
            raise ProtocolError("the FastCGI answer ended twice")
        for event in decoder.feed(data):
            if isinstance(event, EndRequest):
                return _finish(event, stdout, stderr)
            (stdout if isinstance(event, Stdout) else stderr).extend(event.data)


def _finish(end: EndRequest, stdout: bytearray, stderr: bytearray) -> Response:
    if end.protocol_status:
        why = _REFUSALS.get(end.protocol_status, f"protocol status {end.protocol_status}")
        raise ProtocolError(f"FPM refused the request: {why}", reason=reasons.FPM_REFUSED)
    return parse_response(bytes(stdout), bytes(stderr))
