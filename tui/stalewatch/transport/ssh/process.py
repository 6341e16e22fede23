"""Ending what we started on the server. sshd itself lets a command run on when its channel is closed."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from typing import TYPE_CHECKING, Final, TypeAlias

from stalewatch.transport.shell import kill_marked
from stalewatch.transport.ssh.error_mapping import LIBRARY_ERRORS

if TYPE_CHECKING:
    from collections.abc import Callable

    from asyncssh import SSHClientConnection, SSHClientProcess

    Process: TypeAlias = SSHClientProcess[bytes]

TERM_WAIT: Final = 2.0
_LEAVING: Final = 5.0


def new_mark() -> str:
    """A random name by which one command is found on the server."""
    return f"stalewatch-{secrets.token_hex(8)}"


class CommandTermination:
    """How one command ends. OpenSSH passes signals to its whole group since 7.9, but not for root's own logins: there it is
    looked up by its mark and killed by a second command.
    """

    def __init__(self, connection: SSHClientConnection, mark: str) -> None:
        self._connection = connection
        self._mark = mark

    async def gently(self, process: Process) -> None:
        """A coprocess leaves, and runs its trap, when its stdin ends; if it is still there after 5 s, it is killed."""
        try:
            with contextlib.suppress(TimeoutError, *LIBRARY_ERRORS):
                process.stdin.write_eof()
                await asyncio.wait_for(process.wait_closed(), _LEAVING)
                return
        except asyncio.CancelledError:  # the link is being closed: what it waits for there would keep it
            with contextlib.suppress(*LIBRARY_ERRORS):
                process.terminate()
            raise
        await self.now(process)

    async def now(self, process: Process) -> None:
        """TERM; 2 s later KILL, by sshd and by the mark; then the channel."""
        try:
            if not await _ended(process, process.terminate):
                with contextlib.suppress(*LIBRARY_ERRORS):
                    process.kill()
                    await asyncio.wait_for(self._kill_marked(), TERM_WAIT)
                await _ended(process, lambda: None)
        except asyncio.CancelledError:  # the link is being closed: do not wait any longer
            with contextlib.suppress(*LIBRARY_ERRORS):
                process.kill()
            raise
        finally:
            process.channel.abort()

    async def _kill_marked(self) -> None:
        """In an extra channel: 8 are counted, and sshd allows 10."""
        async with self._connection.create_process(kill_marked(self._mark), encoding=None) as killer:
            await killer.wait_closed()


async def _ended(process: Process, signal: Callable[[], None]) -> bool:
    """Send *signal* and wait; whether the channel is closed on both sides then."""
    with contextlib.suppress(TimeoutError, *LIBRARY_ERRORS):
        signal()
        await asyncio.wait_for(process.channel.wait_closed(), TERM_WAIT)
        return True
    return False
