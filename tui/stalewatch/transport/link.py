"""What a link can do. The same for ssh and local; every library error is mapped to :mod:`stalewatch.model.errors` inside the link."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable


class CommandResult(msgspec.Struct, frozen=True):
    """A command that has ended. *code* is -1 if a signal ended it. An exit code proves nothing: look at what the command made."""

    stdout: bytes
    stderr: bytes
    code: int


class Stream(Protocol):
    """A connected byte stream: a socket on the server, or the stdin and stdout of a coprocess."""

    async def read(self, limit: int = 65536) -> bytes:
        """Up to *limit* bytes; ``b""`` at the end. Raises LinkLost if the link is lost."""
        ...

    async def write(self, data: bytes) -> None:
        """Send all of *data*. Raises LinkLost."""
        ...

    async def close(self) -> None:
        """Close both directions; never raises, may be called twice."""
        ...


class Link(Protocol):
    """One connection to one server, kept open. At most 8 channels are open at a time (sshd's MaxSessions is 10); further calls wait."""

    @property
    def alive(self) -> bool: ...

    async def run(self, command: str, *, data: bytes = b"", timeout: float = 10.0) -> CommandResult:
        """Run *command* with ``sh -c`` on the server; keeps 1 MiB of each output. Raises LinkLost, LinkTimeout, NotPermitted."""
        ...

    async def coprocess(self, command: str) -> Stream:
        """Start *command* with ``sh -c``; the stream is its stdin and stdout, binary, without a pty. Closing the stream ends its stdin."""
        ...

    async def open_unix(self, path: str) -> Stream:
        """Connect to a unix socket on the server. Raises NotPermitted: no socket, no right, or no forwarding; the caller finds out."""
        ...

    async def open_tcp(self, host: str, port: int) -> Stream:
        """Connect to a TCP port as seen from the server. Raises NotPermitted."""
        ...

    async def wait_closed(self) -> None:
        """Return when the link is lost or closed."""
        ...

    async def close(self) -> None:
        """Close; never raises, may be called twice."""
        ...


ConnectStep: TypeAlias = Literal["name", "waiting", "tcp", "host key", "auth", "probe"]
"""The step of connecting that begins. ``waiting``: for its turn, only if it has to wait."""

OnStep: TypeAlias = "Callable[[ConnectStep], None]"
