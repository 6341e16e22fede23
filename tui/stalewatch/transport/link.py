"""What a link can do. The same for ssh and local; every library error is mapped to :mod:`stalewatch.model.errors` inside the link."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable


class CommandResult(msgspec.Struct, frozen=True):
    """A remote command that ended by itself. *code* is -1 when a signal ended it. Exit codes are not evidence: look at artefacts."""

    stdout: bytes
    stderr: bytes
    code: int


class Stream(Protocol):
    """A connected byte stream (a socket over there, or the stdin/stdout of a coprocess)."""

    async def read(self, limit: int = 65536) -> bytes:
        """Up to *limit* bytes; ``b""`` at the end. Raises LinkLost when the link died."""
        ...

    async def write(self, data: bytes) -> None:
        """Send all of *data*. Raises LinkLost."""
        ...

    async def close(self) -> None:
        """Close both directions; never raises, may be called twice."""
        ...


class Link(Protocol):
    """One server, one connection, kept. Not more than 8 channels are open at once (sshd's MaxSessions is 10); further calls wait."""

    @property
    def alive(self) -> bool: ...

    async def run(self, command: str, *, data: bytes = b"", timeout: float = 10.0) -> CommandResult:
        """Run *command* with ``sh -c`` over there. Output is bounded (1 MiB each). Raises LinkLost, LinkTimeout, NotPermitted."""
        ...

    async def coprocess(self, command: str) -> Stream:
        """Start *command* with ``sh -c`` and talk to it: its stdin and stdout, binary, no pty. Closing it ends the command's stdin."""
        ...

    async def open_unix(self, path: str) -> Stream:
        """Connect to a unix socket over there. Raises NotPermitted (no socket, no right or forwarding off: the caller finds out which)."""
        ...

    async def open_tcp(self, host: str, port: int) -> Stream:
        """Connect to a TCP port as seen from over there. Raises NotPermitted."""
        ...

    async def upload(self, path: str, content: bytes, mode: int) -> None:
        """Write a file over there, atomically, with exactly *mode*. Raises NotPermitted with the reason."""
        ...

    async def wait_closed(self) -> None:
        """Return when the link has died or was closed."""
        ...

    async def close(self) -> None:
        """Close; never raises, may be called twice."""
        ...


ConnectStep: TypeAlias = Literal["name", "waiting", "tcp", "host key", "auth", "probe"]
"""Which step of connecting begins; ``waiting``: for its turn, if it must."""

OnStep: TypeAlias = "Callable[[ConnectStep], None]"
