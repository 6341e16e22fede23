"""The client of a relay: one coprocess on the server, any number of connections at a time."""

from __future__ import annotations

import asyncio
import base64
import binascii
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from stalewatch.model.errors import LinkError, LinkLost, LinkTimeout, NotPermitted, ProtocolError
from stalewatch.model.text import safe

if TYPE_CHECKING:
    from stalewatch.transport.link import Link, Stream
    from stalewatch.transport.relay.programs import RelayProgram

START_TIMEOUT: Final = 5.0
LEASE_REFRESH: Final = 8.0
"""Seconds between two lines that keep the lease (it ends after 30 s)."""
MAX_LINE: Final = 1024 * 1024
_FULL: Final = ("temporarily unavailable", "timed out")


class Relay:
    """A running relay. *name*: the program it is written in; *user*: as whom it runs by sudo ("" the login)."""

    def __init__(self, stream: Stream, nonce: str, name: str, user: str) -> None:
        self.name = name
        self.user = user
        self._stream = stream
        self._mark = f"{nonce} ".encode()
        self._connections: dict[bytes, RelayStream] = {}
        self._count = 0
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ended: LinkError | None = None
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._keep_lease())]

    @classmethod
    async def start(cls, link: Link, program: RelayProgram, user: str = "") -> Relay:
        """Start it, and wait until it says that it is ready. Raises LinkError; nothing is left on the server then."""
        nonce = secrets.token_hex(16)
        stream = await link.coprocess(program.command(user))
        relay = cls(stream, nonce, program.name, user)
        try:
            async with asyncio.timeout(START_TIMEOUT):
                await stream.write(program.opening + f"{nonce}\n".encode())
                await asyncio.shield(relay._ready)
        except TimeoutError:
            await relay.close()
            raise LinkTimeout(f"the relay in {program.name} was not ready within {START_TIMEOUT:g} s") from None
        except BaseException:
            await relay.close()
            raise
        return relay

    @property
    def alive(self) -> bool:
        """Whether it still answers, as far as is known."""
        return self._ended is None

    def open(self, address: str) -> RelayStream:
        """A connection to *address*, a socket's path or ``host:port``. It is made at the first write."""
        self._count += 1
        return RelayStream(self, str(self._count).encode(), address)

    async def close(self) -> None:
        """End it; what waits for an answer gets LinkLost. Never raises."""
        self._end(LinkLost("the relay was closed"))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._stream.close()

    async def send(self, connection: RelayStream, data: bytes) -> None:
        """One whole request of *connection*. Raises LinkError."""
        if self._ended is not None:
            raise self._ended
        self._connections[connection.name] = connection
        words = (base64.b64encode(connection.address.encode("utf-8", "surrogateescape")), base64.b64encode(data))
        await self._stream.write(b" ".join((connection.name, *words)) + b"\n")

    async def forget(self, connection: RelayStream) -> None:
        """Nobody reads *connection* any more."""
        if self._connections.pop(connection.name, None) is not None and self._ended is None:
            with suppress(LinkError):
                await self._stream.write(connection.name + b"\n")

    async def _listen(self) -> None:
        buffer = b""
        try:
            while data := await self._stream.read():
                *lines, buffer = (buffer + data).split(b"\n")
                for line in lines:
                    self._take(line)
                if len(buffer) > MAX_LINE:
                    raise ProtocolError("the relay sends no lines")
            raise LinkLost("the relay on the server ended")
        except LinkError as error:
            self._end(error)

    def _take(self, line: bytes) -> None:
        """What stands before the nonce was said by somebody else, a login shell's start-up files perhaps."""
        _, found, rest = line.partition(self._mark)
        name, _, said = rest.partition(b" ")
        if found and said == b"ready":
            if not self._ready.done():
                self._ready.set_result(None)
        elif (connection := self._connections.get(name)) is not None:
            connection.take(said)
            if said[:1] != b"+":
                del self._connections[name]

    async def _keep_lease(self) -> None:
        while True:
            await asyncio.sleep(LEASE_REFRESH)
            with suppress(LinkError):
                await self._stream.write(b"0\n")

    def _end(self, error: LinkError) -> None:
        self._ended = self._ended or error
        for connection in self._connections.values():
            connection.fail(error)
        self._connections.clear()
        if not self._ready.done():
            self._ready.set_exception(error)
            self._ready.exception()  # looked at: nobody may be waiting


class RelayStream:
    """A connection through a relay, as a :class:`~stalewatch.transport.link.Stream`: one request is written, its answer is read."""

    def __init__(self, relay: Relay, name: bytes, address: str) -> None:
        self.name = name
        self.address = address
        self._relay = relay
        self._arrived = asyncio.Event()
        self._data = bytearray()
        self._over = False
        self._error: LinkError | None = None

    async def read(self, limit: int = 65536) -> bytes:
        """Raises NotPermitted where nobody listens at the address or the relay may not connect, LinkTimeout where its queue is full."""
        while not self._data and not self._over:
            self._arrived.clear()
            await self._arrived.wait()
        if not self._data and self._error is not None:
            raise self._error
        data = bytes(self._data[:limit])
        del self._data[:limit]
        return data

    async def write(self, data: bytes) -> None:
        await self._relay.send(self, data)

    async def close(self) -> None:
        self._over = True
        self._arrived.set()
        await self._relay.forget(self)

    def take(self, said: bytes) -> None:
        """``+BASE64``, ``.`` or ``!TEXT`` from the relay."""
        match said[:1]:
            case b"+":
                with suppress(binascii.Error):  # a line that somebody wrote into: the answer is incomplete, and its reader will say so
                    self._data += base64.b64decode(said[1:], validate=True)
                self._arrived.set()
            case b"!":
                why = safe(said[1:].decode("utf-8", "replace"), 200)
                full = any(words in why for words in _FULL)
                self.fail((LinkTimeout if full else NotPermitted)(f"{safe(self.address, 200)}: {why}"))
            case _:
                self._finish()

    def fail(self, error: LinkError) -> None:
        """*error* follows what has arrived."""
        self._error = error
        self._finish()

    def _finish(self) -> None:
        self._over = True
        self._arrived.set()
