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
    asked = Requests(stream, encode_request(params, body))
    try:
        return await asked.answer(timeout=timeout, limit=limit)
    finally:
        await asked.close()


class Requests:
    """Requests that are sent at once over *stream*, all but the last of which keep the connection: one worker answers them in their order.

    They are all at the server before it answers the first: no worker ever waits for us to send the next one. :meth:`answer` is the next
    answer, however that of another request ended; :meth:`close` must follow.
    """

    def __init__(self, stream: Stream, *encoded: bytes) -> None:
        self.begun = False
        self._stream = stream
        self._left = len(encoded)
        self._rest = b""
        self._writing = asyncio.create_task(
            stream.write(b"".join(encoded))
        )  # while we read: FPM may answer before it has read a large body

    async def answer(self, *, timeout: float, limit: int = DEFAULT_LIMIT) -> Response:
        """The answer to the next request. *begun* then tells whether anything of it came. Raises what :func:`request` raises."""
        self._left -= 1
        decoder = Decoder(limit, last=self._left == 0)
        self.begun = False
        try:
            async with asyncio.timeout(timeout):
                return await self._receive(decoder)
        except TimeoutError:
            raise LinkTimeout(f"FPM did not answer within {timeout:g} s", reason=reasons.FPM_TIMEOUT) from None

    async def close(self) -> None:
        """Close the stream, whatever was not answered. Never raises."""
        self._writing.cancel()
        with contextlib.suppress(asyncio.CancelledError, LinkError):
            await self._writing
        await self._stream.close()

    async def _receive(self, decoder: Decoder) -> Response:
        stdout, stderr = bytearray(), bytearray()
        while True:
            data, self._rest = self._rest or await self._stream.read(), b""
            if not data:
                if self._writing.done() and (error := self._writing.exception()) is not None:
                    raise error
                decoder.eof()
                raise ProtocolError("the FastCGI answer ended twice")
            self.begun = True
            for event in decoder.feed(data):
                if isinstance(event, EndRequest):
                    self._rest = decoder.rest
                    return _finish(event, stdout, stderr)
                (stdout if isinstance(event, Stdout) else stderr).extend(event.data)


def whole(data: bytes, limit: int = DEFAULT_LIMIT) -> Response:
    """An answer that somebody else has received. Raises ProtocolError; Incomplete where it is not all there."""
    decoder, stdout, stderr = Decoder(limit), bytearray(), bytearray()
    for event in decoder.feed(data):
        if isinstance(event, EndRequest):
            return _finish(event, stdout, stderr)
        (stdout if isinstance(event, Stdout) else stderr).extend(event.data)
    decoder.eof()
    raise ProtocolError("the FastCGI answer ended twice")


def _finish(end: EndRequest, stdout: bytearray, stderr: bytearray) -> Response:
    if end.protocol_status:
        why = _REFUSALS.get(end.protocol_status, f"protocol status {end.protocol_status}")
        raise ProtocolError(f"FPM refused the request: {why}", reason=reasons.FPM_REFUSED)
    return parse_response(bytes(stdout), bytes(stderr))
