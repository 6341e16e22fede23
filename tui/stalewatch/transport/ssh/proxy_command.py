"""A ProxyCommand: a local process whose stdin and stdout are the connection to the server."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from typing import Final, Self

from stalewatch.model.text import SafeText, safe

_GRACE: Final = 1.0


class ProxyCommand:
    """The running command and *socket*, our end of it. What it says on stderr is kept for the error message, its last 2 KiB."""

    def __init__(self, process: asyncio.subprocess.Process, ours: socket.socket) -> None:
        self.socket = ours
        self._process = process
        self._said = bytearray()
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def start(cls, command: str) -> Self:
        """Run *command* (its tokens expanded) by ``sh``, in a session of its own. Raises OSError."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                process = await asyncio.create_subprocess_exec(
                    "sh",
                    "-c",
                    f"exec {command}",
                    stdin=theirs.fileno(),
                    stdout=theirs.fileno(),
                    stderr=asyncio.subprocess.PIPE,
                    start_new_session=True,
                )
            except BaseException:
                ours.close()
                raise
        ours.setblocking(False)
        return cls(process, ours)

    @property
    def said(self) -> SafeText:
        """The end of its stderr, in one line."""
        return safe("; ".join(bytes(self._said).decode("utf-8", "surrogateescape").split("\n")).strip("; \r"), 300)

    async def close(self) -> None:
        """End it and its children; never raises."""
        self.socket.close()
        if self._process.returncode is None:
            self._kill(signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), _GRACE)
            self._kill(signal.SIGKILL)
            await self._process.wait()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._listening, _GRACE)

    def _kill(self, number: signal.Signals) -> None:
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)

    async def _listen(self) -> None:
        assert self._process.stderr is not None
        while data := await self._process.stderr.read(4096):
            self._said += data
            del self._said[:-2048]
