"""The way to a health URL: what is signed, who answers, and one reason for everything else that may answer there."""

from __future__ import annotations

import hmac
import json
import zlib
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest

from stalewatch.model import reasons
from stalewatch.model.errors import LinkLost, NotPermitted
from stalewatch.model.snapshot import Unseen
from stalewatch.probe.health.connection import HealthConnection, HealthUrl, MachineName
from stalewatch.probe.runtime.answer import Answer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KEY = "5e" * 32
URL = "http://shop.example/stalewatch-health.php?token=canary"
SHOWN = "http://shop.example/stalewatch-health.php?…"
BOOT = "7b6f2c1e-0d5b-4a7f-9a55-2f1f6f0a1c11"
SAID: dict[str, Any] = {
    "stalewatch": 1,
    "verb": "status",
    "sapi": "apache2handler",
    "php": "8.2.36",
    "now": 1795557092.1,
    "opcache": {"error": "", "enabled": True},
    "boot": BOOT,
    "host": "web1",
}


class Server:
    """Answers one request as *answer* says, given the nonce and the body. As a link: only *listens* accepts connections."""

    def __init__(self, answer: Callable[[str, bytes], bytes], listens: str = "127.0.0.1") -> None:
        self.answer = answer
        self.listens = listens
        self.asked: list[str] = []
        self.request = b""
        self.alive = True
        self.boot = BOOT
        self._left: BytesIO | None = None

    # as a link and a stream

    async def open_tcp(self, host: str, port: int) -> Server:
        self.asked.append(f"{host}:{port}")
        if host != self.listens:
            raise NotPermitted("refused")
        self._left = None
        return self

    async def write(self, data: bytes) -> None:
        self.request += data

    async def read(self, limit: int = 65536) -> bytes:
        if self._left is None:
            head, _, body = self.request.partition(b"\r\n\r\n")
            told = next((line.split(b": ")[1] for line in head.split(b"\r\n") if line.startswith(b"X-Stalewatch")), b"..")
            self._left = BytesIO(self.answer(told.split(b".")[1].decode(), body))
        return self._left.read(limit)

    async def close(self) -> None: ...

    # as a host probe

    class last_tick:  # noqa: N801  the probe's own name
        now = 1795557092.5

    async def ask(self, *requests: tuple[str, ...]) -> list[Any]:
        class Block:
            def __init__(self, text: str) -> None:
                self._text = text

            def text(self, name: str) -> str:
                return self._text

        return [Block(f"{self.boot}\n"), Block("web1\n")]


def connection(server: Server, folder: Path, url: str = URL, key: str = KEY) -> HealthConnection:
    file = folder / "health.key"
    if not file.exists():
        file.write_text(f"<?php const KEY = '{key}';\n")
        file.chmod(0o600)
    return HealthConnection(server, server, HealthUrl(url, str(file)))  # type: ignore[arg-type]


def http(body: bytes, status: str = "200 OK", headers: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


def signed(nonce: str, said: dict[str, Any] | None = None, key: str = KEY) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    text = packer.compress(json.dumps(said or SAID).encode()) + packer.flush()
    mark = hmac.digest(key.encode(), b"\n".join((b"answer", nonce.encode(), b"deflate", text)), "sha256").hex()
    return f"stalewatch-health deflate {mark} {len(text)}\n".encode() + text


async def test_a_signed_request_gets_a_signed_answer_from_the_server_itself(tmp_path: Path) -> None:
    server = Server(lambda nonce, body: http(b"<!-- prepended -->" + signed(nonce) + b"<!-- appended -->"))
    answer = await connection(server, tmp_path).answer("compare", b'{"places": ["/srv/app"]}', timeout=5)
    assert isinstance(answer, Answer)
    assert (answer.sapi, answer.php) == ("apache2handler", "8.2.36")
    assert server.asked == ["127.0.0.1:80"]
    head, _, body = server.request.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /stalewatch-health.php?token=canary HTTP/1.1"
    assert {"Host: shop.example", "Connection: close"} <= set(lines)
    at, nonce, mark = next(line for line in lines if line.startswith("X-Stalewatch")).partition(": ")[2].split(".")
    assert (at, len(nonce)) == ("1795557092", 32)
    assert mark == hmac.digest(KEY.encode(), b"\n".join((b"request", at.encode(), nonce.encode(), body)), "sha256").hex()
    assert json.loads(body) == {"places": ["/srv/app"], "verb": "compare"}
    assert KEY.encode() not in server.request


async def test_the_name_in_the_url_is_asked_where_nothing_listens_at_loopback_and_first_from_then_on(tmp_path: Path) -> None:
    server = Server(lambda nonce, body: http(signed(nonce)), listens="shop.example")
    way = connection(server, tmp_path)
    for _ in range(2):
        server.request = b""
        assert isinstance(await way.answer("status", b"{}", timeout=5), Answer)
    assert server.asked == ["127.0.0.1:80", "shop.example:80", "shop.example:80"]


OTHERS: dict[str, tuple[Callable[[str, bytes], bytes], str, str]] = {
    "no such file": (lambda *_: http(b"<h1>Not Found</h1>", "404 Not Found"), "health-url.status", "answers 404"),
    "PHP failed": (lambda *_: http(b"", "500 Internal Server Error"), "health-url.status", "answers 500"),
    "a redirect": (lambda *_: http(b"", "301 Moved", "Location: https://shop.example/x\r\n"), "health-url.status", "leads to https://shop"),
    "a login": (lambda *_: http(b"", "401 Unauthorized"), "health-url.status", "answers 401"),
    "another key there": (lambda *_: http(b"stalewatch: key\n", "403 Forbidden"), "health-url.refused", "another key"),
    "another clock": (lambda *_: http(b"stalewatch: time\n", "403 Forbidden"), "health-url.refused", "clock"),
    "another version": (lambda *_: http(b"stalewatch: verb\n", "403 Forbidden"), "health-url.refused", "version"),
    "a page": (lambda *_: http(b"<html>\x1b[31mlog in</html>"), "health-url.other-answer", "something else"),
    "nothing": (lambda *_: http(b""), "health-url.other-answer", "nothing"),
    "signed with another key": (lambda nonce, _: http(signed(nonce, key="aa" * 32)), "health-url.other-answer", "not signed"),
    "an earlier answer": (lambda *_: http(signed("0" * 32)), "health-url.other-answer", "not signed"),
    "changed on the way": (lambda nonce, _: http(signed(nonce)[:-1] + b"!"), "health-url.other-answer", "not signed"),
    "cut off": (lambda nonce, _: http(signed(nonce))[:-9], "health-url.other-answer", "not a whole HTTP answer"),
    "no HTTP": (lambda *_: b"220 ESMTP\r\n", "health-url.other-answer", "not a whole HTTP answer"),
    "hung up": (lambda *_: b"", "health-url.no-answer", "closed"),
    "100 MB": (lambda *_: http(bytes(100 * 1024 * 1024)), "health-url.other-answer", "longer than 16"),
    "another machine": (lambda nonce, _: http(signed(nonce, {**SAID, "boot": "other", "host": "web2"})), "health-url.other-host", "web2"),
    "another machine by name": (
        lambda nonce, _: http(signed(nonce, {**SAID, "boot": "", "host": "web2"})),
        "health-url.other-host",
        "web2",
    ),
}


@pytest.mark.parametrize("name", OTHERS)
async def test_whatever_else_answers_is_one_reason(tmp_path: Path, name: str) -> None:
    answer, code, said = OTHERS[name]
    unseen = await connection(Server(answer), tmp_path).answer("status", b"{}", timeout=5)
    assert isinstance(unseen, Unseen)
    assert (unseen.code, said in unseen.message) == (code, True), unseen
    assert unseen.message.startswith(SHOWN)
    assert "canary" not in unseen.message + unseen.grant
    assert unseen.grant
    assert "\x1b" not in unseen.message
    assert unseen.code in reasons.REASONS


async def test_no_answer_in_time_and_no_connection_are_told(tmp_path: Path) -> None:
    class Silent(Server):
        async def read(self, limit: int = 65536) -> bytes:
            raise TimeoutError

    slow = await connection(Silent(lambda *_: b""), tmp_path).answer("status", b"{}", timeout=5)
    down = await connection(Server(lambda *_: b"", listens="nowhere"), tmp_path).answer("status", b"{}", timeout=5)
    for unseen, said in ((slow, "no answer within 5 s"), (down, "127.0.0.1:80 and shop.example:80")):
        assert isinstance(unseen, Unseen)
        assert unseen.code == "health-url.no-answer"
        assert said in unseen.message


async def test_a_lost_link_is_no_reason_of_the_url(tmp_path: Path) -> None:
    class Lost(Server):
        async def write(self, data: bytes) -> None:
            raise LinkLost("gone")

    server = Lost(lambda *_: b"")
    unseen = await connection(server, tmp_path).answer("status", b"{}", timeout=5)
    assert isinstance(unseen, Unseen)
    assert unseen.code == "health-url.no-answer"
    server.alive = False
    with pytest.raises(LinkLost):
        await connection(server, tmp_path).answer("status", b"{}", timeout=5)


def no_key(file: Path) -> None:
    file.write_text("0" * 64)


TROUBLE: dict[str, Callable[[Path], object]] = {
    "readable": lambda file: file.chmod(0o644),
    "cannot be read": lambda file: file.unlink(),
    "not a file": lambda file: (file.unlink(), file.mkdir(0o700)),
    "holds no key": no_key,
    "no key": lambda file: file.write_text(KEY + "\n" + "6f" * 32),
}


@pytest.mark.parametrize("name", TROUBLE)
async def test_the_key_is_in_no_reason(tmp_path: Path, name: str) -> None:
    server = Server(lambda nonce, _: http(signed(nonce)))
    way = connection(server, tmp_path)
    TROUBLE[name](tmp_path / "health.key")
    unseen = await way.answer("status", b"{}", timeout=5)
    assert isinstance(unseen, Unseen)
    assert unseen.code == "health-url.key"
    assert KEY not in unseen.message + unseen.grant + repr(way)
    assert server.request == b""


async def test_it_does_nothing(tmp_path: Path) -> None:
    way = connection(Server(lambda nonce, _: http(signed(nonce))), tmp_path)
    with pytest.raises(NotPermitted, match="only tells"):
        await way.act("invalidate", {"paths": ["/srv/app/x.php"]})


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        (("a", "web1"), ("a", "web2"), False),  # a container has a name of its own
        (("a", "web1"), ("b", "web1"), True),
        (("", "web1"), ("b", "web1"), False),
        (("", "web1"), ("b", "web2"), True),
        (("", ""), ("b", "web2"), False),
    ],
)
def test_machines_are_told_apart_by_their_boot_then_by_their_names(one: tuple[str, str], other: tuple[str, str], differ: bool) -> None:
    assert MachineName(*one).other_than(MachineName(*other)) is differ
