"""FastCGI 1.0, the responder's client side, without I/O: a request is encoded to bytes, answering bytes are decoded to events.

Source: the FastCGI specification, sections 3.3 (records), 3.4 (name-value pairs), 5.1 (keeping the connection), 5.5 (END_REQUEST). Every
request has the id 1: where a connection carries two, they are answered one after the other.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec

from stalewatch.model import reasons
from stalewatch.model.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

VERSION: Final = 1
REQUEST_ID: Final = 1
RESPONDER: Final = 1
KEEP_CONNECTION: Final = 1

BEGIN_REQUEST: Final = 1
END_REQUEST: Final = 3
PARAMS: Final = 4
STDIN: Final = 5
STDOUT: Final = 6
STDERR: Final = 7

HEADER: Final = struct.Struct("!BBHHBx")
BEGIN_BODY: Final = struct.Struct("!HB5x")
END_BODY: Final = struct.Struct("!LB3x")

MAX_CONTENT: Final = 65535
DEFAULT_LIMIT: Final = 16 * 1024 * 1024


class Stdout(msgspec.Struct, frozen=True):
    """A piece of the CGI response: headers, then body."""

    data: bytes


class Stderr(msgspec.Struct, frozen=True):
    """A piece of what the application (or FPM itself) wrote to its error stream."""

    data: bytes


class EndRequest(msgspec.Struct, frozen=True):
    """The request was answered completely. *protocol_status*: 0 done, 1 no multiplexing, 2 overloaded, 3 unknown role."""

    app_status: int
    protocol_status: int


Event: TypeAlias = Stdout | Stderr | EndRequest


class Incomplete(ProtocolError):
    """The stream ended before END_REQUEST: the worker was killed during the request (a reload without ``process_control_timeout``)."""

    reason = reasons.LINK_INCOMPLETE


def encode_request(params: Mapping[str, str], body: bytes = b"", *, keep: bool = False) -> bytes:
    """All records of one request: BEGIN_REQUEST (responder; close when done, or *keep* the connection for the next one), PARAMS, STDIN.

    Raises ValueError on a name or value that is not encodable as UTF-8; that is a bug here, not on the server.
    """
    pairs = b"".join(_pair(name.encode(), value.encode()) for name, value in params.items())
    return b"".join(
        [
            _record(BEGIN_REQUEST, BEGIN_BODY.pack(RESPONDER, KEEP_CONNECTION if keep else 0)),
            *_stream(PARAMS, pairs),
            *_stream(STDIN, body),
        ]
    )


class Decoder:
    """Bytes in any chunking -> events, one per record, in order.

    At most *limit* bytes are accepted in total (headers and padding count) and at most one record is buffered, so memory and time are
    bounded whatever the server sends. After an error nothing more is accepted. *last*: nothing follows the answer; else what does is left.
    """

    def __init__(self, limit: int = DEFAULT_LIMIT, *, last: bool = True) -> None:
        self._room = limit
        self._last = last
        self._buffer = bytearray()
        self._ended = False
        self._error: ProtocolError | None = None

    def feed(self, data: bytes) -> list[Event]:
        """The events that *data* completes. Raises ProtocolError if it is not a FastCGI answer or is longer than *limit*."""
        if self._error is not None:
            raise self._error
        try:
            return self._feed(data)
        except ProtocolError as error:
            self._error = error
            raise

    def eof(self) -> None:
        """No more bytes will come. Raises Incomplete unless END_REQUEST was seen."""
        if self._error is not None:
            raise self._error
        if not self._ended:
            raise Incomplete("the request was cut off before its end", grant="its worker was killed: try again after the reload")

    @property
    def rest(self) -> bytes:
        """What came after the end of the answer: the beginning of the next one."""
        return bytes(self._buffer) if self._ended else b""

    def _feed(self, data: bytes) -> list[Event]:
        self._room -= len(data)
        if self._room < 0:
            raise ProtocolError("the FastCGI answer is larger than its limit")
        self._buffer += data
        events: list[Event] = []
        position = 0
        while (end := self._record_end(position)) is not None:
            if (event := self._event(position)) is not None:
                events.append(event)
            position = end
        del self._buffer[:position]
        return events

    def _record_end(self, position: int) -> int | None:
        """Where the record at *position* ends; None until it is complete. Its header is checked as soon as it has arrived."""
        if len(self._buffer) <= position or (self._ended and not self._last):
            return None
        if self._ended:
            raise ProtocolError("FastCGI data after the end of the request")
        if len(self._buffer) < position + HEADER.size:
            return None
        version, kind, request_id, length, padding = HEADER.unpack_from(self._buffer, position)
        if version != VERSION or request_id != REQUEST_ID or kind not in (STDOUT, STDERR, END_REQUEST):
            raise ProtocolError(f"not a FastCGI answer (version {version}, type {kind}, request {request_id})")
        if kind == END_REQUEST and length != END_BODY.size:
            raise ProtocolError(f"END_REQUEST of {length} bytes")
        end: int = position + HEADER.size + length + padding
        return end if len(self._buffer) >= end else None

    def _event(self, position: int) -> Event | None:
        _, kind, _, length, _ = HEADER.unpack_from(self._buffer, position)
        start = position + HEADER.size
        content = bytes(self._buffer[start : start + length])
        if kind == END_REQUEST:
            self._ended = True
            return EndRequest(*END_BODY.unpack(content))
        if not content:  # an empty record ends its stream
            return None
        return Stdout(content) if kind == STDOUT else Stderr(content)


def _record(kind: int, content: bytes) -> bytes:
    padding = -len(content) % 8
    return HEADER.pack(VERSION, kind, REQUEST_ID, len(content), padding) + content + bytes(padding)


def _stream(kind: int, content: bytes) -> Iterator[bytes]:
    for start in range(0, len(content), MAX_CONTENT):
        yield _record(kind, content[start : start + MAX_CONTENT])
    yield _record(kind, b"")


def _pair(name: bytes, value: bytes) -> bytes:
    return _length(len(name)) + _length(len(value)) + name + value


def _length(size: int) -> bytes:
    return bytes([size]) if size < 0x80 else struct.pack("!L", size | 0x8000_0000)
