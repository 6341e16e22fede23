"""What Prometheus talks to: ``/metrics`` for the fleet, ``/probe?target=NAME`` for one server of it. It answers from memory, at once."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from io import StringIO
from socketserver import TCPServer, ThreadingMixIn
from typing import TYPE_CHECKING
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import make_wsgi_app

from stalewatch.cli.debug_log import record
from stalewatch.cli.outputs.prometheus import registry
from stalewatch.cli.streams import tell
from stalewatch.model.errors import UsageError
from stalewatch.model.text import safe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from stalewatch.engine.seen_server import SeenServer

PATIENCE = 10.0
"""Seconds that a client may take to say what it wants."""
INDEX = "stalewatch: /metrics is the whole fleet, /probe?target=NAME one server of it.\n"


class _Server(ThreadingMixIn, WSGIServer):
    """A thread for each client: one that is slow holds up nobody."""

    daemon_threads = True

    def server_bind(self) -> None:
        """Without the name of *address*, which HTTPServer asks for: where DNS does not answer, that takes a minute."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])
        self.setup_environ()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that says nothing, or goes, has its trouble to itself."""


class _Server6(_Server):
    address_family = socket.AF_INET6


class _Handler(WSGIRequestHandler):
    timeout = PATIENCE

    def log_message(self, format: str, *args: object) -> None:
        """A scrape every few seconds is not worth a line."""

    def get_stderr(self) -> StringIO:
        """Where a client's trouble goes while it is answered: nowhere. Ours is told by :func:`application`."""
        return StringIO()


def application(servers: Callable[[], Iterable[SeenServer]]) -> WSGIApplication:
    """The pages; *servers* is asked at each request, in the thread of that request."""
    whole: WSGIApplication = make_wsgi_app(registry(servers))

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        try:
            return page(environ, start)
        except Exception as error:  # noqa: BLE001  the border of one scrape: the next one may find other servers
            tell(f"stalewatch: a scrape failed: internal error: {type(error).__name__}: {error}{record(error)}\n")
            return _plain(start, "500 Internal Server Error", "stalewatch: internal error; its stderr says where the traceback is.\n")

    def page(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == "/metrics":
            return whole(environ, start)
        if path == "/probe":
            return _probe(servers(), environ, start)
        return _plain(start, "200 OK", INDEX) if path == "/" else _plain(start, "404 Not Found", INDEX)

    return answer


@contextmanager
def scraped(address: str, port: int, app: WSGIApplication) -> Iterator[int]:
    """Meanwhile *app* is served from a thread of its own; the port that it is served on. Raises UsageError where it cannot be."""
    kind = _Server6 if ":" in address else _Server
    try:
        server = make_server(address, port, app, kind, _Handler)
    except (OSError, UnicodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "no such address"
        raise UsageError(f"{address}:{port} cannot be listened on: {why or error}; --listen ADDRESS:PORT") from None
    thread = threading.Thread(target=server.serve_forever, name="stalewatch-scrapes", daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _probe(servers: Iterable[SeenServer], environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    """One server of the inventory. Never another one: who may scrape must not be able to make us connect somewhere."""
    wanted = parse_qs(environ.get("QUERY_STRING", "")).get("target", [""])[0]
    found = [one for one in servers if one.server == wanted]
    if not found:
        said = f"{safe(wanted)!r} is none of the servers that are watched here.\n" if wanted else "Say which: /probe?target=NAME\n"
        return _plain(start, "404 Not Found" if wanted else "400 Bad Request", said)
    app: WSGIApplication = make_wsgi_app(registry(lambda: found))
    return app(environ, start)


def _plain(start: StartResponse, status: str, words: str) -> Iterable[bytes]:
    start(status, [("Content-Type", "text/plain; charset=utf-8")])
    return [words.encode()]
