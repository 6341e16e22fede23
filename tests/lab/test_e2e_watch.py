"""``watch`` on real servers: what a webhook gets of a deploy that does not run, and of the reload."""

from __future__ import annotations

import json
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue
from typing import TYPE_CHECKING, Any

from tests.lab.program import serving, stalewatch
from tests.terminal import STALEWATCH

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

    from tests.lab import Host, Lab

Messages = Queue[dict[str, Any]]
PATIENCE = 60.0


@contextmanager
def webhook() -> Iterator[tuple[str, Messages]]:
    """A real HTTP server; its URL and what was sent there."""
    messages: Messages = Queue()

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            messages.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/hook", messages
        server.shutdown()


@contextmanager
def watching(lab: Lab, url: str) -> Iterator[None]:
    """``stalewatch watch`` of web1 and web2. It ends by SIGTERM, with 0."""
    argv = [*STALEWATCH, "watch", "web1", "web2", "-F", str(lab.ssh_config), "--notify", url, "--settle", "0.5", "--interval", "3"]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "stalewatch: watching 2 servers, telling http://127.0.0.1/…\n"
        try:
            yield
        finally:
            process.terminate()
            assert process.wait(20) == 0
            assert process.stderr.read() == ""


def test_a_deploy_that_runs_nowhere_is_one_message_and_so_is_its_end(
    lab: Lab, hosts: list[Host], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    web1, web2, _ = hosts
    for host in (web1, web2):
        host.fpm(validate_timestamps=0)
        assert serving(host) == "home v1"
    assert stalewatch(lab, "mark", "web1", "web2").code == 0
    with webhook() as (url, messages):
        with watching(lab, url):
            for host in (web1, web2):
                host.release("v2")
            began = messages.get(timeout=PATIENCE)
            assert [serving(host) for host in (web1, web2)] == ["home v1"] * 2
        assert began["text"].startswith("STALE: web1 and web2 (app) run old code"), began["text"]
        assert "to do: stalewatch fix web1 web2" in began["text"]
        with watching(lab, url):
            for host in (web1, web2):
                host.reload()
            over = messages.get(timeout=PATIENCE)
        assert [serving(host) for host in (web1, web2)] == ["home v2"] * 2
        assert over["text"].startswith("FRESH again after "), over["text"]
        assert "web1 and web2 (app)" in over["text"]
        assert messages.empty(), "one message each, and none of them again after the restart"
