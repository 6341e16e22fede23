"""FastCGI 1.0 seen from FPM's side: one request after another as long as the client keeps the connection, then it is closed."""

from __future__ import annotations

import asyncio
import json
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from stalewatch.demo import runtime
from stalewatch.transport.fastcgi import codec

if TYPE_CHECKING:
    from collections.abc import Callable

    from stalewatch.demo.fpm import Fpm

STATUS_PATH = "/fpm-status"
MAX_BODY = 4 * 1024 * 1024
Page = tuple[int, dict[str, str], bytes, bytes]
"""Status, headers, body, stderr."""


class Responder:
    """Serves *fpm* on a unix socket; *serve* runs the application and gives its page."""

    def __init__(self, fpm: Fpm, serve: Callable[[], bytes]) -> None:
        self._fpm = fpm
        self._serve = serve

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        with suppress(OSError, asyncio.IncompleteReadError, ValueError):
            keep = True
            while keep and self._fpm.running:
                params, body, keep = await read_request(reader)
                if self._fpm.running:
                    writer.write(response(*self.page(params, body)))
                    await writer.drain()
        writer.close()

    def page(self, params: dict[str, str], body: bytes) -> Page:
        """What FPM answers to one request."""
        script = params.get("SCRIPT_FILENAME", "")
        method, uri, now = params.get("REQUEST_METHOD", "GET"), params.get("REQUEST_URI", params.get("SCRIPT_NAME", "")), time.time()
        if params.get("SCRIPT_NAME") == STATUS_PATH:
            return 200, {"Content-Type": "application/json"}, status_page(self._fpm, now), b""
        if not script.endswith(".php"):
            return 403, {"Content-Type": "text/html"}, b"Access denied.\n", b""
        if not os.access(script, os.R_OK):
            return 404, {"Content-Type": "text/html"}, b"File not found.\n", b"Primary script unknown"
        worker = self._fpm.took(method, uri, script)
        if "STALEWATCH" in params:
            self._fpm.opcache.misses += 1  # a file from the future is never kept: each request compiles it
            headers, answer = runtime.answer(self._fpm, params["STALEWATCH"], body, now, worker.pid)
            return 200, headers, answer, b""
        return 200, {"Content-Type": "application/json"}, self._serve(), b""


def status_page(fpm: Fpm, now: float) -> bytes:
    """FPM's own page, ``?json&full``: the same facts as ``fpm_get_status()``, with spaces in their names."""
    facts = runtime.status(fpm, now)
    processes = [{name.replace("-", " "): value for name, value in process.items()} for process in facts.pop("procs")]
    page = {name.replace("-", " "): value for name, value in facts.items()}
    return json.dumps(page | {"processes": processes}).encode()


async def read_request(reader: asyncio.StreamReader) -> tuple[dict[str, str], bytes, bool]:
    """Parameters, body, and whether the connection is kept. Raises ValueError for what is no FastCGI, IncompleteReadError when the client
    hung up."""
    params, body, keep = bytearray(), bytearray(), False
    while True:
        version, kind, _, length, padding = codec.HEADER.unpack(await reader.readexactly(codec.HEADER.size))
        content = await reader.readexactly(length)
        await reader.readexactly(padding)
        if version != codec.VERSION or kind not in (codec.BEGIN_REQUEST, codec.PARAMS, codec.STDIN):
            raise ValueError("not FastCGI")
        if kind == codec.BEGIN_REQUEST and length == codec.BEGIN_BODY.size:
            keep = bool(codec.BEGIN_BODY.unpack(content)[1] & codec.KEEP_CONNECTION)
        elif kind == codec.PARAMS:
            params += content
        elif kind == codec.STDIN:
            if not content:
                return _pairs(bytes(params)), bytes(body), keep
            body += content
        if len(params) + len(body) > MAX_BODY:
            raise ValueError("too big")


def response(status: int, headers: dict[str, str], body: bytes, stderr: bytes) -> bytes:
    """All records of one answer."""
    head = "".join(f"{name}: {value}\r\n" for name, value in ({"Status": str(status)} | headers).items())
    records = [_record(codec.STDERR, stderr)] if stderr else []
    out = head.encode() + b"\r\n" + body
    records += [_record(codec.STDOUT, out[start : start + codec.MAX_CONTENT]) for start in range(0, len(out), codec.MAX_CONTENT)]
    return b"".join([*records, _record(codec.STDOUT, b""), _record(codec.END_REQUEST, codec.END_BODY.pack(0, 0))])


def _record(kind: int, content: bytes) -> bytes:
    return codec.HEADER.pack(codec.VERSION, kind, codec.REQUEST_ID, len(content), 0) + content


def _pairs(data: bytes) -> dict[str, str]:
    found, at = {}, 0
    while at < len(data):
        name_length, at = _length(data, at)
        value_length, at = _length(data, at)
        name = data[at : at + name_length].decode("utf-8", "replace")
        found[name] = data[at + name_length : at + name_length + value_length].decode("utf-8", "replace")
        at += name_length + value_length
    return found


def _length(data: bytes, at: int) -> tuple[int, int]:
    if at < len(data) and data[at] < 128:
        return data[at], at + 1
    if at + 4 > len(data):
        raise ValueError("a length was cut")
    return int.from_bytes(data[at : at + 4], "big") & 0x7FFFFFFF, at + 4
