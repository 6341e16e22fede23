"""What a host's web server answers, asked over a unix socket: hosts share the machine's network."""

from __future__ import annotations

import socket

from tests.lab.machine import Machine

SOCKET = "/run/lab-web.sock"


def get(host: Machine, uri: str = "/", name: str = "lab.invalid", timeout: float = 30.0) -> tuple[int, str]:
    """Status and body of one request. Raises OSError where nobody listens."""
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(timeout)
        link.connect(str(host.root(SOCKET)))
        link.sendall(f"GET {uri} HTTP/1.0\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while part := link.recv(65536):
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), body.decode("utf-8", "replace")
