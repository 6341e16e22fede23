"""What ``init`` says of a server, row by row."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from stalewatch.cli.outputs import first_look
from stalewatch.model.chain import NotJudged
from stalewatch.model.replace import replace
from stalewatch.model.snapshot import AppLayout, Unseen
from stalewatch.model.text import safe
from stalewatch.model.web import WebFacts, WebSite
from tests.builders import runbook as examples

if TYPE_CHECKING:
    from stalewatch.model.report import Report

HOSTILE = "a[/x]\x1b[2J\x9b1m\x1b]0;t\x07\u202eb\nc\udcff"
SITE = WebSite(server="nginx", root=safe("/srv/app/public"), names=(safe("shop.example.com"),), passes_to=(safe("/run/a.sock"),))
DENIED = Unseen(code="fpm.socket-denied", message=safe("deploy may not open the socket"), grant=safe("sudo usermod -aG www-data deploy"))


def rows(report: Report) -> dict[str, str]:
    """Label -> words."""
    said = re.findall(r"^    (\S[\w ]*?) {2,}(.+)$", first_look.render((report,)), re.MULTILINE)
    return dict(said)


def looked(**changed: Any) -> Report:
    return examples.report(host_facts=examples.host(**changed))


@pytest.mark.parametrize(
    ("report", "label", "words"),
    [
        (looked(web=WebFacts(sites=(SITE,), passes_to=safe("/run/a.sock"))), "web server", "nginx shop.example.com passes to /run/a.sock"),
        (looked(web=WebFacts(sites=(SITE,), runs_php=True)), "web server", "nginx shop.example.com runs PHP itself"),
        (looked(web=WebFacts(sites=(replace(SITE, names=()),))), "web server", "nginx /srv/app/public"),
        (looked(), "web server", "none is seen that names it"),
        (looked(), "workers", "none"),
        (looked(queue_workers=(examples.queue_worker(1), examples.queue_worker(2))), "workers", "queue ×2"),
        (looked(caches=()), "caches", "views"),
        (looked(fpm=examples.fpm(unit=safe(""))), "reload", "its unit is not seen"),
        (
            examples.report(runtime_facts=replace(examples.runtime(), via="sudo", relay=safe("php as www-data"))),
            "pool",
            "www at /run/php/fpm.sock, through php as www-data by sudo",
        ),
        (
            examples.report(
                host_facts=examples.host(fpm=DENIED), runtime_facts=replace(examples.runtime(), via="health_url", user=safe(""))
            ),
            "PHP",
            "8.2.36, asked by its health_url",
        ),
        (examples.report(runtime_facts=DENIED), "pool", "www at /run/php/fpm.sock, which is not reached"),
        (replace(looked(), errors=(DENIED,)), "not seen", "deploy may not open the socket  [fpm.socket-denied]"),
        (replace(looked(), not_judged=(NotJudged(safe("APCu"), safe("it is not looked at")),)), "not judged", "APCu: it is not looked at"),
    ],
)
def test_each_row_says_what_was_seen(report: Report, label: str, words: str) -> None:
    assert rows(report)[label] == words


def test_the_line_to_grant_is_never_broken() -> None:
    grant = safe("sudo setfacl -m u:deploy:rx /etc/nginx/sites-enabled/" + "x" * 80)
    said = first_look.render((replace(looked(), errors=(replace(DENIED, grant=grant),)),), width=60)
    assert f"to do: {grant}\n" in said
    assert [line for line in said.splitlines() if len(line) > 60 and "to do:" not in line] == []


@pytest.mark.parametrize("colour", [False, True])
def test_what_a_server_says_is_neither_raw_nor_markup(colour: bool) -> None:
    evil = safe(HOSTILE)
    layout = AppLayout(kind="laravel", laravel=evil)
    site = replace(SITE, names=(evil,))
    report = looked(layout=layout, web=WebFacts(sites=(site,), passes_to=evil), fpm=examples.fpm(unit=evil))
    report = replace(report, errors=(replace(DENIED, message=evil, grant=evil),), server=HOSTILE, address=HOSTILE)
    said = first_look.render((report,), colour=colour, width=80)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", said) if colour else said
    assert not [char for char in plain if not char.isprintable() and char != "\n"]
    assert "[/x]" in said
