"""A Link over one SSH connection. Connecting is in ``dial``, the meaning of errors in ``error_mapping``."""

from __future__ import annotations

import asyncio
import contextlib
import random
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import asyncssh

from stalewatch.model import reasons
from stalewatch.model.errors import LinkLost, LinkTimeout, NotPermitted, Unreachable
from stalewatch.model.text import safe
from stalewatch.transport.bounded_output import read_bounded, together
from stalewatch.transport.link import CommandResult
from stalewatch.transport.retry import burst_pause
from stalewatch.transport.shell import sh_command
from stalewatch.transport.ssh.channels import Channels
from stalewatch.transport.ssh.dial import dial
from stalewatch.transport.ssh.error_mapping import LIBRARY_ERRORS, link_lost, while_talking
from stalewatch.transport.ssh.process import TERM_WAIT, CommandTermination, new_mark
from stalewatch.transport.ssh.stream import SshStream

if TYPE_CHECKING:
    from stalewatch.transport.link import OnStep
    from stalewatch.transport.ssh.channels import Channel
    from stalewatch.transport.ssh.dial import Dialled
    from stalewatch.transport.ssh.process import Process
    from stalewatch.transport.ssh.route import Route

_BURST_TRIES: Final = 3
_FREED_SOON: Final = (0.02, 0.05, 0.1)  # seconds


async def connect(route: Route, *, timeout: float, on_step: OnStep, ssh_config: str = "") -> SshLink:
    """Connect along *route*. Raises Unreachable, HostKeyRefused or AuthRefused; see :func:`stalewatch.transport.ssh.dial.dial`.

    A server that closes the connection before it shows its key is tried twice more, each time after up to a second: sshd counts a
    connection as unfinished a little longer than we do, so it drops some even of a limited number.
    """
    for pauses_left in range(_BURST_TRIES - 1, -1, -1):
        try:
            return SshLink(await dial(route, timeout=timeout, on_step=on_step, ssh_config=ssh_config), route.destination.alias)
        except Unreachable as error:
            if error.reason is not reasons.LINK_HUNG_UP or not pauses_left:
                raise
        on_step("waiting")
        await asyncio.sleep(burst_pause(random.random()))
    raise AssertionError  # pragma: no cover - the last try returns or raises


class SshLink:
    """See :class:`stalewatch.transport.link.Link`. *name* is how messages call the server."""

    def __init__(self, dialled: Dialled, name: str) -> None:
        self._dialled = dialled
        self._connection = dialled.connection
        self._name = name
        self._channels = Channels()
        self._closed = asyncio.Event()
        self._closing: asyncio.Task[None] | None = None
        dialled.client.when_lost(self._lost)

    @property
    def alive(self) -> bool:
        return self._channels.ended is None

    async def run(self, command: str, *, data: bytes = b"", timeout: float = 10.0) -> CommandResult:
        what = f"{self._name}: {safe(command, 80)}"
        try:
            async with asyncio.timeout(timeout):
                return await self._run(command, data, what)
        except TimeoutError:
            raise LinkTimeout(f"{what}: not done within {timeout:g} s") from None

    async def coprocess(self, command: str) -> SshStream:
        what = f"{self._name}: coprocess"
        process, ending = await self._start(command, what, stderr=asyncssh.DEVNULL)
        return SshStream(
            process.stdout,
            process.stdin,
            what=what,
            ended=lambda: self._channels.ended,
            end=partial(self._end_coprocess, process, ending),
        )

    async def open_unix(self, path: str) -> SshStream:
        what = f"{self._name}: socket {safe(path, 200)}"
        return await self._open_socket(what, partial(self._connection.open_unix_connection, path, encoding=None))

    async def open_tcp(self, host: str, port: int) -> SshStream:
        what = f"{self._name}: {safe(host, 200)}:{port}"
        return await self._open_socket(what, partial(self._connection.open_connection, host, port, encoding=None))

    async def wait_closed(self) -> None:
        await self._closed.wait()

    async def close(self) -> None:
        if self._closing is None:
            self._lost(None)
            self._closing = asyncio.create_task(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        await self._channels.close()
        await self._dialled.close()

    def _lost(self, error: Exception | None) -> None:
        self._channels.lost(link_lost(self._name, error))
        self._closed.set()

    async def _start(self, command: str, what: str, **options: Any) -> tuple[Process, CommandTermination]:
        mark = new_mark()
        ending = CommandTermination(self._connection, mark)

        def discard(process: Process) -> Channel:
            self._channels.background(ending.now(process))
            return process.channel

        opening = partial(_open_process, self._connection, sh_command(command, mark), **options)
        process: Process = await self._channels.open(what, opening, discard)
        self._channels.keep(process.channel)
        return process, ending

    async def _run(self, command: str, data: bytes, what: str) -> CommandResult:
        process, ending = await self._start(command, what)
        output: list[bytes] = [b"", b""]
        try:
            await together(_feed(process, data), _keep(process.stdout, output, 0), _keep(process.stderr, output, 1))
            await process.wait_closed()
        except LIBRARY_ERRORS as error:
            raise while_talking(error, what, self._channels.ended) from error
        finally:
            if process.exit_status is None:
                self._channels.background(ending.now(process))
        if process.exit_status is None:
            raise self._channels.ended or LinkLost(f"{what}: ended without a result")
        return CommandResult(output[0], output[1], process.exit_status)

    async def _end_coprocess(self, process: Process, ending: CommandTermination) -> None:
        leaving = self._channels.background(ending.gently(process))
        await asyncio.wait([leaving], timeout=TERM_WAIT)

    async def _open_socket(self, what: str, opening: Any) -> SshStream:
        reader, writer = await self._channels.open(what, opening, _discard_socket)
        self._channels.keep(writer.channel)
        return SshStream(reader, writer, what=what, ended=lambda: self._channels.ended, end=partial(_end_socket, writer))


async def _open_process(connection: asyncssh.SSHClientConnection, command: str, **options: Any) -> Process:
    """Open a session channel. sshd frees a session (of its MaxSessions) a moment after both sides closed its channel: so a refusal
    counts only if it stays.
    """
    for pause in _FREED_SOON:
        try:
            return await connection.create_process(command, encoding=None, **options)
        except asyncssh.ChannelOpenError as error:
            if error.code != asyncssh.OPEN_CONNECT_FAILED or connection.is_closed():
                raise
        await asyncio.sleep(pause)
    try:
        return await connection.create_process(command, encoding=None, **options)
    except asyncssh.ChannelOpenError as error:
        if error.code != asyncssh.OPEN_CONNECT_FAILED or connection.is_closed():
            raise
        raise NotPermitted(
            "sshd opens no further session on this connection", grant="MaxSessions 10 in sshd_config", reason=reasons.SSH_MAX_SESSIONS
        ) from error


async def _feed(process: Process, data: bytes) -> None:
    with contextlib.suppress(*LIBRARY_ERRORS):  # it may end without reading its input: its exit status says how
        process.stdin.write(data)
        await process.stdin.drain()
        process.stdin.write_eof()


async def _keep(reader: asyncssh.SSHReader[bytes], output: list[bytes], index: int) -> None:
    output[index] = await read_bounded(reader)


def _discard_socket(opened: tuple[asyncssh.SSHReader[bytes], asyncssh.SSHWriter[bytes]]) -> Channel:
    channel: Channel = opened[1].channel
    channel.abort()
    return channel


async def _end_socket(writer: asyncssh.SSHWriter[bytes]) -> None:
    writer.channel.abort()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(TERM_WAIT):
            await writer.channel.wait_closed()
