"""One HTTP request over a stream of a link. Its answer is parsed by the standard library once all of it is here."""

from __future__ import annotations

import asyncio
import http.client
import io
import ssl
from typing import TYPE_CHECKING, NamedTuple

from stalewatch.model import figures, reasons
from stalewatch.model.errors import LinkTimeout, ProtocolError
from stalewatch.model.text import SafeText, safe
from stalewatch.transport.tls_stream import TlsStream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stalewatch.transport.http_target import HttpTarget
    from stalewatch.transport.link import Stream

MAX_ANSWER = 16 * 1024 * 1024
"""Bytes, of headers and body."""


class HttpAnswer(NamedTuple):
    """*location*: where a redirect leads, "" it is none. *body* is raw: its parser makes it safe."""

    status: int
    location: SafeText
    body: bytes


async def exchange(stream: Stream, target: HttpTarget, headers: Mapping[str, str], body: bytes | None, *, timeout: float) -> HttpAnswer:
    """Send one request (GET without a *body*), return its whole answer, and close *stream* however it ends. No redirect is followed.

    *timeout*: seconds for all of it. Raises LinkLost, LinkTimeout; ProtocolError where TLS, the answer or its size is not as it must be.
    """
    try:
        async with asyncio.timeout(timeout):
            return _parsed(await _received(stream, target, _request(target, headers, body)))
    except TimeoutError:
        raise LinkTimeout(f"no answer within {timeout:g} s", reason=reasons.HEALTH_URL_NO_ANSWER) from None
    except ssl.SSLCertVerificationError as error:
        said = f"the certificate is not valid for {target.host}: {safe(error.verify_message, 200)}"
        raise ProtocolError(said, reason=reasons.HEALTH_URL_TLS) from None
    except ssl.SSLError as error:
        raise ProtocolError(f"no TLS is spoken there: {safe(error.reason or str(error), 200)}", reason=reasons.HEALTH_URL_TLS) from None
    finally:
        await stream.close()


def _request(target: HttpTarget, headers: Mapping[str, str], body: bytes | None) -> bytes:
    lines = [f"{'GET' if body is None else 'POST'} {target.path} HTTP/1.1", f"Host: {target.authority}"]
    lines += ["User-Agent: stalewatch", "Accept-Encoding: identity", "Cache-Control: no-store", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join((*lines, "", "")).encode("ascii") + (body or b"")


async def _received(stream: Stream, target: HttpTarget, request: bytes) -> bytes:
    if target.tls:
        stream = TlsStream(stream, target.host)
        await stream.handshake()
    await stream.write(request)
    received = bytearray()
    while data := await stream.read():
        received += data
        if len(received) > MAX_ANSWER:
            raise ProtocolError(f"the answer is longer than {figures.size(MAX_ANSWER)}", reason=reasons.HEALTH_URL_OTHER_ANSWER)
    return bytes(received)


class _Arrived:
    """What :class:`http.client.HTTPResponse` asks of a socket."""

    def __init__(self, received: bytes) -> None:
        self._received = received

    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(self._received)


def _parsed(received: bytes) -> HttpAnswer:
    answer = http.client.HTTPResponse(_Arrived(received))  # type: ignore[arg-type]
    try:
        answer.begin()
        return HttpAnswer(answer.status, safe(answer.getheader("Location") or "", 300), answer.read())
    except (http.client.HTTPException, ValueError, OSError) as error:
        said = f"it is not a whole HTTP answer ({type(error).__name__})" if received else "the connection was closed without an answer"
        code = reasons.HEALTH_URL_OTHER_ANSWER if received else reasons.HEALTH_URL_NO_ANSWER
        raise ProtocolError(said, reason=code) from None
