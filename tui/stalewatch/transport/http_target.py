"""Where an HTTP request goes: a URL taken apart. Configuration asks it too, and needs nothing of what sends requests."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

_NO_URL = "is not http://HOST/PATH or https://HOST/PATH"


class HttpTarget(NamedTuple):
    """A URL taken apart: *authority* is what the Host header says, *path* with its query."""

    tls: bool
    host: str
    port: int
    authority: str
    path: str


def target_of(url: str) -> HttpTarget:
    """Raises ValueError where *url* is none of HTTP, or holds what a URL of a page has not (a user, a fragment)."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(_NO_URL) from None
    wrong = not url.isascii() or not url.isprintable() or " " in url or "@" in parts.netloc or "#" in url
    if wrong or parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(_NO_URL)
    tls = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return HttpTarget(tls, parts.hostname, port or (443 if tls else 80), parts.netloc, path)
