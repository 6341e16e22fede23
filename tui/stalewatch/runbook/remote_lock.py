"""The lock on the server, and the steps that run under it: one coprocess per server, alive as long as heartbeats come.

Nobody else runs a runbook on the same app or FPM master meanwhile. When the link dies, the holder waits for the running step, then
releases the lock; when this side falls silent (a laptop that sleeps), its lease ends by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
import shlex
from importlib import resources
from typing import TYPE_CHECKING

import msgspec

from stalewatch.model import reasons
from stalewatch.model.errors import LinkError, LinkLost, LinkTimeout, StalewatchError
from stalewatch.model.redaction import redacted
from stalewatch.model.text import SafeText, safe
from stalewatch.model.times import utc

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stalewatch.transport.link import Link, Stream

HEARTBEAT = 5.0
SILENCE_LIMIT = 20.0
"""Seconds without an answer after which this side gives up: before the lease on the server (30 s) ends."""
GRACE = 5.0
"""Seconds that the holder has to end, and its stream to close."""
MAX_OUTPUT = 65536
MAX_LINE = 4096


class Busy(StalewatchError):
    """Somebody else holds the lock."""

    reason = reasons.RUNBOOK_BUSY


_NO_ROOM = "73"
_GOES_ON = "wait until it has ended; where its operator is gone, it lets go by itself, at the latest 30 s after its step"


class CannotLock(StalewatchError):
    """The holder could not be started on the server."""

    reason = reasons.RUNBOOK_LOCK


class Ended(msgspec.Struct, frozen=True):
    """A step that ended on the server. *output*: both channels, the last 64 kB. *then*: what the command after it said. *code* is not
    evidence."""

    code: int
    output: str
    then: str = ""


class RemoteLock:
    """A held lock. Made by :func:`acquire`."""

    def __init__(self, link: Link, stream: Stream, nonce: str) -> None:
        self._link = link
        self._nonce = nonce
        self._stream = stream
        self._said = b""
        self._held: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._steps: dict[str, asyncio.Future[int]] = {}
        self._questions = itertools.count(1)
        self._heard = 0.0
        self._gone: LinkError | None = None
        self.warnings: list[SafeText] = []
        self._tasks = [asyncio.create_task(watching) for watching in (self._listen(), self._beat(), self._watch_link())]

    async def wait_held(self, timeout: float) -> None:
        """Raises Busy, CannotLock, LinkError."""
        try:
            await asyncio.wait_for(asyncio.shield(self._held), timeout)
        except TimeoutError:
            raise LinkTimeout(f"the lock was not taken within {timeout:g} s") from None

    async def still_held(self) -> None:
        """Returns once the holder has answered. This machine may have been asleep since the last answer was read, and another runbook be
        under way by now: so only an answer to this very question counts. Raises LinkError."""
        question = f"beat {next(self._questions)}"
        answered = self._steps[question] = asyncio.get_running_loop().create_future()
        try:
            await self._send(question)
            await asyncio.wait_for(asyncio.shield(answered), SILENCE_LIMIT)
        except TimeoutError:
            raise LinkLost(f"no answer of the lock's holder for {SILENCE_LIMIT:g} s") from None
        finally:
            self._steps.pop(question, None)

    async def note(self, text: str) -> None:
        """One line for the server's syslog."""
        await self._send(f"note {_one_line(text)}")

    async def step(self, step_id: str, command: str, timeout: float, *, acting: bool = True, then: str = "") -> Ended:
        """Run *command* to its end on the server, and *then* ("" nothing), whatever becomes of the link; *acting*: *command* is logged in
        the server's syslog.

        Raises LinkLost (outcome unknown) and LinkTimeout (it still runs).
        """
        if not f"{command}{then}".isprintable() or " " in step_id:
            raise CannotLock("a command must be one printable line")
        if then:
            await self._send(f"then {then}")
        ended = self._steps[step_id] = asyncio.get_running_loop().create_future()
        await self._send(f"{'step' if acting else 'check'} {step_id} {command}")
        try:
            code = await asyncio.wait_for(asyncio.shield(ended), timeout)
        except TimeoutError:
            raise LinkTimeout(f"{step_id} still runs after {timeout:g} s") from None
        finally:
            self._steps.pop(step_id, None)
        return Ended(code, await self._output(step_id), await self._output(f"{step_id}.then") if then else "")

    async def _output(self, step_id: str) -> str:
        """What the command said, through the holder: another channel may be one more than the server permits. Raises LinkLost."""
        question = f"told {step_id}"
        told = self._steps[question] = asyncio.get_running_loop().create_future()
        self._said = b""
        try:
            await self._send(f"tell {step_id}")
            await asyncio.wait_for(asyncio.shield(told), SILENCE_LIMIT)
        except TimeoutError:
            raise LinkLost(f"no answer of the lock's holder for {SILENCE_LIMIT:g} s") from None
        finally:
            self._steps.pop(question, None)
        return self._said.decode("utf-8", "replace")

    async def release(self) -> None:
        """Release the lock. Never raises, also where the holder does not answer: it releases by itself when its step or its lease ends."""
        with contextlib.suppress(LinkError, TimeoutError):
            async with asyncio.timeout(GRACE):
                await self._send("end")
                await asyncio.shield(self._tasks[0])
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(LinkError, TimeoutError):
            async with asyncio.timeout(2 * GRACE):  # on this machine it ends the holder step by step
                await self._stream.close()

    async def _send(self, line: str) -> None:
        if self._gone is not None:
            raise self._gone
        await self._stream.write(f"{line}\n".encode())

    async def _listen(self) -> None:
        buffer = b""
        try:
            while data := await self._stream.read():
                self._heard = asyncio.get_running_loop().time()
                *lines, buffer = (buffer + data).split(b"\n")
                for line in lines:
                    self._take(line.decode("utf-8", "replace"))
                if len(buffer) > MAX_LINE:
                    raise LinkLost("the lock's holder sends no lines")
            raise LinkLost("the lock's holder has ended")
        except LinkError as error:
            self._end(error)

    def _take(self, said: str) -> None:
        """What comes without the nonce is a login shell's, or a server's that has its own ideas."""
        line = said.partition(f"{self._nonce} ")[2]
        word, _, rest = line.partition(" ")
        if word == "held" and rest.startswith("/"):
            if not self._held.done():
                self._held.set_result(None)
        elif word == "ended":
            step_id, _, code = rest.partition(" ")
            waiting = self._steps.get(step_id)
            if waiting is not None and not waiting.done():
                waiting.set_result(int(code) if code.isdigit() else -1)
        elif word == "out":
            with contextlib.suppress(ValueError):
                self._said = (self._said + bytes.fromhex(rest.partition(" ")[2]))[-MAX_OUTPUT:]
        elif word in ("beat", "told") and (asked := self._steps.get(line)) is not None and not asked.done():
            asked.set_result(0)
        elif word == "unlocked":
            self.warnings.append(safe(f"not locked: {rest}", 300))
        elif word == "busy" and not self._held.done():
            self._held.set_exception(Busy(_busy(rest), grant=_GOES_ON))
        elif word == "taken" and not self._held.done():
            self._held.set_exception(_taken(rest))
        elif word == "failed" and not self._held.done():
            self._held.set_exception(_failed(rest))

    async def _watch_link(self) -> None:
        await self._link.wait_closed()  # a running step may hold the stream open
        self._end(LinkLost("the connection is gone"))

    async def _beat(self) -> None:
        loop = asyncio.get_running_loop()
        self._heard = loop.time()
        while True:
            await asyncio.sleep(HEARTBEAT)
            if loop.time() - self._heard > SILENCE_LIMIT:
                self._end(LinkLost(f"no answer for {SILENCE_LIMIT:g} s"))
                return
            if self._held.done():
                with contextlib.suppress(LinkError):
                    await self._send("beat")

    def _end(self, error: LinkError) -> None:
        self._gone = self._gone or error
        waiting: list[asyncio.Future[None] | asyncio.Future[int]] = [self._held, *self._steps.values()]
        for future in waiting:
            if not future.done():
                future.set_exception(error)
                future.exception()  # looked at: nobody may be waiting


def _busy(rest: str) -> str:
    which, since, pid, step, who = (*rest.split(" ", 4), "", "", "", "")[:5]
    known = f" since {utc(int(since))}" if since.isdecimal() and since != "0" else ""
    more = [f"step {safe(step, 100)}"] if step not in ("", "-") else []
    more += [f"pid {pid}"] if pid.isdecimal() and pid != "0" else []
    details = f" ({', '.join(more)})" if more else ""
    return f"{safe(who or 'somebody', 200)} runs a runbook on {_place(which)}{known}{details}"


def _failed(code: str) -> CannotLock:
    if code.strip() == _NO_ROOM:
        message = "no step's output can be kept on the server: /tmp, /var/tmp and /dev/shm are read-only, full or out of inodes"
        return CannotLock(message, grant="free space or inodes (df -h, df -i), or mount one of them read-write")
    return CannotLock(f"the lock could not be taken (flock: code {safe(code, 20)})")


def _taken(rest: str) -> Busy:
    which, pid, user, command = (*rest.split(" ", 3), "", "", "")[:4]
    holder = f"pid {safe(pid, 20)} of {safe(user, 100)}"
    message = f"another program holds a lock on {_place(which)}: {redacted(command.strip(), 200)} ({holder})"
    return Busy(message, grant="wait until it ends, or end it if it should not run: stalewatch locks the same directory")


def _place(which: str) -> str:
    return "this application" if which == "app" else "this FPM master"


async def acquire(
    link: Link, who: str, app: str, fpm: str, what: str, *, steps: Iterable[tuple[str, str]] = (), timeout: float = 15.0
) -> RemoteLock:
    """Lock *app* and the FPM master whose configuration is *fpm* ("" is not known) on the server. *what* and *steps* (id, word) are told to
    whoever looks there. Raises Busy, CannotLock, LinkError."""
    nonce = secrets.token_hex(8)
    holding = RemoteLock(link, await link.coprocess(lock_command(who, app, fpm, what, nonce, steps)), nonce)
    try:
        await holding.wait_held(timeout)
    except BaseException:
        await holding.release()
        raise
    return holding


def lock_command(who: str, app: str, fpm: str, what: str, nonce: str, steps: Iterable[tuple[str, str]] = ()) -> str:
    """The command line that takes the locks and becomes the holder; *nonce* begins each line that it says."""
    told = " ".join(f"{step}={label}" for step, label in steps)
    words = (_one_line(who), app, fpm, _one_line(what), _script("lock_holder.sh"), nonce, told)
    return shlex.join(("sh", "-c", _script("acquire_lock.sh"), "stalewatch", *words))


def _one_line(text: str) -> str:
    return safe(text, 1000)


def _script(name: str) -> str:
    """A script without its comments: other people read it in their process list."""
    lines = resources.files(__package__).joinpath(name).read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("#"))
