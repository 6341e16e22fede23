"""How the sockets of a server's pools are reached: by sshd's forwarding, else by one relay, as another user by sudo if only he may."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal

from stalewatch.model import reasons
from stalewatch.model.errors import LinkError, LinkLost, NotPermitted
from stalewatch.model.snapshot import Unseen
from stalewatch.model.text import SafeText, safe
from stalewatch.probe.host.socket_refusal import Refusal, why_refused
from stalewatch.transport.relay.programs import candidates, once, wanted
from stalewatch.transport.relay.relay import Relay

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stalewatch.model.snapshot import Pool
    from stalewatch.probe.host.host_probe import HostProbe
    from stalewatch.transport.link import Link, Stream
    from stalewatch.transport.relay.programs import RelayProgram

RETRY = 60.0
"""Seconds after which a relay that could not be started is tried again: each try is a session, and each sudo a line in a log."""
_NO_RELAY = (
    "in sshd_config AllowTcpForwarding local and AllowStreamLocalForwarding local; "
    "or install one of php-cli, python3, perl, socat, nc (with -U)"
)
_ENDED = reasons.LINK_LOST.unseen("the relay on the server ended; it is started again soon")


class SocketAccess:
    """One per server. A relay, once started, serves every pool that needs one, for as long as the link lives."""

    def __init__(self, link: Link, host: HostProbe) -> None:
        self._link = link
        self._host = host
        self._lock = asyncio.Lock()
        self._relays: dict[str, Relay | Unseen] = {}
        self._retry_at: dict[str, float] = {}
        self._user: dict[str, str] = {}
        self.php_version = ""

    async def open(self, address: str, pool: Pool | None) -> Stream | Unseen:
        """A stream to a socket's path or ``host:port``, or why there is none. Raises LinkError; ValueError if the address is malformed."""
        if address not in self._user:
            try:
                return await self._forwarded(address)
            except NotPermitted:
                refusal = await why_refused(self._host, address, pool)
            if (user := refusal.reached_as) is None:
                return refusal.cause
            relay = await self._relay(user)
            if isinstance(relay, Unseen):
                return refusal.cause if user else _without(relay, refusal, address)
            self._user[address] = user
            return relay.open(address)
        relay = await self._relay(self._user[address])
        return relay if isinstance(relay, Unseen) else relay.open(address)

    async def refused(self, address: str, pool: Pool | None, error: NotPermitted) -> Unseen:
        """Why a relay could not connect. Raises LinkError."""
        refusal = await why_refused(self._host, address, pool)
        if refusal.cause.code == reasons.FPM_PORT_REFUSED.code:
            return reasons.FPM_PORT_REFUSED.unseen(f"{error.message}", "start FPM")
        return error.unseen() if refusal.cause.code == reasons.SSH_FORWARDING_OFF.code else refusal.cause

    async def alone(self, address: str, request: bytes) -> str:
        """The command line that sends *request* there from the server itself, without us; "" where that takes more than its PHP. Raises
        LinkError."""
        user = self._user.get(address, "")
        (block,) = await self._host.ask(("programs", *wanted(self.php_version)))
        found = sorted(name for name in block.text("programs").split() if name.startswith("php"))
        return once(found[0], user, address, request) if found else ""

    def way(self, address: str) -> tuple[Literal["tunnel", "tcp", "relay", "sudo"], SafeText]:
        """How *address* is reached, and by which relay ("" by none)."""
        relay = self._relays.get(self._user.get(address, ""))
        if address not in self._user or not isinstance(relay, Relay):
            return ("tunnel" if address.startswith("/") else "tcp"), safe("")
        return ("sudo", safe(f"{relay.name} as {relay.user}")) if relay.user else ("relay", safe(relay.name))

    async def close(self) -> None:
        """End the relays. Never raises."""
        for relay in self._relays.values():
            if isinstance(relay, Relay):
                await relay.close()

    async def _forwarded(self, address: str) -> Stream:
        if address.startswith("/"):
            return await self._link.open_unix(address)
        name, _, port = address.rpartition(":")
        return await self._link.open_tcp(name.strip("[]"), int(port))

    async def _relay(self, user: str) -> Relay | Unseen:
        """The relay that runs as *user* ("" the login); it is started again if it has ended."""
        async with self._lock:
            known, now = self._relays.get(user), asyncio.get_running_loop().time()
            if isinstance(known, Relay) and known.alive:
                return known
            if known is not None and now < self._retry_at[user]:
                return (
                    known
                    if isinstance(known, Unseen)
                    else reasons.LINK_LOST.unseen("the relay on the server ended; it is started again soon")
                )
            if isinstance(known, Relay):
                await known.close()
            self._relays[user] = started = await self._start(user)
            self._retry_at[user] = now + RETRY
            return started

    async def _start(self, user: str) -> Relay | Unseen:
        (block,) = await self._host.ask(("programs", *wanted(self.php_version)))
        why = reasons.SSH_FORWARDING_OFF.unseen("there is no program for a relay (php, python3, perl, socat, nc -U)", _NO_RELAY)
        for program in await self._permitted(candidates(block.text("programs").split()), user):
            try:
                return await Relay.start(self._link, program, user)
            except LinkLost as error:
                if not self._link.alive:
                    raise
                why = reasons.SSH_FORWARDING_OFF.unseen(f"the relay in {program.name} does not start: {error.message}", _NO_RELAY)
            except LinkError as error:
                why = error.unseen()
                if error.code == reasons.SSH_MAX_SESSIONS.code:
                    break
        return why

    async def _permitted(self, programs: Iterable[RelayProgram], user: str) -> list[RelayProgram]:
        """Those that may run as *user*: asked before, because a refused sudo is logged."""
        if not user:
            return list(programs)
        permitted = []
        for program in programs:
            (block,) = await self._host.ask(("may", user, *program.argv))
            if block.text("may").strip() == "1":
                permitted.append(program)
                break
        return permitted


def _without(relay: Unseen, refusal: Refusal, address: str) -> Unseen:
    """There is no relay: the cause is what refused the address, and the reason is why there is no way around it."""
    if relay.code != reasons.SSH_FORWARDING_OFF.code or refusal.cause.code != reasons.SSH_FORWARDING_OFF.code:
        return relay if relay.code == reasons.SSH_MAX_SESSIONS.code else refusal.cause
    return reasons.SSH_FORWARDING_OFF.unseen(f"sshd does not forward to {address}, and {relay.message}", relay.grant)
