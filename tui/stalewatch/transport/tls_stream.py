"""TLS over a stream of a link. The certificate is verified here: what forwards the bytes sees none of them."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from stalewatch.transport.link import Stream

T = TypeVar("T")


class TlsStream:
    """A :class:`~stalewatch.transport.link.Stream`. *name* is what the certificate must be for. Every method may raise ssl.SSLError."""

    def __init__(self, stream: Stream, name: str) -> None:
        self._stream = stream
        self._received, self._to_send = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = ssl.create_default_context().wrap_bio(self._received, self._to_send, server_hostname=name)

    async def handshake(self) -> None:
        """Begin, and verify who it is. Raises LinkError."""
        await self._do(self._tls.do_handshake)

    async def read(self, limit: int = 65536) -> bytes:
        """As of any stream."""
        try:
            return await self._do(lambda: self._tls.read(limit))
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b""

    async def write(self, data: bytes) -> None:
        """As of any stream."""
        await self._do(lambda: self._tls.write(data))

    async def close(self) -> None:
        """As of any stream."""
        await self._stream.close()

    async def _do(self, call: Callable[[], T]) -> T:
        while True:
            try:
                result = call()
            except ssl.SSLWantReadError:
                await self._send()
                if data := await self._stream.read():
                    self._received.write(data)
                else:
                    self._received.write_eof()
            else:
                await self._send()
                return result

    async def _send(self) -> None:
        if self._to_send.pending:
            await self._stream.write(self._to_send.read())
