"""An sshd for one demo server: public key only, no agent; the real ``sh`` runs commands, its unix sockets are forwarded."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import asyncssh

if TYPE_CHECKING:
    from stalewatch.demo.host import Host

USER = "deploy"
_SHELL = "import os, pty; raise SystemExit(os.waitstatus_to_exitcode(pty.spawn(['/bin/sh', '-i'])) & 255)"
"""A shell on a terminal of its own, fed through pipes."""
_ENDS_WITHIN = 2.0


class _Door(asyncssh.SSHServer):
    def __init__(self, home: Path) -> None:
        self._home = home

    def begin_auth(self, username: str) -> bool:
        return True

    def unix_connection_requested(self, dest_path: str) -> bool:
        return Path(dest_path).is_relative_to(self._home)


class Sshd:
    """Listens on a free port of 127.0.0.1 and runs what is asked as children of ours, whose stdin ends with the link (or with us)."""

    def __init__(self, host: Host) -> None:
        self.port = 0
        self.host_key = asyncssh.generate_private_key("ssh-ed25519")
        self._host = host
        self._listener: asyncssh.SSHAcceptor | None = None
        self._children: set[asyncio.subprocess.Process] = set()

    async def open(self, client_keys: str) -> None:
        """Start to listen; *client_keys* is the path of an authorized_keys file."""
        self._listener = await asyncssh.create_server(
            lambda: _Door(self._host.home),
            "127.0.0.1",
            0,
            server_host_keys=[self.host_key],
            authorized_client_keys=client_keys,
            password_auth=False,
            kbdint_auth=False,
            process_factory=self._session,
            encoding=None,
            line_editor=False,
            agent_forwarding=False,
            gss_host=None,
            login_timeout=20,
        )
        self.port = self._listener.get_port()

    async def close(self) -> None:
        """Hang up, let the children end by the end of their stdin, and end those that do not."""
        if self._listener is not None:
            self._listener.close()
            await self._listener.wait_closed()
        children = list(self._children)
        for child in children:
            if child.stdin is not None:
                child.stdin.close()
        for number in (signal.SIGTERM, signal.SIGKILL):
            waiting = [asyncio.create_task(child.wait()) for child in children if child.returncode is None]
            if not waiting:
                return
            await asyncio.wait(waiting, timeout=_ENDS_WITHIN)
            for child in children:
                if child.returncode is None:
                    with suppress(ProcessLookupError):
                        os.killpg(child.pid, number)

    async def _session(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        command = process.command
        argv = ["/bin/sh", "-c", command] if command is not None else [sys.executable, "-c", _SHELL]
        child = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**self._host.env, "PS1": f"{USER}@{self._host.home.name}:$ "} if command is None else self._host.env,
            cwd=self._host.home,
            start_new_session=True,
        )
        self._children.add(child)
        feeding = asyncio.create_task(self._feed(process, child))
        try:
            assert child.stdout is not None
            assert child.stderr is not None
            await asyncio.gather(_drain(child.stdout, process.stdout), _drain(child.stderr, process.stderr))
            code = await child.wait()
        finally:
            feeding.cancel()
            self._children.discard(child)
        process.exit(code if code >= 0 else 128 - code)

    async def _feed(self, process: asyncssh.SSHServerProcess[bytes], child: asyncio.subprocess.Process) -> None:
        """From the channel to the child's stdin; before each piece /proc is told the time."""
        assert child.stdin is not None
        with suppress(OSError, asyncssh.Error):
            while True:
                try:
                    data = await process.stdin.read(65536)
                except asyncssh.TerminalSizeChanged:  # of a shell: it goes on in the old one
                    continue
                if not data:
                    break
                self._host.tell_time()
                child.stdin.write(data)
                await child.stdin.drain()
        child.stdin.close()


async def _drain(source: asyncio.StreamReader, sink: asyncssh.SSHWriter[bytes]) -> None:
    """Everything *source* says; after the link is gone still read, so that the child can end."""
    alive = True
    while data := await source.read(65536):
        if not alive:
            continue
        try:
            sink.write(data)
            await sink.drain()
        except (OSError, asyncssh.Error):
            alive = False
