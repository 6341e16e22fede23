"""An SSH server in this process that runs real commands by the real ``sh`` and forwards to real sockets; faults come by subclass."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import asyncssh

from stalewatch.model.inventory import Fleet
from stalewatch.model.inventory import Server as Entry
from stalewatch.transport.connect import connect
from stalewatch.transport.link import ConnectStep, Link

HOST = "127.0.0.1"


class Shell(asyncssh.SSHServerSession[bytes]):
    """One exec request: ``sh -c`` in a group of its own, killed by the signals that come over the channel, as sshd does."""

    def __init__(self, running: set[int]) -> None:
        self._running = running
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._process: asyncio.subprocess.Process | None = None

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        self._chan = chan

    def exec_requested(self, command: str) -> bool:
        self._command = command
        return True

    def session_started(self) -> None:
        self._task = asyncio.create_task(self._run())

    def data_received(self, data: bytes, datatype: int | None) -> None:
        self._queue.put_nowait(data)

    def eof_received(self) -> bool:
        self._queue.put_nowait(None)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._queue.put_nowait(None)

    def signal_received(self, signame: str) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, getattr(signal, f"SIG{signame}"))

    async def _run(self) -> None:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            "sh", "-c", self._command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True
        )
        self._process = process
        self._running.add(process.pid)
        feeding = asyncio.create_task(self._feed(process))
        await asyncio.gather(self._pump(process.stdout, None), self._pump(process.stderr, asyncssh.EXTENDED_DATA_STDERR))
        code = await process.wait()
        self._running.discard(process.pid)
        feeding.cancel()
        with contextlib.suppress(OSError):
            if code < 0:
                self._chan.exit_with_signal(signal.Signals(-code).name.removeprefix("SIG"))
            else:
                self._chan.exit(code)

    async def _feed(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        with contextlib.suppress(OSError):
            while (data := await self._queue.get()) is not None:
                process.stdin.write(data)
                await process.stdin.drain()
        process.stdin.close()

    async def _pump(self, reader: asyncio.StreamReader | None, datatype: int | None) -> None:
        assert reader is not None
        while data := await reader.read(65536):
            with contextlib.suppress(OSError):
                self._chan.write(data, datatype)


class Server(asyncssh.SSHServer):
    """Lets our key in and does what it is asked. *lab* is the world around it."""

    def __init__(self, lab: SshLab) -> None:
        self.lab = lab

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self.conn = conn
        self.lab.connections.append(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lab.connections.remove(self.conn)

    def session_requested(self) -> asyncssh.SSHServerSession[bytes]:
        return Shell(self.lab.running)

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
        return True

    def unix_connection_requested(self, dest_path: str) -> bool:
        return True


class SshLab:
    """Keys, an ssh_config and known_hosts in *folder*, and the servers that the test started."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.connections: list[asyncssh.SSHServerConnection] = []
        self.running: set[int] = set()
        self.steps: list[str] = []
        self.client_key = asyncssh.generate_private_key("ssh-ed25519")
        self.host_key = asyncssh.generate_private_key("ssh-ed25519")
        self.client_key.write_private_key(folder / "id")
        (folder / "id").chmod(0o600)
        self.known_hosts = folder / "known_hosts"
        self.config = folder / "ssh_config"
        self.config.touch()
        self._stack = contextlib.AsyncExitStack()

    async def start(
        self, name: str = "web1", factory: Callable[[SshLab], asyncssh.SSHServer] = Server, *, trust: bool = True, **options: object
    ) -> int:
        """Start a server, write it into ssh_config as *name* and, if *trust*, into known_hosts. Returns its port."""
        settings: dict[str, object] = {
            "server_host_keys": [self.host_key],
            "authorized_client_keys": asyncssh.import_authorized_keys(self.client_key.export_public_key().decode()),
            "encoding": None,
            "agent_forwarding": False,
        }
        acceptor = await asyncssh.create_server(lambda: factory(self), HOST, 0, **(settings | options))
        self._stack.push_async_callback(self._stop, acceptor)
        port: int = acceptor.get_port()
        self.alias(name, port)
        if trust:
            self.trust(f"[{HOST}]:{port}", self.host_key)
        return port

    def alias(self, name: str, port: int, *lines: str) -> None:
        """A Host of ssh_config."""
        text = [
            f"Host {name}",
            f"HostName {HOST}",
            f"Port {port}",
            "User deploy",
            f"IdentityFile {self.folder / 'id'}",
            "IdentityAgent none",
            *lines,
            f"UserKnownHostsFile {self.known_hosts}",
            "GlobalKnownHostsFile none",
        ]
        with self.config.open("a") as file:
            file.write("\n  ".join(text) + "\n")

    def trust(self, hosts: str, key: asyncssh.SSHKey, marker: str = "") -> None:
        with self.known_hosts.open("a") as file:
            file.write(f"{marker} {hosts} {key.export_public_key().decode()}".strip() + "\n")

    async def connect(self, target: str = "web1", timeout: float = 20.0) -> Link:
        def on_step(step: ConnectStep) -> None:
            self.steps.append(step)

        link = await connect(Entry(target=target, name=target), Fleet(servers=(), ssh_config=str(self.config), timeout=timeout), on_step)
        self._stack.push_async_callback(link.close)
        return link

    async def aclose(self) -> None:
        await self._stack.aclose()
        for pid in self.running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        await until(lambda: not self.running)

    async def _stop(self, acceptor: asyncssh.SSHAcceptor) -> None:
        acceptor.close()
        for connection in list(self.connections):
            connection.abort()
        await acceptor.wait_closed()


@contextlib.asynccontextmanager
async def ssh_lab(folder: Path) -> AsyncIterator[SshLab]:
    lab = SshLab(folder)
    try:
        yield lab
    finally:
        await lab.aclose()


async def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait for *condition*; fail after *seconds*."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)
