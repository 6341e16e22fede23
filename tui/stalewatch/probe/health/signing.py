"""Requests are signed, and answers are believed only where they answer this request. Pure."""

from __future__ import annotations

import hmac
import re
from typing import NamedTuple

from stalewatch.model import reasons
from stalewatch.model.errors import ProtocolError
from stalewatch.model.redaction import redacted

_HEAD = re.compile(rb"stalewatch-health (plain|deflate) ([0-9a-f]{64}) (\d{1,9})\n")


class Signed(NamedTuple):
    """*text* is what the answer says, *deflated* how."""

    text: bytes
    deflated: bool


def request_header(key: bytes, at: int, nonce: str, body: bytes) -> str:
    """The value of ``X-Stalewatch``. *at*: epoch seconds."""
    return f"{at}.{nonce}.{_sign(key, b'request', b'%d' % at, nonce.encode(), body)}"


def opened(key: bytes, nonce: str, body: bytes) -> Signed:
    """What the answer to the request with *nonce* says. Whatever others print around it is left out. Raises ProtocolError."""
    head = _HEAD.search(body)
    if head is None:
        said = redacted(body[:80].strip(), 80) or "nothing"
        raise ProtocolError(f"something else than the health file answers: {said}", grant=_GRANT, reason=reasons.HEALTH_URL_OTHER_ANSWER)
    encoding, signature, length = head.groups()
    text = body[head.end() : head.end() + int(length)]
    if not hmac.compare_digest(_sign(key, b"answer", nonce.encode(), encoding, text).encode(), signature):
        raise ProtocolError(
            "the answer is not signed for this request: another key, or a cache or proxy changed or repeated it",
            grant=_GRANT,
            reason=reasons.HEALTH_URL_OTHER_ANSWER,
        )
    return Signed(text, encoding == b"deflate")


_GRANT = "see what the URL answers: `curl -i URL` on the server must say 404 and `stalewatch: not found`"


def _sign(key: bytes, *parts: bytes) -> str:
    return hmac.digest(key, b"\n".join(parts), "sha256").hex()
