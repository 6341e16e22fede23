"""One channel of an SSH connection as a Stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.transport.ssh.error_mapping import LIBRARY_ERRORS, while_talking

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import asyncssh

    from stalewatch.model.errors import LinkLost


class SshStream:
    """A socket on the server, or the stdin and stdout of a coprocess.

    *what* is for messages, *ended* returns how the link ended, if it did, and *end* closes the channel.
    """

    def __init__(
        self,
        reader: asyncssh.SSHReader[bytes],
        writer: asyncssh.SSHWriter[bytes],
        *,
        what: str,
        ended: Callable[[], LinkLost | None],
        end: Callable[[], Awaitable[None]],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._what = what
        self._ended = ended
        self._end = end
        writer.channel.set_write_buffer_limits(0)  # so that after drain() all is sent, and closing loses nothing

    async def read(self, limit: int = 65536) -> bytes:
        try:
            data = await self._reader.read(limit)
        except LIBRARY_ERRORS as error:
            raise while_talking(error, self._what, self._ended()) from error
        if not data and (lost := self._ended()) is not None:
            raise lost
        return data

    async def write(self, data: bytes) -> None:
        try:
            self._writer.write(data)
            await self._writer.drain()
        except LIBRARY_ERRORS as error:
            raise while_talking(error, self._what, self._ended()) from error
        if (lost := self._ended()) is not None:
            raise lost

    async def close(self) -> None:
        await self._end()
