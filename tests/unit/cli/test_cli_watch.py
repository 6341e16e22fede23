"""``watch``: who is told, by which way, and what happens when nobody listens."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import socket
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from stalewatch.cli import outbox as outboxes
from stalewatch.cli import receivers
from stalewatch.cli.outbox import Outbox
from stalewatch.cli.receivers import AppriseReceiver, Refused, Webhook, receiver
from stalewatch.engine.incidents import About, Affected, Notice, NoticeKind
from tests.builders import incident as build
from tests.terminal import STALEWATCH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from click.testing import Result

    Stalewatch = Callable[..., Result]

SECRET = "T00000000-B00000000-XXXXsecretXXXX"
PATIENCE = 20.0


def notice(number: int = 0) -> Notice:
    report = build.stale("web1")
    affected = (Affected(server=report.server, app=report.app, report=report),)
    return Notice(kind=NoticeKind.BEGAN, about=About.CODE, at=build.NOW + number, lasted=60.0, affected=affected)


class Hook(BaseHTTPRequestHandler):
    """Answers with the statuses that the server holds, then with 200."""

    server: HookServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        self.server.requests.append((self.path, dict(self.headers), body))
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/elsewhere")
        self.end_headers()
        if status == 200:
            self.server.taken.append(json.loads(body))
            self.server.got.release()

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, *_: object) -> None:
        pass


class HookServer(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Hook)
        self.statuses: list[int] = []
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.taken: list[dict[str, object]] = []
        self.got = threading.Semaphore(0)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/services/{SECRET}?key={SECRET}"


@pytest.fixture
def hook() -> Iterator[HookServer]:
    with HookServer() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@contextmanager
def outbox(to: receivers.Receiver) -> Iterator[tuple[Outbox, list[str]]]:
    said: list[str] = []
    box = Outbox(to, said.append)
    yield box, said
    box.close(0)


class Slow:
    """Takes nothing before it may."""

    shown = "https://slow/…"

    def __init__(self) -> None:
        self.may = threading.Event()
        self.entered = threading.Event()
        self.taken: list[Notice] = []

    def send(self, notice: Notice) -> None:
        self.entered.set()
        self.may.wait(PATIENCE)
        self.taken.append(notice)


class Down:
    """Refuses so many times."""

    shown = "https://down/…"

    def __init__(self, times: int, *, again: bool = True) -> None:
        self.times = times
        self.again = again
        self.taken = threading.Semaphore(0)

    def send(self, notice: Notice) -> None:
        if self.times:
            self.times -= 1
            raise Refused("it answers 503", again=self.again)
        self.taken.release()


# -------------------------------------------------------------------------------------------------------------------- a webhook


def test_a_webhook_gets_json_by_post(hook: HookServer) -> None:
    Webhook(hook.url).send(notice())
    ((path, headers, body),) = hook.requests
    assert path == f"/services/{SECRET}?key={SECRET}"
    assert headers["Content-Type"] == "application/json"
    assert json.loads(body)["text"].startswith("STALE: web1")


def test_a_user_and_password_in_the_url_are_its_basic_authorization(hook: HookServer) -> None:
    Webhook(f"http://ann:s%20ecret@127.0.0.1:{hook.server_port}/hook").send(notice())
    assert hook.requests[0][1]["Authorization"] == "Basic YW5uOnMgZWNyZXQ="


@pytest.mark.parametrize(
    ("status", "again"), [(500, True), (503, True), (429, True), (408, True), (302, False), (400, False), (404, False), (410, False)]
)
def test_what_a_webhook_refuses_is_said_and_a_redirect_is_not_followed(hook: HookServer, status: int, again: bool) -> None:
    hook.statuses = [status]
    with pytest.raises(Refused, match=f"it answers {status}") as refused:
        Webhook(hook.url).send(notice())
    assert refused.value.again is again
    assert len(hook.requests) == 1


def test_a_webhook_that_is_not_there_or_talks_nonsense_may_take_it_later() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with pytest.raises(Refused, match="Connection refused") as refused:
            Webhook(f"http://127.0.0.1:{nobody.getsockname()[1]}/{SECRET}").send(notice())
    assert refused.value.again
    with socket.create_server(("127.0.0.1", 0)) as odd:

        def nonsense() -> None:
            client, _ = odd.accept()
            with client:
                client.recv(65_536)
                client.sendall(b"\x00\xff what?\r\n\r\n")

        threading.Thread(target=nonsense, daemon=True).start()
        with pytest.raises(Refused) as refused:
            Webhook(f"http://127.0.0.1:{odd.getsockname()[1]}/{SECRET}").send(notice())
    assert refused.value.again
    assert SECRET not in refused.value.why


def test_a_webhook_that_says_nothing_is_not_waited_for_forever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receivers, "PATIENCE", 0.05)
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(Refused, match="no answer within") as refused,
    ):
        Webhook(f"http://127.0.0.1:{silent.getsockname()[1]}/").send(notice())
    assert refused.value.again


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"https://hooks.slack.com/services/{SECRET}", "https://hooks.slack.com/…"),
        (f"https://ann:{SECRET}@hooks.example:8443/x", "https://hooks.example/…"),
        (f"HTTPS://Hooks.Example/{SECRET}", "https://hooks.example/…"),
    ],
)
def test_of_a_url_only_the_host_is_shown(url: str, shown: str) -> None:
    assert receiver(url).shown == shown


@pytest.mark.parametrize(
    "url",
    [
        "",
        SECRET,
        f"hooks.example/{SECRET}",
        f"https:///{SECRET}",
        f"https://host:port/{SECRET}",
        f"https://host:99999/{SECRET}",
        f"https://host:0/{SECRET}",
        f"https://[::1/{SECRET}",
        f"https://ho st/{SECRET}",
        f"https://host/{SECRET}\r\nX: y",
        f"https://host/{SECRET}\0",
        f"https://höst/{SECRET}",
        f"nosuchthing://{SECRET}",
        f"tgram://{SECRET}",
    ],
)
def test_a_url_that_is_none_is_one_line_without_its_secret(stalewatch: Stalewatch, url: str) -> None:
    result = stalewatch("watch", "web1", "--notify", url)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    assert "--notify" in result.stderr
    assert SECRET not in result.stderr


def test_without_apprise_it_says_what_to_install(stalewatch: Stalewatch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "apprise", None)
    result = stalewatch("watch", "web1", "--notify", f"tgram://{SECRET}/1")
    assert result.exit_code == 2
    assert result.stderr == "stalewatch: --notify tgram://… needs apprise; pip install 'stalewatch[notify]'\n"


@pytest.mark.skipif(importlib.util.find_spec("apprise") is None, reason="apprise is not installed: pip install 'stalewatch[notify]'")
def test_what_is_no_webhook_goes_through_apprise(hook: HookServer, caplog: pytest.LogCaptureFixture) -> None:
    there = receiver(f"json://127.0.0.1:{hook.server_port}/{SECRET}")
    assert isinstance(there, AppriseReceiver)
    assert there.shown == "json://…"
    there.send(notice())
    (message,) = hook.taken
    assert str(message["title"]).startswith("STALE: web1 (api-gateway) runs old code")
    assert "to do: stalewatch fix deploy@web1" in str(message["message"])
    hook.statuses = [503]
    with pytest.raises(Refused) as refused:
        there.send(notice())
    assert refused.value.again
    assert SECRET not in refused.value.why + caplog.text


# ------------------------------------------------------------------------------------------------------------------- an outbox


def test_a_receiver_that_is_down_gets_it_later_and_it_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outboxes, "FIRST", 0.001)
    down = Down(5)
    with outbox(down) as (box, said):
        box.put(notice())
        assert down.taken.acquire(timeout=PATIENCE)
        assert box.close(PATIENCE) == 0
    assert said == ["https://down/…: it answers 503; notices wait, and it is tried again", "https://down/…: it takes notices again"]


def test_what_a_receiver_will_never_take_is_lost_aloud_and_holds_up_nothing() -> None:
    down = Down(1, again=False)
    with outbox(down) as (box, said):
        box.put(notice(1))
        box.put(notice(2))
        assert down.taken.acquire(timeout=PATIENCE)
        assert box.close(PATIENCE) == 1
    assert "https://down/…: it answers 503, a notice is lost" in said


def test_a_slow_receiver_holds_up_nobody_and_only_so_many_notices_wait() -> None:
    slow = Slow()
    with outbox(slow) as (box, said):
        box.put(notice())
        assert slow.entered.wait(PATIENCE)
        for number in range(outboxes.MOST + 1):
            box.put(notice(number))
        assert not box.idle
        assert len(said) == 2
        assert "the oldest one is lost" in said[0]
        slow.may.set()
        assert box.close(PATIENCE) == 2
    assert len(slow.taken) == outboxes.MOST + 1


def test_what_is_not_delivered_at_the_end_is_said() -> None:
    with outbox(Down(10_000)) as (box, said):
        box.put(notice())
        box.put(notice())
        assert box.close(PATIENCE) == 2
    assert said[-1] == "https://down/…: 2 notices not delivered"


# ---------------------------------------------------------------------------------------------------------------- the command


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_clean_by_a_signal_and_prints_no_secret(hook: HookServer, tmp_path: Path, number: signal.Signals) -> None:
    argv = [*STALEWATCH, "watch", "nobody@127.0.0.1:1", "--settle", "0.1", "--interval", "0.2"]
    env = {**os.environ, "HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path), "STALEWATCH_NOTIFY": hook.url}
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=env) as process:
        assert hook.got.acquire(timeout=30)
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (0, "")
    assert err == "stalewatch: watching 1 server, telling http://127.0.0.1/…\n"
    assert [str(message["text"]).partition(":")[0] for message in hook.taken] == ["UNKNOWN"]
    assert [path.name for path in tmp_path.rglob("*") if path.is_file() and SECRET in path.read_text(errors="replace")] == []


def test_without_a_receiver_it_prints_lines(tmp_path: Path) -> None:
    argv = [*STALEWATCH, "watch", "nobody@127.0.0.1:1", "--settle", "0.1", "--interval", "0.2"]
    env = {**os.environ, "HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=tmp_path, env=env) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("UNKNOWN: 127.0.0.1 cannot be looked at")
        process.terminate()
        assert process.wait(30) == 0


def test_a_reader_that_has_gone_ends_it(tmp_path: Path) -> None:
    argv = [*STALEWATCH, "watch", "nobody@127.0.0.1:1", "--settle", "0.1", "--interval", "0.2"]
    env = {**os.environ, "HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=env) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(30) == 0
