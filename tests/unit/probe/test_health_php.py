"""The health file itself, in a real php-fpm: whom it answers, what, and that it can only tell."""

from __future__ import annotations

import os
import re
import time
from typing import TYPE_CHECKING

import pytest

from stalewatch.model.errors import ProtocolError
from stalewatch.probe.health.key import health_file
from stalewatch.probe.health.signing import opened, request_header
from stalewatch.probe.runtime import answer as answers
from stalewatch.transport.fastcgi.client import request

if TYPE_CHECKING:
    from pathlib import Path

    from stalewatch.probe.runtime.answer import Answer
    from stalewatch.transport.fastcgi.response import Response
    from stalewatch.transport.local import LocalLink
    from tests.unit.probe.fpm import Fpm

KEY = b"5e" * 32
NONCE = "0123456789abcdef" * 2
BODY = b'{"verb": "scripts", "digest": true, "places": ["/"]}'
ACTS = (
    "opcache_invalidate opcache_reset opcache_compile_file file_put_contents fopen fwrite unlink rename mkdir rmdir "
    "touch chmod chown symlink link copy exec shell_exec system passthru popen proc_open pcntl_exec mail eval "
    "include require include_once require_once apcu_store apcu_add apcu_delete putenv setenv unserialize "
    "session_start move_uploaded_file "
)


def installed(fpm: Fpm, name: str = "public/health.php") -> Path:
    path = fpm.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(health_file(KEY))
    then = time.time() - 3600
    os.utime(path, (then, then))
    return path


async def ask(link: LocalLink, fpm: Fpm, path: Path, header: str | None, body: bytes = BODY, method: str = "POST") -> Response:
    sent = {"SCRIPT_FILENAME": str(path), "SCRIPT_NAME": "/health.php", "REQUEST_METHOD": method, "CONTENT_LENGTH": str(len(body))}
    if header is not None:
        sent["HTTP_X_STALEWATCH"] = header
    return await request(await link.open_unix(str(fpm.socket)), sent, body, timeout=5.0)


def header(*, at: float | None = None, key: bytes = KEY, body: bytes = BODY) -> str:
    return request_header(key, int(time.time() if at is None else at), NONCE, body)


async def told(link: LocalLink, fpm: Fpm, path: Path, body: bytes = BODY) -> Answer:
    response = await ask(link, fpm, path, header(body=body), body)
    assert response.status == 200, response
    assert response.headers["cache-control"] == "no-store, private"
    signed = opened(KEY, NONCE, response.body)
    return answers.decode(signed.text, deflated=signed.deflated)


async def test_it_tells_what_the_cache_holds_against_the_disk_and_leaves_itself_out(link: LocalLink, fpm: Fpm) -> None:
    script, path = fpm.script("public/index.php", "echo 'v1';"), installed(fpm)
    fpm.start(ini=("opcache.validate_timestamps=0",))
    assert fpm.get(script) == "v1"
    script.write_text("<?php echo 'v2, and longer';\n")
    assert fpm.get(script) == "v1"
    for _ in range(2):
        answer = await told(link, fpm, path)
    opcache = answers.opcache(answer)
    assert isinstance(opcache, answers.Opcache)
    assert [str(each.path) for each in opcache.changed] == [str(script)]
    assert [str(each.path) for each in opcache.scripts] == [str(script)]
    assert (answer.sapi, answer.host, len(answer.boot)) == ("fpm-fcgi", os.uname().nodename, 36)
    assert [place[0] for place in answer.places or ()] == ["/"]


async def test_it_answers_nobody_else(link: LocalLink, fpm: Fpm) -> None:
    path = installed(fpm)
    fpm.start()
    now = time.time()
    refused: list[tuple[str | None, str, int, bytes]] = [
        (None, "POST", 404, b"stalewatch: not found\n"),
        ("", "POST", 404, b"stalewatch: not found\n"),
        ("a.b", "POST", 404, b"stalewatch: not found\n"),
        (header(), "GET", 404, b"stalewatch: not found\n"),
        ("..", "POST", 403, b"stalewatch: key\n"),
        (header(key=b"6f" * 32), "POST", 403, b"stalewatch: key\n"),
        (header(body=b"{}"), "POST", 403, b"stalewatch: key\n"),
        (header(at=now - 90), "POST", 403, b"stalewatch: time\n"),
        (header(at=now + 90), "POST", 403, b"stalewatch: time\n"),
    ]
    for sent, method, status, said in refused:
        response = await ask(link, fpm, path, sent, method=method)
        assert (response.status, response.body) == (status, said), sent
        assert "no-store" in response.headers["cache-control"]
    for verb in ("invalidate", "compile", "keep", "digests", "", "__construct"):
        body = b'{"verb": "%s", "paths": ["/etc/passwd"]}' % verb.encode()
        response = await ask(link, fpm, path, header(body=body), body)
        assert (response.status, response.body) == (403, b"stalewatch: verb\n"), verb


async def test_an_answer_is_believed_for_its_own_request_only(link: LocalLink, fpm: Fpm) -> None:
    path = installed(fpm)
    fpm.start()
    response = await ask(link, fpm, path, header())
    assert opened(KEY, NONCE, response.body)
    for key, nonce, body in ((b"6f" * 32, NONCE, response.body), (KEY, "0" * 32, response.body), (KEY, NONCE, response.body[:-1])):
        with pytest.raises(ProtocolError, match="not signed for this request"):
            opened(key, nonce, body)


def test_it_holds_nothing_that_acts() -> None:
    code = re.sub(r"(?s)/\*.*?\*/|//[^\n]*|'[^'\n]*'|\"[^\"\n]*\"", "", health_file(KEY).decode().partition("<?php")[2])
    called = set(re.findall(r"\b([a-z_]+)\s*\(", code)) | set(re.findall(r"\b(eval|include|include_once|require|require_once)\b", code))
    assert called & set(ACTS.split()) == set()
    assert "`" not in code
    assert not re.search(r"\$\w+\s*\((?!\))", code.replace("$this->", "")), "no function is called by a name that is computed"


def test_the_key_is_in_it_once_and_another_one_each_time() -> None:
    assert health_file(KEY).count(KEY) == 1
    assert health_file(b"6f" * 32).replace(b"6f" * 32, KEY) == health_file(KEY)
