"""The client of ``host.sh``: starts it over a link, sends requests, and keeps its lease alive."""

from __future__ import annotations

import asyncio
import secrets
import shlex
from contextlib import suppress
from importlib.resources import files
from typing import TYPE_CHECKING

from stalewatch.model.errors import LinkError, LinkLost, LinkTimeout
from stalewatch.probe.host.parsers.framing import Block, Deframer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stalewatch.transport.link import Link, Stream

BOOTSTRAP = (
    r"IFS= read -r nonce; nl=$(printf '\nx'); nl=${nl%x}; program=; "
    'while IFS= read -r line && [ "$line" != "$nonce" ]; do program=$program$line$nl; done; eval "$program"'
)
"""Reads the nonce and the program from stdin, so that neither is in a command line. It is one line, because some read /proc by lines."""

PARTS = ("host_verbs.sh", "process_verbs.sh", "source_verbs.sh", "web_verbs.sh", "link_verbs.sh", "host.sh")

LEASE_REFRESH = 8.0
"""Seconds without a request after which a line is sent only to keep the lease (it ends after 30 s)."""


def command(who: str, since: int, shell: str = "sh") -> str:
    """The command line to start on the server; *who* and *since* (epoch seconds) are what other watchers read in /proc."""
    return f"exec {shell} -c {shlex.quote(BOOTSTRAP)} stalewatch-watch {shlex.quote(who)} {since}"


def program(nonce: str) -> bytes:
    """What is sent to the coprocess's stdin first: the nonce, the verbs and ``host.sh``, the nonce again."""
    text = b"".join(files("stalewatch.probe.host").joinpath(name).read_bytes() for name in PARTS)
    return b"%b\n%b%b\n" % (nonce.encode(), text, nonce.encode())


def request(seq: int, verb: str, *args: str) -> bytes:
    """One request line. Raises ValueError for an argument that holds a newline: such a path is never used."""
    if any("\n" in arg or "\0" in arg for arg in args):
        raise ValueError("an argument holds a newline")
    return f"{seq} {verb} {shlex.join(args)}\n".encode("utf-8", "surrogateescape")


class Coprocess:
    """One running ``host.sh``. Requests may be pipelined; answers come in order. After any error it is closed: start another."""

    def __init__(self, stream: Stream, nonce: str) -> None:
        self._stream = stream
        self._nonce = nonce
        self._deframer = Deframer(nonce)
        self._ready: dict[int, Block] = {}
        self._seq = 0
        self._lock = asyncio.Lock()
        self._written = 0.0
        self._closed = False
        self._keeper: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, link: Link, who: str, since: int, *, shell: str = "sh") -> Coprocess:
        """Start it and send its program. Raises LinkError."""
        nonce = secrets.token_hex(16)
        stream = await link.coprocess(command(who, since, shell))
        self = cls(stream, nonce)
        await stream.write(program(nonce))
        self._keeper = asyncio.create_task(self._keep_lease())
        return self

    @property
    def closed(self) -> bool:
        return self._closed

    async def ask(self, *requests: tuple[str, ...], timeout: float) -> list[Block]:
        """One block per (verb, args…), in order. Raises LinkLost (it ended), LinkTimeout, ProtocolError; it is closed after each."""
        async with self._lock:
            if self._closed:
                raise LinkLost("the host probe has ended")
            try:
                async with asyncio.timeout(timeout):
                    return await self._exchange([(*each,) for each in requests])
            except TimeoutError:
                await self.close()
                raise LinkTimeout(f"the host probe did not answer within {timeout:g} s") from None
            except (LinkError, asyncio.CancelledError):
                await self.close()
                raise

    async def write_files(self, base: str, name: str, stamp: str, contents: Mapping[str, bytes], *, timeout: float) -> tuple[str, str]:
        """A private directory under *base* with *contents*, by name of the file: its path and "", or "" and why that is not possible."""
        lines = (line for content in contents.values() for line in (*content.decode().splitlines(), self._nonce))
        tail = "".join(f"{line}\n" for line in lines)
        async with self._lock:
            if self._closed:
                raise LinkLost("the host probe has ended")
            try:
                async with asyncio.timeout(timeout):
                    (block,) = await self._exchange([("private", base, name, stamp, *contents)], tail.encode())
            except TimeoutError:
                await self.close()
                raise LinkTimeout(f"the host probe did not answer within {timeout:g} s") from None
            except (LinkError, asyncio.CancelledError):
                await self.close()
                raise
        section = block.first("private")
        said = section.payload.decode("utf-8", "replace").strip() if section else ""
        return (said, "") if section and section.argument == "1" else ("", said)

    async def close(self) -> None:
        """End it; it removes what it wrote. Never raises."""
        self._closed = True
        if self._keeper is not None and self._keeper is not asyncio.current_task():
            self._keeper.cancel()
        await self._stream.close()

    async def _exchange(self, requests: list[tuple[str, ...]], tail: bytes = b"") -> list[Block]:
        first = self._seq + 1
        self._seq += len(requests)
        data = b"".join(request(seq, verb, *args) for seq, (verb, *args) in enumerate(requests, first)) + tail
        await self._stream.write(data)
        self._written = asyncio.get_running_loop().time()
        return [await self._block(seq) for seq in range(first, self._seq + 1)]

    async def _block(self, seq: int) -> Block:
        while seq not in self._ready:
            data = await self._stream.read()
            if not data:
                raise LinkLost("the host probe ended")
            for block in self._deframer.feed(data):
                self._ready[block.seq] = block
        return self._ready.pop(seq)

    async def _keep_lease(self) -> None:
        """A plan may stay open for minutes without a tick, and the lease must not end meanwhile."""
        while not self._closed:
            await asyncio.sleep(LEASE_REFRESH)
            if asyncio.get_running_loop().time() - self._written >= LEASE_REFRESH and not self._lock.locked():
                with suppress(LinkError):
                    await self.ask(("beat",), timeout=10.0)
