"""Our side of the login: verifies the host key, offers our keys, reports the steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncssh

from stalewatch.transport.ssh.host_key import refusal
from stalewatch.transport.ssh.known_hosts import Judgement

if TYPE_CHECKING:
    from collections.abc import Callable

    from stalewatch.model.errors import HostKeyRefused
    from stalewatch.transport.link import OnStep
    from stalewatch.transport.ssh.identities import Identities
    from stalewatch.transport.ssh.known_hosts import Known
    from stalewatch.transport.ssh.options import SshOptions


class Client(asyncssh.SSHClient):
    """One login, then the end of that connection. *refused* says why the host key was not accepted."""

    def __init__(
        self,
        options: SshOptions,
        known: Known,
        revoked: frozenset[bytes],
        identities: Identities,
        on_step: OnStep,
        ssh_config: str,
    ) -> None:
        self._options = options
        self._known = known
        self._revoked = revoked
        self._to_offer = list(identities.pairs)
        self._on_step = on_step
        self._ssh_config = ssh_config
        self._on_lost: Callable[[Exception | None], None] = lambda _error: None
        self._lost: tuple[Exception | None] | None = None
        self.refused: HostKeyRefused | None = None

    def when_lost(self, tell: Callable[[Exception | None], None]) -> None:
        """Call *tell* once, with the reason (None: closed normally), when the connection has ended; now if it already has."""
        self._on_lost = tell
        if self._lost is not None:
            tell(self._lost[0])

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
        self._on_step("host key")

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = (exc,)
        self._on_lost(exc)

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        return self._accept(key.public_data, self._known.judge(key.public_data))

    def validate_host_ca_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        return self._accept(key.public_data, self._known.judge_authority(key.public_data))

    def public_key_auth_requested(self) -> list[asyncssh.SSHKeyPair]:
        offered, self._to_offer = self._to_offer, []
        return offered

    def _accept(self, blob: bytes, judgement: Judgement) -> bool:
        if blob in self._revoked:
            judgement = Judgement("revoked")
        if judgement.verdict == "trusted":
            self._on_step("auth")
            return True
        self.refused = refusal(self._options, self._known, blob, judgement, self._ssh_config)
        return False
