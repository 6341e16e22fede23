"""The smoke request: what is sent is what the web server would send, and what comes back is read as a person would."""

from __future__ import annotations

from typing import Any

import pytest

from stalewatch.diagnosis.smoke import judge, no_answer, parameters, with_answer
from stalewatch.model.replace import replace
from stalewatch.model.report import Report, Severity
from stalewatch.model.smoke import Smoke
from stalewatch.model.snapshot import FileStat, PoolStatus, PoolWorker
from stalewatch.model.text import safe
from stalewatch.model.web import WebFacts, WebSite
from stalewatch.transport.fastcgi.response import Response
from tests.builders.runbook import APP, T0, host, report, runtime

NOT_FOUND = "not asked: the pool does not find the entry script"
ENTRY = FileStat(safe(f"{APP}/public/index.php"), T0, T0, 1)
WORKER = PoolWorker(pid=1, state=safe("Idle"), started=T0, script=safe(f"{APP}/web/index.php"))


def server(*sites: WebSite, **facts: Any) -> Report:
    web = WebFacts(sites=sites) if sites else None
    return report(host_facts=host(web=web), runtime_facts=replace(runtime(), **facts))


def site(root: str = f"{APP}/public", *names: str) -> WebSite:
    return WebSite(server="nginx", root=safe(root), names=tuple(map(safe, names)))


@pytest.mark.parametrize(
    ("seen", "script", "name"),
    [
        (server(site(f"{APP}/public", "shop.example.com")), f"{APP}/public/index.php", "shop.example.com"),
        (server(site(f"{APP}/public", "_", "*.example.com", "~^www", "shop.example.com")), f"{APP}/public/index.php", "shop.example.com"),
        (server(site(f"{APP}/public", "_")), f"{APP}/public/index.php", "localhost"),
        (server(status=PoolStatus(pool=safe("www"), started=T0, workers=(WORKER,))), f"{APP}/web/index.php", "localhost"),
        (server(places=(ENTRY,)), f"{APP}/public/index.php", "localhost"),
    ],
    ids=["the site and its name", "only a plain name", "no name", "what a worker ran", "what the pool sees"],
)
def test_the_request_is_the_web_servers_own(seen: Report, script: str, name: str) -> None:
    asked = parameters(seen, Smoke(path="/up?full=1"))
    assert asked is not None
    assert (asked["SCRIPT_FILENAME"], asked["HTTP_HOST"]) == (script, name)
    assert (asked["REQUEST_URI"], asked["QUERY_STRING"], asked["REQUEST_METHOD"]) == ("/up?full=1", "full=1", "GET")
    assert not {"PHP_VALUE", "PHP_ADMIN_VALUE"} & set(asked)


def test_what_the_web_server_passes_with_each_request_is_passed() -> None:
    staging = replace(site(f"{APP}/public"), variables=((safe("APP_ENV"), safe("staging")),))
    asked = parameters(server(staging, site("/srv/other")), Smoke())
    assert asked is not None
    assert asked["APP_ENV"] == "staging"
    asked = parameters(server(site("/srv/other"), staging), Smoke())
    assert asked is not None
    assert "APP_ENV" not in asked, "another site's"


def test_without_an_entry_script_nothing_is_sent() -> None:
    assert parameters(server(), Smoke()) is None
    assert parameters(report(), Smoke()) is None


def response(status: int = 200, body: bytes = b"", stderr: str = "") -> Response:
    return Response(status, {}, body, safe(stderr))


@pytest.mark.parametrize(
    ("answer", "wanted", "answers", "words"),
    [
        (response(), Smoke(), True, "GET / answers 200"),
        (response(302), Smoke(), True, "GET / answers 302"),
        (response(404, b"no such page"), Smoke(), True, "GET / answers 404"),
        (response(500), Smoke(), False, "GET / answers 500"),
        (response(503), Smoke(path="/up"), False, "GET /up answers 503"),
        (response(302), Smoke(status=200), False, "GET / answers 302, not 200"),
        (response(503), Smoke(status=503), True, "GET / answers 503"),
        (response(200, b"all is well"), Smoke(text="well"), True, "GET / answers 200"),
        (response(200, b"login"), Smoke(text="well"), False, "GET / answers 200 without 'well'"),
        (
            response(200, b"<b>Fatal error</b>", "PHP message: PHP Fatal error:  Uncaught Error: no such class in /srv/app/a.php:3"),
            Smoke(),
            False,
            "GET / ends in a fatal error: Uncaught Error: no such class in /srv/app/a.php:3",
        ),
        (response(200, b"ok", "PHP message: PHP Warning:  a fatal error is near"), Smoke(), True, "GET / answers 200"),
        (
            response(404, b"File not found.\n", "Primary script unknown"),
            Smoke(),
            None,
            NOT_FOUND,
        ),
    ],
)
def test_what_an_answer_says(answer: Response, wanted: Smoke, answers: bool | None, words: str) -> None:
    said = judge(answer, wanted)
    assert (said.answers, said.words) == (answers, words)


def test_a_broken_app_leads_and_what_could_not_be_asked_is_an_error() -> None:
    seen = server(places=(ENTRY,))
    asked = parameters(seen, Smoke())
    broken = with_answer(seen, asked, judge(response(500), Smoke())).findings[0]
    assert (broken.code, broken.severity) == ("health.app-error", Severity.CRITICAL)
    assert [one.label for one in broken.evidence] == ["answer", "script passed", "repeat"]
    assert with_answer(seen, asked, judge(response(), Smoke())) == seen
    assert [error.code for error in with_answer(seen, asked, no_answer(Smoke(), "no answer in 10 s")).errors] == ["app.not-asked"]
