"""Sends requests to one FPM pool, one at a time, and says why there is no answer."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from stalewatch.model import figures, reasons
from stalewatch.model.errors import LinkError, LinkLost, NotPermitted, ProtocolError
from stalewatch.model.redaction import redacted
from stalewatch.model.snapshot import PoolStatus, Unseen
from stalewatch.model.text import SafeText, safe
from stalewatch.probe.host.parsers.fpm_config import chroot_of
from stalewatch.probe.runtime import answer as answers
from stalewatch.probe.runtime.fpm_status import parse_page
from stalewatch.probe.runtime.places import allowed_by, places
from stalewatch.probe.runtime.request import NOT_VISIBLE, hidden, parameters
from stalewatch.transport.fastcgi.client import Requests, request
from stalewatch.transport.fastcgi.codec import Incomplete, encode_request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stalewatch.model.snapshot import Pool
    from stalewatch.probe.runtime.answer import Answer
    from stalewatch.probe.runtime.places import FilePlace
    from stalewatch.probe.runtime.socket_access import SocketAccess
    from stalewatch.probe.runtime.uploaded_file import RuntimeFile
    from stalewatch.transport.fastcgi.response import Response

PAGE_TIMEOUT = 2.0
"""Seconds within which a worker that is free prints the status page."""
APART = 60.0
"""Seconds for which a pool that closed the connection after its page is asked by one connection for each of the two."""
NONE: Mapping[str, str] = {}
_UNDEFINED = re.compile(r"undefined function (?:\w+\\)?(\w{1,60})\(\)")
"""What PHP says of a function that is disabled, or whose extension it lacks."""


class _Ahead(NamedTuple):
    """Our request behind that for the page, on the same connection: *encoded* is answered next."""

    encoded: bytes
    requests: Requests


class PoolConnection:
    """The way to one pool behind one address (socket path or ``host:port``). *storage*: folders of applications that it may see, too.

    *sent*: how many requests were sent, whatever became of them.
    """

    def __init__(
        self, file: RuntimeFile, access: SocketAccess, address: str, pool: Pool | None, *, patience: float, storage: Sequence[str] = ()
    ) -> None:
        self.address = address
        self.pool = pool
        self.access = access
        self.sent = 0
        self._file = file
        self._patience = patience
        self._storage = storage
        self._allowed = ""
        self._places: list[FilePlace] = []
        self._lock = asyncio.Lock()
        self._own: tuple[int, int] = (-1, 0)
        self._loaded = 0
        self._ahead: _Ahead | None = None
        self._apart_until = float("-inf")

    @property
    def busy(self) -> bool:
        """Whether a request is under way."""
        return self._lock.locked()

    @property
    def own(self) -> tuple[int, int]:
        """Since when OPcache counts (S), and our requests to this pool since then."""
        return self._own

    @property
    def settings(self) -> Mapping[str, str]:
        """The pool's directives, as far as its configuration was read."""
        return self.pool.settings if self.pool is not None else {}

    @property
    def chroot(self) -> str:
        """The directory that the pool takes for /, "" where it has no other."""
        return chroot_of(self.settings)

    def way(self) -> tuple[Literal["tunnel", "tcp", "relay", "sudo"], SafeText]:
        """How the pool is reached, and by which relay ("" by none)."""
        return self.access.way(self.address)

    def unanswered(self, seconds: float) -> Unseen:
        """No answer yet, after so many *seconds*."""
        return reasons.FPM_NO_ANSWER.unseen(
            f"the pool has not answered for {figures.span(seconds)}: no worker is free",
            "set pm.status_listen, so that its state can be seen while it is busy",
        )

    async def alone(self, request: bytes) -> str:
        """The command line that sends *request* from the server itself, without us; "" there is none. Raises LinkError."""
        return await self.access.alone(self.address, request)

    async def act(self, verb: str, body: Mapping[str, object], timeout: float = 0.0, more: Mapping[str, str] = NONE) -> Answer:
        """The answer to *verb*. Raises LinkError, also where there is none; *timeout* 0: the usual patience."""
        if isinstance(answer := await self.answer(verb, msgspec.json.encode(body), timeout=timeout or self._patience, more=more), Unseen):
            raise NotPermitted(answer.message, grant=answer.grant, reason=reasons.REASONS[answer.code])
        return answer

    async def answer(self, verb: str, body: bytes, *, timeout: float, more: Mapping[str, str] = NONE) -> Answer | Unseen:
        """Send a request, trying the directories that this pool may see; *more*: parameters beside our own. Raises LinkError."""
        async with self._lock:
            tried: dict[str, str] = {}
            self._places = self._places or places(self.settings, self._storage, self._allowed)
            while self._places:
                place = self._places[0]
                path, said = await self._file.path(place.base), "not written"
                if path:
                    try:
                        response = await self._exchange({**more, **parameters(place.seen(path), verb, body)}, body, timeout)
                    except NotPermitted as error:
                        return await self.access.refused(self.address, self.pool, error)
                    if isinstance(response, Unseen):
                        return response
                    if not response.script_missing:
                        answer = self._decoded(response)
                        self._count(answer)
                        return answer
                    said = f"{NOT_VISIBLE} ({redacted(response.body.strip() or response.stderr, 60)})"
                    self._learn(response, tried)
                tried[place.base] = self._file.refused(place.base) or said
                self._places = [each for each in self._places if each.base not in tried]
            self._file.again()
            return hidden(tried, self.settings)

    async def _exchange(self, sent: Mapping[str, str], body: bytes, timeout: float) -> Response | Unseen:
        """The answer to this request, which may have been sent already. Raises LinkError."""
        ahead, again = self._ahead, False
        if ahead is not None and ahead.encoded == encode_request(sent, body):
            self._ahead = None
            try:
                return await ahead.requests.answer(timeout=timeout, limit=answers.MAX_ANSWER)
            except (Incomplete, LinkLost):
                if ahead.requests.begun:
                    raise
                again = True  # its worker ended with the page, by pm.max_requests or a reload: nobody has read it
                self._apart_until = asyncio.get_running_loop().time() + APART
            finally:
                await ahead.requests.close()
        await self.leave()  # its worker waits until we close: it may be the pool's only one
        stream = await self.access.open(self.address, self.pool)
        if isinstance(stream, Unseen):
            return stream
        self.sent += not again
        return await request(stream, sent, body, timeout=timeout, limit=answers.MAX_ANSWER)

    def _learn(self, response: Response, tried: Mapping[str, str]) -> None:
        """PHP's own warning names what open_basedir allows, wherever that is set."""
        allowed = allowed_by(response.stderr)
        if allowed and allowed != self._allowed:
            self._allowed = allowed
            self._places = [each for each in places(self.settings, self._storage, allowed) if each.base not in tried]

    def _decoded(self, response: Response) -> Answer:
        if response.status >= 400 or not response.body:
            said = response.stderr or redacted(response.body[:200])
            if disabled := _UNDEFINED.search(said):
                grant = f"take {disabled[1]} out of disable_functions, then reload PHP-FPM"
                raise ProtocolError(f"PHP may not call {disabled[1]} in this pool", grant=grant, reason=reasons.FPM_ERROR)
            raise ProtocolError(f"the pool answered {response.status} to the probe: {said}", reason=reasons.FPM_ERROR)
        answer = answers.decode(response.body, deflated=response.headers.get("x-stalewatch") == "deflate")
        if self.pool and self.pool.user and answer.user not in ("", self.pool.user):
            raise ProtocolError(f"the pool answers as {safe(answer.user, 64)}, not as {self.pool.user}", reason=reasons.FPM_OTHER_USER)
        return answer

    def _count(self, answer: Answer) -> None:
        """Our own request, which missed in this cache; so did the files that the one before loaded after it had told the counters."""
        since = max(answer.opcache.start_time, answer.opcache.last_restart_time)
        self._own = (since, self._own[1] + 1 + self._loaded if self._own[0] == since else 1)
        self._loaded = max(answer.loaded, 0)

    async def status_page(self, address: str, ahead: tuple[str, bytes] | None = None) -> PoolStatus | Unseen:
        """FPM's own page through *address*. *ahead*: the verb and body that :meth:`answer` is asked next; where it is known how, they are
        sent behind the page, so that the same worker answers both. :meth:`leave` must follow."""
        await self.leave()
        path = str(self.pool.status_path) if self.pool else ""
        params = {"SCRIPT_FILENAME": path, "SCRIPT_NAME": path, "REQUEST_METHOD": "GET", "QUERY_STRING": "json&full", "REQUEST_URI": path}
        requests = None
        try:
            behind = await self._behind(*ahead) if ahead is not None and address == self.address else b""
            stream = await self.access.open(address, self.pool)
            if isinstance(stream, Unseen):
                return stream
            self.sent += (address == self.address) + bool(behind)
            requests = Requests(stream, encode_request(params, keep=bool(behind)), *([behind] if behind else []))
            response = await requests.answer(timeout=PAGE_TIMEOUT)
            if behind:
                self._ahead, requests = _Ahead(behind, requests), None
        except (LinkError, ValueError) as error:
            return reasons.FPM_STATUS_HANGS.unseen(str(error))
        finally:
            if requests is not None:
                await requests.close()
        if response.status >= 500:  # somebody was just writing it
            return reasons.FPM_STATUS_HANGS.unseen(f"the status page answered {response.status}")
        return parse_page(response.body)

    async def leave(self) -> None:
        """Do not wait for what was sent behind the page. Never raises."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            await ahead.requests.close()

    async def _behind(self, verb: str, body: bytes) -> bytes:
        """The request; b"" where it is not known yet which place the pool sees, or the pool does not keep connections."""
        if not self._places or not self._own[1] or asyncio.get_running_loop().time() < self._apart_until:
            return b""
        path = await self._file.path(self._places[0].base)
        return encode_request(parameters(self._places[0].seen(path), verb, body), body) if path else b""
