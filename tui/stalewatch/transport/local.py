"""A Link to this machine: the same contract as over SSH, on subprocesses and sockets."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from typing import TYPE_CHECKING, Final

from stalewatch.model.errors import LinkLost, LinkTimeout, NotPermitted
from stalewatch.model.text import safe
from stalewatch.transport.bounded_output import read_bounded, together
from stalewatch.transport.link import CommandResult

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

_GRACE: Final = 2.0
_OPEN_TIMEOUT: Final = 10.0
_Pipes = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class LocalLink:
    """See :class:`stalewatch.transport.link.Link`. Every command runs in its own process group, which is ended with it."""

    def __init__(self) -> None:
        self._closed = asyncio.Event()
        self._streams: set[LocalStream] = set()

    @property
    def alive(self) -> bool:
        return not self._closed.is_set()

    async def run(self, command: str, *, data: bytes = b"", timeout: float = 10.0) -> CommandResult:
        process = await self._start(command, asyncio.subprocess.PIPE)
        output: list[bytes] = [b"", b""]
        try:
            async with asyncio.timeout(timeout):
                await together(_feed(process, data), _keep(process.stdout, output, 0), _keep(process.stderr, output, 1))
                return CommandResult(output[0], output[1], max(await process.wait(), -1))
        except BaseException as error:
            await _end(process)
            if isinstance(error, TimeoutError):
                raise LinkTimeout(f"local: {safe(command, 80)}: not done within {timeout:g} s") from None
            raise

    async def coprocess(self, command: str) -> LocalStream:
        process = await self._start(command, asyncio.subprocess.DEVNULL)
        assert process.stdout is not None
        assert process.stdin is not None
        return self._stream("coprocess", process.stdout, process.stdin, lambda: _end_gently(process))

    async def open_unix(self, path: str) -> LocalStream:
        return await self._open(f"socket {safe(path, 200)}", asyncio.open_unix_connection(path))

    async def open_tcp(self, host: str, port: int) -> LocalStream:
        return await self._open(f"{safe(host, 200)}:{port}", asyncio.open_connection(host, port))

    async def wait_closed(self) -> None:
        await self._closed.wait()

    async def close(self) -> None:
        self._closed.set()
        await asyncio.gather(*(stream.close() for stream in list(self._streams)))

    def _ended(self) -> LinkLost | None:
        return LinkLost("the link to local ended: closed") if self._closed.is_set() else None

    def _stream(
        self, what: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, end: Callable[[], Awaitable[None]] | None = None
    ) -> LocalStream:
        stream = LocalStream(f"local: {what}", reader, writer, self._ended, end)
        stream.when_closed(self._streams.discard)
        self._streams.add(stream)
        return stream

    async def _start(self, command: str, stderr: int) -> asyncio.subprocess.Process:
        if (lost := self._ended()) is not None:
            raise lost
        pipe = asyncio.subprocess.PIPE
        try:
            return await asyncio.create_subprocess_exec("sh", "-c", command, stdin=pipe, stdout=pipe, stderr=stderr, start_new_session=True)
        except (OSError, ValueError) as error:
            raise NotPermitted(f"local: cannot start sh: {safe(str(error), 200)}") from error

    async def _open(self, what: str, opening: Coroutine[None, None, _Pipes]) -> LocalStream:
        if (lost := self._ended()) is not None:
            opening.close()
            raise lost
        try:
            async with asyncio.timeout(_OPEN_TIMEOUT):
                reader, writer = await opening
        except TimeoutError:
            raise LinkTimeout(f"local: {what}: no answer within {_OPEN_TIMEOUT:g} s") from None
        except (OSError, ValueError, OverflowError) as error:
            reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno and error.errno > 0 else str(error)
            raise NotPermitted(f"local: {what}: {safe(reason, 200)}") from error
        return self._stream(what, reader, writer)


class LocalStream:
    """A socket, or the stdin and stdout of a coprocess. *end* waits for the coprocess and kills it if it stays."""

    def __init__(
        self,
        what: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        ended: Callable[[], LinkLost | None],
        end: Callable[[], Awaitable[None]] | None,
    ) -> None:
        self._what = what
        self._reader = reader
        self._writer = writer
        self._ended = ended
        self._end = end
        self._on_closed: Callable[[LocalStream], None] = lambda _stream: None
        writer.transport.set_write_buffer_limits(0)

    def when_closed(self, tell: Callable[[LocalStream], None]) -> None:
        self._on_closed = tell

    async def read(self, limit: int = 65536) -> bytes:
        try:
            data = await self._reader.read(limit)
        except ConnectionResetError:
            data = b""  # as over SSH, where a reset on the server arrives as the end of the stream
        except OSError as error:
            raise self._lost(error) from error
        if not data and (lost := self._ended()) is not None:
            raise lost
        return data

    async def write(self, data: bytes) -> None:
        try:
            self._writer.write(data)
            await self._writer.drain()
        except (OSError, RuntimeError) as error:
            raise self._lost(error) from error
        if self._writer.is_closing():
            raise self._lost(None)

    async def close(self) -> None:
        self._on_closed(self)
        self._writer.close()
        if self._end is not None:
            await self._end()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    def _lost(self, error: Exception | None) -> LinkLost:
        return self._ended() or LinkLost(f"{self._what}: {safe(str(error) if error else 'the other side is gone', 200)}")


async def _feed(process: asyncio.subprocess.Process, data: bytes) -> None:
    assert process.stdin is not None
    with contextlib.suppress(OSError):  # it may end without reading its input
        process.stdin.write(data)
        await process.stdin.drain()
    process.stdin.close()


async def _keep(reader: asyncio.StreamReader | None, output: list[bytes], index: int) -> None:
    assert reader is not None
    output[index] = await read_bounded(reader)


async def _end_gently(process: asyncio.subprocess.Process) -> None:
    """A coprocess leaves when its stdin ends; if it is still there after 2 s, it is killed."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), _GRACE)
        return
    await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    """End the whole process group, TERM first, also if the shell has ended and only a child still holds its output."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), _GRACE)
            return
