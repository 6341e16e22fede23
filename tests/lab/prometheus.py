"""Debian's Prometheus and Alertmanager, with the rules that are handed out, and a place that alerts are sent to."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import socket
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode
from urllib.request import urlopen

from tests.lab.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

RULES = Path(__file__).parents[2] / "examples/prometheus/stalewatch.rules.yml"

CONFIG = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [{rules}]
alerting: {{alertmanagers: [{{static_configs: [{{targets: ["127.0.0.1:{alertmanager}"]}}]}}]}}
scrape_configs: [{{job_name: stalewatch, static_configs: [{{targets: ["127.0.0.1:{scraped}"]}}]}}]
"""
ALERTMANAGER = """
route: {{receiver: test, group_by: [alertname, server], group_wait: 0s, group_interval: 1s}}
receivers: [{{name: test, webhook_configs: [{{url: "http://127.0.0.1:{port}/", send_resolved: true}}]}}]
"""


class Told(NamedTuple):
    """One alert of a notification. *status*: ``firing`` or ``resolved``."""

    status: str
    alert: str
    server: str


class Alerts:
    """What Alertmanager sent so far, oldest first, and the Prometheus on *port* that it comes from."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self.port = 0

    def latest(self) -> dict[tuple[str, str], str]:
        """(alert, server) -> its status now."""
        return {(told.alert, told.server): told.status for told in self.told}

    def firing(self) -> set[tuple[str, str]]:
        """(alert, server) of what fires now."""
        return {key for key, status in self.latest().items() if status == "firing"}

    def query(self, expression: str) -> list[Any]:
        """What Prometheus answers now, one entry a series. Raises HTTPError for what it does not take."""
        asked = urlencode({"query": expression})
        with urlopen(f"http://127.0.0.1:{self.port}/api/v1/query?{asked}", timeout=20) as answer:
            found: list[Any] = json.load(answer)["data"]["result"]
            return found

    def federated(self, selector: str) -> str:
        """What a Prometheus above this one gets of what *selector* names, one line a series."""
        asked = urlencode({"match[]": selector})
        with urlopen(f"http://127.0.0.1:{self.port}/federate?{asked}", timeout=20) as answer:
            return "".join(line for line in answer.read().decode().splitlines(keepends=True) if not line.startswith("#"))


@contextmanager
def alerting(folder: Path, scraped: int) -> Iterator[Alerts]:
    """Both programs run and scrape the port *scraped* of this machine every second; no rule waits before it fires, and no cache is too
    young."""
    rules = folder / "now.rules.yml"
    rules.write_text(re.sub(r"(?m)^( +for:).*", r"\1 0s", RULES.read_text()).replace("> 600", "> 1"))
    alerts = Alerts()
    with ExitStack() as stack:
        webhook = stack.enter_context(_webhook(alerts))
        alertmanager, alerts.port = _free(), _free()
        (folder / "alertmanager.yml").write_text(ALERTMANAGER.format(port=webhook))
        (folder / "prometheus.yml").write_text(CONFIG.format(rules=rules, alertmanager=alertmanager, scraped=scraped))
        stack.enter_context(
            _running(
                "prometheus-alertmanager",
                f"--config.file={folder}/alertmanager.yml",
                f"--storage.path={folder}/alertmanager",
                f"--web.listen-address=127.0.0.1:{alertmanager}",
                "--cluster.listen-address=",
            )
        )
        stack.enter_context(
            _running(
                "prometheus",
                f"--config.file={folder}/prometheus.yml",
                f"--storage.tsdb.path={folder}/prometheus",
                f"--web.listen-address=127.0.0.1:{alerts.port}",
            )
        )
        for port in (alertmanager, alerts.port):
            until(lambda port=port: _is_ready(port), "Prometheus and Alertmanager that answer", 30, 0.1)  # type: ignore[misc]
        yield alerts


def _is_ready(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=20) as answer:
            return bool(answer.status == 200)
    except OSError:  # nobody listens yet, or it says 503
        return False


@contextmanager
def _webhook(alerts: Alerts) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            alerts.told += [Told(each["status"], each["labels"]["alertname"], each["labels"].get("server", "")) for each in body["alerts"]]
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def _running(*argv: str) -> Iterator[None]:
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


def _free() -> int:
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
