"""Splits the STDOUT of a FastCGI request into the CGI headers (RFC 3875, section 6) and the body."""

from __future__ import annotations

from typing import Final

import msgspec

from stalewatch.model.errors import ProtocolError
from stalewatch.model.redaction import redacted
from stalewatch.model.text import SafeText, safe

MAX_HEADER_BYTES: Final = 64 * 1024
MAX_HEADERS: Final = 100
_NOT_FOUND: Final = (b"File not found.", b"No input file specified.", b"Access denied.")


class Response(msgspec.Struct, frozen=True):
    """A complete answer. *status* is the HTTP status (200 if none is sent). Header names are in lower case; of equal names the last wins.

    *stderr* is what FPM and PHP wrote to it (``Primary script unknown``, warnings), made safe, at most 4096 characters.
    *body* is raw: its parser makes it safe.
    """

    status: int
    headers: dict[str, SafeText]
    body: bytes
    stderr: SafeText = SafeText("")

    @property
    def script_missing(self) -> bool:
        """Whether FPM says that the script is not there, or not for this pool."""
        return self.status in (403, 404) and (self.body.strip() in _NOT_FOUND or "Primary script unknown" in self.stderr)


def parse_response(stdout: bytes, stderr: bytes = b"") -> Response:
    """Split *stdout* into status, headers and body. Raises ProtocolError if the headers do not end or one is malformed."""
    block, body = _split(stdout)
    headers: dict[str, SafeText] = {}
    lines = block.splitlines()
    if len(lines) > MAX_HEADERS:
        raise ProtocolError("the FastCGI answer has too many headers")
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not name.strip():
            raise ProtocolError(f"the FastCGI answer has a malformed header: {safe(line, 80)}")
        headers[safe(name.strip()).lower()] = safe(value.strip())
    return Response(_status(headers.get("status", "200")), headers, body, redacted(stderr.strip()))


def _split(stdout: bytes) -> tuple[bytes, bytes]:
    head = stdout[: MAX_HEADER_BYTES + 4]
    ends = [(at, at + len(mark)) for mark in (b"\r\n\r\n", b"\n\n") if (at := head.find(mark)) >= 0]
    if not ends:
        raise ProtocolError("the headers of the FastCGI answer do not end")
    end, start = min(ends)
    return stdout[:end], stdout[start:]


def _status(value: str) -> int:
    code = value.split(" ", 1)[0]
    if not (len(code) == 3 and code.isascii() and code.isdecimal() and code >= "100"):
        raise ProtocolError(f"the FastCGI answer has no valid status: {safe(value, 80)}")
    return int(code)
