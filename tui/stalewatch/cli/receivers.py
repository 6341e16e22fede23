"""Where ``watch`` sends what it tells: a webhook, what apprise knows, or stdout. A URL may hold a secret and is never shown whole."""

from __future__ import annotations

import base64
import http.client
import logging
import urllib.error
import urllib.request
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from stalewatch import __version__
from stalewatch.cli.streams import as_bytes, write_out
from stalewatch.model.errors import UsageError
from stalewatch.model.text import safe

if TYPE_CHECKING:
    from stalewatch.engine.incidents import Notice

PATIENCE = 10.0
"""Seconds that a receiver may take for one step of an answer."""
_BUSY = frozenset({408, 425, 429})


class Refused(Exception):
    """A receiver did not take a notice. *again*: it may take it later."""

    def __init__(self, why: str, *, again: bool = True) -> None:
        super().__init__(why)
        self.why = why
        self.again = again


class Receiver(Protocol):
    """*shown*: what may be printed of where it is."""

    shown: str

    def send(self, notice: Notice) -> None:
        """Hand it over; may block for a while. Raises Refused."""


def receiver(url: str) -> Receiver:
    """Who is behind *url*. Raises UsageError where nobody can be."""
    scheme, there, _ = url.partition("://")
    if not there and not scheme.startswith("mailto:"):
        raise UsageError("--notify wants a URL, such as https://hooks.example/… or mailto://…")
    if scheme.lower() in ("http", "https"):
        return Webhook(url)
    return AppriseReceiver(url)


class StdoutLines:
    """Lines, one after the other."""

    shown = "stdout"

    def send(self, notice: Notice) -> None:
        """Raises OSError where stdout takes nothing (a full disk, a reader that has gone): then nobody hears."""
        from stalewatch.cli.outputs.notice import text

        write_out(as_bytes(f"{text(notice)}\n"))


class Webhook:
    """One JSON object by POST. A redirect is not followed: it is said."""

    def __init__(self, url: str) -> None:
        parts = _webhook_parts(url)
        self.shown = f"{parts.scheme}://{parts.hostname}/…"
        host = f"[{parts.hostname}]" if ":" in str(parts.hostname) else str(parts.hostname)
        netloc = f"{host}:{parts.port}" if parts.port is not None else host
        self._url = urlunsplit(parts._replace(netloc=netloc, fragment=""))
        self._headers = {"Content-Type": "application/json", "User-Agent": f"stalewatch/{__version__}"}
        if parts.username is not None:
            login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            self._headers["Authorization"] = f"Basic {base64.b64encode(login.encode()).decode()}"

    def send(self, notice: Notice) -> None:
        """Raises Refused."""
        from stalewatch.cli.outputs.notice import webhook

        request = urllib.request.Request(self._url, webhook(notice), self._headers, method="POST")
        try:
            with urllib.request.build_opener(_Straight).open(request, timeout=PATIENCE):
                return
        except urllib.error.HTTPError as error:
            with error:
                raise Refused(f"it answers {error.code}", again=error.code >= 500 or error.code in _BUSY) from None
        except urllib.error.URLError as error:
            raise Refused(_in_words(error.reason)) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Refused(_in_words(error)) from None


class _Straight(urllib.request.HTTPRedirectHandler):
    """A redirected POST would arrive as a GET, or elsewhere with the secrets."""

    def redirect_request(self, *_: object, **__: object) -> None:
        """Never."""


class AppriseReceiver:
    """A service that apprise knows; ``pip install 'stalewatch[notify]'`` brings it."""

    def __init__(self, url: str) -> None:
        scheme = safe(url.partition(":")[0], 40)
        self.shown = f"{scheme}://…"
        try:
            apprise: Any = import_module("apprise")
        except ImportError:
            raise UsageError(f"--notify {self.shown} needs apprise", grant="pip install 'stalewatch[notify]'") from None
        logging.getLogger("apprise").disabled = True  # its messages can hold the whole URL
        self._apprise = apprise.Apprise()
        if not self._apprise.add(url):
            raise UsageError(f"--notify {self.shown}: apprise takes no such URL", grant="https://github.com/caronc/apprise lists them")

    def send(self, notice: Notice) -> None:
        """Raises Refused."""
        from stalewatch.cli.outputs.notice import headline, text

        try:
            taken = self._apprise.notify(title=headline(notice), body=text(notice), body_format="text")
        except Exception as error:  # noqa: BLE001  the border of a library with a hundred services behind it
            raise Refused(type(error).__name__) from None
        if not taken:
            raise Refused("apprise could not deliver it")


def _webhook_parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port_is_one = parts.port is None or parts.port > 0
    except ValueError:
        raise UsageError("--notify: this is not a URL", grant="write https://host/path") from None
    if not parts.hostname or not port_is_one or not url.isascii() or not url.isprintable() or " " in url:
        raise UsageError(f"--notify {parts.scheme}://…: it names no host, or holds a blank", grant="write https://host/path")
    return parts


def _in_words(error: object) -> str:
    """Never the message itself of what may quote the URL."""
    if isinstance(error, TimeoutError):
        return f"no answer within {PATIENCE:g} s"
    if isinstance(error, OSError):
        return str(safe(error.strerror or type(error).__name__, 200))
    return type(error).__name__
