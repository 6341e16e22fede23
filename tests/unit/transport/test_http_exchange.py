"""HTTP and TLS over a link, against real servers on this machine: certificates are verified, and nothing is waited for without end."""

from __future__ import annotations

import asyncio
import datetime
import ssl
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from stalewatch.model.errors import LinkTimeout, ProtocolError
from stalewatch.transport.http_exchange import HttpAnswer, exchange
from stalewatch.transport.http_target import HttpTarget, target_of
from stalewatch.transport.local import LocalLink

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"


def certificate(folder: Path, name: str) -> ssl.SSLContext:
    """A server's context with a certificate that it signed itself; ``folder/cert.pem`` is what to trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    day, now = datetime.timedelta(days=1), datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number(), now - day, now + day)
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    (folder / "cert.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


@asynccontextmanager
async def serving(answer: bytes | None, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """The port of a server that answers each request with *answer*; None: with nothing, and does not hang up."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if answer is not None:
            writer.write(answer)
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def ask(port: int, url: str = "http://shop.example", timeout: float = 10.0) -> HttpAnswer:
    link = LocalLink()
    try:
        return await exchange(await link.open_tcp("127.0.0.1", port), target_of(f"{url}/x"), {}, None, timeout=timeout)
    finally:
        await link.close()


async def test_an_answer_in_pieces_is_put_together() -> None:
    async with serving(CHUNKED) as port:
        assert await ask(port) == HttpAnswer(200, "", b"abcde")


async def test_tls_is_spoken_and_the_certificate_is_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = certificate(tmp_path, "shop.example")
    async with serving(CHUNKED, context) as port:
        with pytest.raises(ProtocolError, match=r"certificate is not valid for shop\.example: self-signed") as refused:
            await ask(port, "https://shop.example")
        assert refused.value.code == "health-url.tls"
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
        assert (await ask(port, "https://shop.example")).body == b"abcde"
        with pytest.raises(ProtocolError, match=r"certificate is not valid for other\.example"):
            await ask(port, "https://other.example")


async def test_tls_where_none_is_spoken() -> None:
    async with serving(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        with pytest.raises((ProtocolError, LinkTimeout)) as refused:
            await ask(port, "https://shop.example", timeout=1.0)
        assert refused.value.code in ("health-url.tls", "health-url.no-answer")


async def test_who_does_not_answer_is_not_waited_for() -> None:
    async with serving(None) as port:
        with pytest.raises(LinkTimeout, match=r"no answer within 0\.2 s"):
            await ask(port, timeout=0.2)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("http://a.example", HttpTarget(False, "a.example", 80, "a.example", "/")),
        ("https://a.example/x?y=1", HttpTarget(True, "a.example", 443, "a.example", "/x?y=1")),
        ("https://A.example:8443/x", HttpTarget(True, "a.example", 8443, "A.example:8443", "/x")),
        ("http://[::1]:81/", HttpTarget(False, "::1", 81, "[::1]:81", "/")),
    ],
)
def test_a_url_is_taken_apart(url: str, target: HttpTarget) -> None:
    assert target_of(url) == target


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a/b",
        "ftp://a/b",
        "http://",
        "http://u@a/",
        "http://u:p@a/",
        "http://a/#x",
        "http://a/ b",
        "http://a/\r\nX: y",
        "http://ä/",
        "http://a:b/",
        "http://[::1/",
    ],
)
def test_what_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  the caller tells it in its own words
        target_of(url)
