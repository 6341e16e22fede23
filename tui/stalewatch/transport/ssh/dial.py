"""From a route to a logged-in connection: name, tcp (or ProxyCommand, or through a jump host), host key, auth."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from typing import TYPE_CHECKING, Final

import asyncssh

from stalewatch.model.errors import AuthRefused, LinkError, Unreachable
from stalewatch.transport.ssh.algorithms import connection_algorithms, host_key_algorithms
from stalewatch.transport.ssh.client import Client
from stalewatch.transport.ssh.error_mapping import LIBRARY_ERRORS, while_connecting
from stalewatch.transport.ssh.host_key import certificate_refusal, revoked_keys
from stalewatch.transport.ssh.identities import Identities, gather
from stalewatch.transport.ssh.known_hosts import find, key_kind, load
from stalewatch.transport.ssh.proxy_command import ProxyCommand
from stalewatch.transport.tcp_connect import tcp_connect

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from stalewatch.transport.link import ConnectStep, OnStep
    from stalewatch.transport.ssh.known_hosts import Known
    from stalewatch.transport.ssh.options import SshOptions
    from stalewatch.transport.ssh.route import Route

KEEPALIVE_INTERVAL: Final = 5
KEEPALIVE_COUNT: Final = 3
_CLOSING: Final = 2.0


class Dialled:
    """A logged-in connection and what it runs over (jump hosts, a ProxyCommand), closed together."""

    def __init__(self, connection: asyncssh.SSHClientConnection, client: Client, below: contextlib.AsyncExitStack) -> None:
        self.connection = connection
        self.client = client
        self._below = below

    async def close(self) -> None:
        """Close from the server inwards; never raises."""
        await self._below.aclose()


async def dial(route: Route, *, timeout: float, on_step: OnStep, ssh_config: str = "") -> Dialled:
    """Connect through every hop of *route*. *timeout* is in seconds for each of: reaching a hop, logging in to it.

    Raises Unreachable, HostKeyRefused or AuthRefused; nothing stays open then, nor when it is cancelled.
    """
    async with contextlib.AsyncExitStack() as stack:
        tunnel: asyncssh.SSHClientConnection | None = None
        for hop in route.hops:
            attempt = _Attempt(hop, stack, timeout=timeout, on_step=on_step, ssh_config=ssh_config)
            client = await attempt.connect(tunnel)
            tunnel = attempt.connection
        return Dialled(attempt.connection, client, stack.pop_all())
    raise AssertionError  # pragma: no cover - a route has a hop


class _Attempt:
    """Getting into one hop. What it opens goes on *stack*."""

    connection: asyncssh.SSHClientConnection

    def __init__(self, options: SshOptions, stack: contextlib.AsyncExitStack, *, timeout: float, on_step: OnStep, ssh_config: str) -> None:
        self._options = options
        self._stack = stack
        self._timeout = timeout
        self._on_step = on_step
        self._ssh_config = ssh_config
        self._step: ConnectStep = "name"
        self._where = options.address if options.alias == options.hostname else f"{options.alias} ({options.address})"

    async def connect(self, tunnel: asyncssh.SSHClientConnection | None) -> Client:
        identities, proxy = await gather(self._options), None
        try:
            if tunnel is None and self._options.proxycommand:
                proxy = await self._start_proxy()
            reached = proxy.socket if proxy else None if tunnel else await self._reach()
            return await self._log_in(identities, reached, tunnel)
        except LinkError as error:
            if proxy and proxy.said and isinstance(error, Unreachable):
                error.message += f" (ProxyCommand: {proxy.said})"
            raise
        finally:
            await identities.close()

    def _enter(self, step: ConnectStep) -> None:
        self._step = step
        self._on_step(step)

    async def _start_proxy(self) -> ProxyCommand:
        self._enter("tcp")
        try:
            proxy = await ProxyCommand.start(self._options.proxycommand)
        except OSError as error:
            raise while_connecting(error, self._where, self._step) from error
        self._stack.push_async_callback(proxy.close)
        return proxy

    async def _reach(self) -> socket.socket:
        options, timeout = self._options, self._options.connecttimeout or self._timeout
        try:
            return await tcp_connect(options.hostname, options.port, family=options.addressfamily, timeout=timeout, on_step=self._enter)
        except TimeoutError as error:
            raise Unreachable(f"{self._where} does not answer ({self._step}, {timeout:g} s)") from error
        except (OSError, UnicodeError) as error:
            raise while_connecting(error, self._where, self._step) from error

    async def _log_in(self, identities: Identities, reached: socket.socket | None, tunnel: asyncssh.SSHClientConnection | None) -> Client:
        options = self._options
        if tunnel is not None:
            self._enter("tcp")
        known = find(
            load((*options.userknownhostsfile, *options.globalknownhostsfile)), options.hostname, options.port, options.hostkeyalias
        )
        revoked = revoked_keys(options)
        client = Client(options, known, revoked, identities, self._enter, self._ssh_config)
        try:
            async with asyncio.timeout(self._timeout):
                self.connection = await _connect(options, known, revoked, lambda: client, reached, tunnel)
        except TimeoutError as error:
            raise Unreachable(f"{self._where} does not answer ({self._step}, {self._timeout:g} s)") from error
        except asyncssh.HostKeyNotVerifiable as error:
            raise client.refused or certificate_refusal(options, str(error)) from error
        except LIBRARY_ERRORS as error:
            ours = while_connecting(error, self._where, self._step)
            if isinstance(ours, AuthRefused) and not ours.grant:
                ours.grant = identities.advice()
            raise ours from error
        finally:
            if reached is not None and not hasattr(self, "connection"):
                reached.close()
        self._stack.push_async_callback(_close, self.connection)
        return client


async def _connect(
    options: SshOptions,
    known: Known,
    revoked: frozenset[bytes],
    client_factory: Callable[[], Client],
    reached: socket.socket | None,
    tunnel: asyncssh.SSHClientConnection | None,
) -> asyncssh.SSHClientConnection:
    """Every option explicit: the library's own reading of ssh_config, agent, keys and known hosts is off (FACTS: asyncssh is not ssh)."""
    distrusted = _distrusted(known, revoked)
    return await asyncssh.connect(
        options.hostname,
        options.port,
        sock=reached,
        tunnel=tunnel or (),
        config=None,
        username=options.user,
        client_factory=client_factory,
        known_hosts=lambda _host, _addr, _port: ([], [], distrusted, [], [], [], []),
        host_key_alias=options.hostkeyalias or None,
        server_host_key_algs=host_key_algorithms(options, known),
        x509_trusted_certs=[],
        x509_trusted_cert_paths=[],
        client_keys=None,
        client_certs=[],
        passphrase=None,
        agent_path=None,
        agent_forwarding=False,
        pkcs11_provider=None,
        preferred_auth=["publickey"],
        public_key_auth=True,
        password_auth=False,
        kbdint_auth=False,
        host_based_auth=False,
        gss_kex=False,
        gss_auth=False,
        x11_forwarding=False,
        request_pty=False,
        command=None,
        env={},
        send_env=[],
        utf8_decode_errors="replace",
        canonicalize_hostname=False,
        proxy_command=None,
        login_timeout=0,
        keepalive_interval=KEEPALIVE_INTERVAL,
        keepalive_count_max=KEEPALIVE_COUNT,
        **connection_algorithms(options),
    )


def _distrusted(known: Known, revoked: frozenset[bytes]) -> list[asyncssh.SSHKey]:
    """Revoked keys for the library, needed where it validates a certificate: it alone sees the key inside. Plain keys the client judges."""
    if not known.of("@cert-authority"):
        return []
    keys = []
    for blob in {entry.blob for entry in known.of("@revoked")} | revoked:
        with contextlib.suppress(asyncssh.KeyImportError):  # a type that the library does not know is not negotiated either
            keys.append(asyncssh.import_public_key(f"{key_kind(blob)} {base64.b64encode(blob).decode()}"))
    return keys


async def _close(connection: asyncssh.SSHClientConnection) -> None:
    connection.close()
    with contextlib.suppress(TimeoutError, *LIBRARY_ERRORS):
        await asyncio.wait_for(connection.wait_closed(), _CLOSING)
        return
    connection.abort()
