"""Sends requests to a health URL from the server itself, one at a time, and says why there is no answer."""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeVar

import msgspec

from stalewatch.model import figures, reasons
from stalewatch.model.errors import LinkError, LinkLost, LinkTimeout, NotPermitted, ProtocolError, UsageError
from stalewatch.model.text import SafeText, safe
from stalewatch.probe.health.key import read_key
from stalewatch.probe.health.signing import opened, request_header
from stalewatch.probe.runtime import answer as answers
from stalewatch.transport.http_exchange import exchange
from stalewatch.transport.http_target import target_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from stalewatch.model.snapshot import Pool, PoolStatus, Unseen
    from stalewatch.probe.host.host_probe import HostProbe
    from stalewatch.probe.runtime.answer import Answer
    from stalewatch.transport.http_exchange import HttpAnswer
    from stalewatch.transport.link import Link, Stream

T = TypeVar("T")

LOOPBACK = "127.0.0.1"
VERBS = ("status", "compare", "scripts")
"""What a health file can be asked."""
_REFUSALS = {
    b"stalewatch: key": "the health file has another key",
    b"stalewatch: time": "the health file's clock differs from this server's by more than a minute",
    b"stalewatch: verb": "the health file is of another version of stalewatch",
}
_INSTALL = "install it again (stalewatch init --health-file), and reload the web server: OPcache may hold the old one"


class HealthUrl(NamedTuple):
    """What the configuration says. Without *key_file* and *key_env* the URL is that of an application's own health check."""

    url: str
    key_file: str = ""
    key_env: str = ""

    @property
    def signed(self) -> bool:
        return bool(self.key_file or self.key_env)

    @property
    def shown(self) -> str:
        """Without its query, which may hold a secret."""
        path, mark, _ = self.url.partition("?")
        return f"{path}?…" if mark else path


class MachineName(NamedTuple):
    """Who answers, or should: the kernel's boot id and its name, "" not known."""

    boot: str = ""
    name: str = ""

    def other_than(self, asked: MachineName) -> bool:
        """Whether the two are not the same machine; where one number is missing, by their names."""
        if self.boot and asked.boot:
            return self.boot != asked.boot
        return bool(self.name and asked.name) and self.name != asked.name


class HealthConnection:
    """As :class:`~stalewatch.probe.runtime.pool_connection.PoolConnection`, of which it is the part that asks."""

    chroot = ""
    own = (-1, 0)
    sent = 0
    pool: Pool | None = None

    def __init__(self, link: Link, host: HostProbe, url: HealthUrl) -> None:
        self._link = link
        self._host = host
        self._url = url
        self._target = target_of(url.url)
        self._places = [LOOPBACK, self._target.host]
        self._machine: MachineName | None = None
        self._lock = asyncio.Lock()

    @property
    def busy(self) -> bool:
        """Whether a request is under way."""
        return self._lock.locked()

    def way(self) -> tuple[Literal["health_url"], SafeText]:
        """How PHP is reached."""
        return "health_url", safe("")

    def unanswered(self, seconds: float) -> Unseen:
        """No answer yet, after so many *seconds*."""
        return self._no_answer(f"has not answered for {figures.span(seconds)}")

    async def alone(self, request: bytes) -> str:
        """No command line asks it without us."""
        return ""

    async def act(self, verb: str, body: Mapping[str, object], timeout: float = 0.0, more: Mapping[str, str] | None = None) -> Answer:
        """Raises NotPermitted: a health file only tells."""
        raise NotPermitted(f"{verb}: health_url only tells, nothing can be done through it")

    async def status_page(self, address: str, ahead: tuple[str, bytes] | None = None) -> PoolStatus | Unseen:
        """A pool's own page is reached by its socket only."""
        return answers.NO_SCOREBOARD

    async def leave(self) -> None:
        """Nothing is sent before it is asked for."""

    async def answer(self, verb: str, body: bytes, *, timeout: float, more: Mapping[str, str] | None = None) -> Answer | Unseen:
        """What the health file answers. Raises LinkLost, if the link is lost."""
        if verb not in VERBS:
            return reasons.LINK_NOT_PERMITTED.unseen(f"a health file is not asked for {verb}")
        return await self._told(lambda: self._signed(verb, body, timeout))

    async def page(self, *, timeout: float) -> bytes | Unseen:
        """What the URL answers to a GET. Raises LinkLost, if the link is lost."""
        return await self._told(lambda: self._get(timeout))

    async def _told(self, ask: Callable[[], Awaitable[T]]) -> T | Unseen:
        async with self._lock:
            try:
                return await ask()
            except LinkTimeout as error:
                return self._no_answer(f"gave {error.message}")
            except UsageError as error:
                return reasons.HEALTH_URL_KEY.unseen(error.message)
            except LinkError as error:
                if isinstance(error, LinkLost) and not self._link.alive:
                    raise
                if isinstance(error, LinkLost):
                    return self._no_answer("closed the connection")
                return reasons.REASONS[error.code].unseen(f"{self._url.shown}: {error.message}", error.grant or self._by_hand)

    async def _signed(self, verb: str, body: bytes, timeout: float) -> Answer:
        self.sent += 1
        key, nonce = read_key(self._url.key_file, self._url.key_env), secrets.token_hex(16)
        asked = msgspec.json.encode({**msgspec.json.decode(body, type=dict[str, object]), "verb": verb})
        at = int(self._host.last_tick.now or time.time())
        got = await self._exchange({"X-Stalewatch": request_header(key, at, nonce, asked)}, asked, timeout)
        signed = opened(key, nonce, got.body)
        answer = answers.decode(signed.text, deflated=signed.deflated, fpm=False)
        machine = MachineName(str(safe(answer.boot, 64)), str(safe(answer.host, 255)))
        if machine.other_than(await self._this_machine()):
            who = machine.name or machine.boot
            only = "give a URL that only this server answers, such as http://127.0.0.1:PORT/PATH"
            raise ProtocolError(f"another machine answered: {who}", grant=only, reason=reasons.HEALTH_URL_OTHER_HOST)
        return answer

    async def _get(self, timeout: float) -> bytes:
        return (await self._exchange({"Accept": "application/json"}, None, timeout)).body

    async def _exchange(self, headers: Mapping[str, str], body: bytes | None, timeout: float) -> HttpAnswer:
        got = await exchange(await self._open(timeout), self._target, headers, body, timeout=timeout)
        if got.status == 200:
            return got
        if refusal := _REFUSALS.get(got.body.strip()):
            raise ProtocolError(refusal, grant=_INSTALL, reason=reasons.HEALTH_URL_REFUSED)
        leads = f" and leads to {got.location}" if got.location else ""
        raise ProtocolError(f"answers {got.status}{leads}", grant=_grant(got), reason=reasons.HEALTH_URL_STATUS)

    async def _open(self, timeout: float) -> Stream:
        """A stream to where the web server listens: at the server's own loopback address, else at the name in the URL. Raises LinkError."""
        port = self._target.port
        for place in tuple(self._places):
            try:
                async with asyncio.timeout(timeout):
                    stream = await self._link.open_tcp(place, port)
            except (NotPermitted, TimeoutError):
                continue
            self._places.sort(key=lambda each: each != place)
            return stream
        where = " and ".join(dict.fromkeys(f"{place}:{port}" for place in self._places))
        raise ProtocolError(
            f"nothing accepts a connection from the server at {where}",
            grant="give the port that the web server listens on; let sshd forward to it (AllowTcpForwarding, PermitOpen)",
            reason=reasons.HEALTH_URL_NO_ANSWER,
        )

    async def _this_machine(self) -> MachineName:
        """The server that is looked at, by its own shell. It stays the same as long as the link lives."""
        if self._machine is None:
            paths = ("/proc/sys/kernel/random/boot_id", "/proc/sys/kernel/hostname")
            blocks = await self._host.ask(*(("text", path, "300") for path in paths))
            self._machine = MachineName(*(block.text("text").strip() for block in blocks))
        return self._machine

    @property
    def _by_hand(self) -> str:
        return f"see what answers, on the server: curl -i {self._url.shown}"

    def _no_answer(self, what: str) -> Unseen:
        return reasons.HEALTH_URL_NO_ANSWER.unseen(f"{self._url.shown} {what}", self._by_hand)


def _grant(got: HttpAnswer) -> str:
    if got.location:
        return "redirects are not followed: give the URL of the file itself"
    if got.status >= 500:
        return "see PHP's error log"
    if got.status in (401, 403):
        return "let the web server pass requests for it that come from the server itself"
    return "install the file that stalewatch init --health-file prints, and check the path"
