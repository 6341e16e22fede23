"""What the pool answers now, asked over its socket: the tests' oracle.

Written for the tests alone, and on purpose not the product's own codec: a test must not believe the code that it tests.
"""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from pathlib import Path

RESPONDER = struct.pack("!HB5x", 1, 0)
BEGIN, PARAMS, STDIN, STDOUT, STDERR, END = 1, 4, 5, 6, 7, 3


@dataclass(frozen=True)
class Response:
    """One answer of FPM: HTTP status, headers by lower-case name, body, and what PHP wrote to stderr."""

    status: int
    headers: dict[str, str]
    body: str
    stderr: str


def ask(path: Path, script: str, uri: str, method: str = "GET", timeout: float = 30.0) -> Response:
    """Send one request. Raises OSError (refused, reset, timed out) and ConnectionError when FPM hangs up before the end."""
    name, _, query = uri.partition("?")
    params = {
        "GATEWAY_INTERFACE": "CGI/1.1",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": "lab.invalid",
        "REMOTE_ADDR": "127.0.0.1",
        "REQUEST_METHOD": method,
        "REQUEST_URI": uri,
        "QUERY_STRING": query,
        "SCRIPT_NAME": "/index.php" if script.endswith("/index.php") else name,
        "SCRIPT_FILENAME": script,
    }
    encoded = b"".join(pair(key.encode(), value.encode()) for key, value in params.items())
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(timeout)
        link.connect(str(path))
        link.sendall(record(BEGIN, RESPONDER) + record(PARAMS, encoded) + record(PARAMS, b"") + record(STDIN, b""))
        return parse(*receive(link))


def receive(link: socket.socket) -> tuple[bytes, bytes]:
    streams = {STDOUT: b"", STDERR: b""}
    with link.makefile("rb") as stream:
        while True:
            header = stream.read(8)
            if len(header) < 8:
                raise ConnectionError("FPM hung up before the end of its answer")
            _, kind, _, length, padding = struct.unpack("!BBHHBx", header)
            content = stream.read(length + padding)[:length]
            if kind == END:
                return streams[STDOUT], streams[STDERR]
            streams[kind] += content


def parse(out: bytes, err: bytes) -> Response:
    head, _, body = out.partition(b"\r\n\r\n")
    headers = {}
    for line in head.decode("latin-1").splitlines():
        key, _, value = line.partition(":")
        headers[key.strip().lower()] = value.strip()
    status = int(headers.get("status", "200").split()[0])
    return Response(status, headers, body.decode("utf-8", "replace"), err.decode("utf-8", "replace"))


def record(kind: int, content: bytes) -> bytes:
    return struct.pack("!BBHHBx", 1, kind, 1, len(content), 0) + content


def pair(key: bytes, value: bytes) -> bytes:
    return size(key) + size(value) + key + value


def size(part: bytes) -> bytes:
    return bytes([len(part)]) if len(part) < 128 else struct.pack("!I", len(part) | 1 << 31)
