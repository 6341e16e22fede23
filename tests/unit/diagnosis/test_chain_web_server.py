"""What the web server's configuration says of the pool, and what it leaves open."""

from __future__ import annotations

from typing import Any

import pytest

from stalewatch.model.chain import ChainLink, LinkName, LinkState
from stalewatch.model.layers import Layer
from stalewatch.model.replace import replace
from stalewatch.model.report import Report, Verdict
from stalewatch.model.text import safe
from stalewatch.model.web import WebFacts, WebSite
from tests.builders.snapshots import fpm, host, looked, opcache, runtime, snapshot

SOCKET, OTHER, FILE = "/run/php/php8.2-fpm.sock", "/run/other.sock", "/etc/nginx/sites-enabled/shop"
SILENT = {"entry_points": (), "cached_scripts": 40, "compared": 40}
"""A cache without a script of this app."""


def site(**more: Any) -> WebSite:
    return WebSite(server="apache", root=safe("/srv/app/public"), names=(safe("a.example"),), file=safe(FILE), **more)


def web(
    *sites: WebSite, passes_to: str = "", asked: str = SOCKET, undecided: str = "", runs_php: bool = False, denied: str = ""
) -> WebFacts:
    unread = (safe(denied),) if denied else ()
    return WebFacts(sites=sites, passes_to=safe(passes_to), asked=safe(asked), undecided=safe(undecided), runs_php=runs_php, denied=unread)


def report(facts: WebFacts | None, *, silent: bool = True, pools: int = 2) -> Report:
    seen = host(fpm=fpm(pools_on_server=pools), web=facts, login=safe("deploy"))
    return looked(snapshot(host=seen, runtime=runtime(opcache(**SILENT)) if silent else runtime()))


def link(told: Report) -> ChainLink | None:
    return next((one for one in told.chain if one.name is LinkName.WEB_SERVER), None)


UNREAD = web(denied=FILE)


@pytest.mark.parametrize(
    ("facts", "state", "code"),
    [
        (None, None, ""),
        (web(site(), passes_to=SOCKET), LinkState.OK, ""),
        (web(site(), passes_to=OTHER), LinkState.BROKEN, ""),
        (web(site(), undecided="$x", asked=""), LinkState.UNSEEN, "fpm.undecided"),
        (web(site(), undecided="$x"), None, ""),
        (web(site(runs_php=True), undecided="apache runs it", runs_php=True, asked=""), LinkState.UNSEEN, "fpm.not-used"),
        (UNREAD, LinkState.UNSEEN, "web.config-denied"),
    ],
)
def test_what_the_configuration_says(facts: WebFacts | None, state: LinkState | None, code: str) -> None:
    found = link(report(facts))
    assert (found.state if found else None) is state
    assert (found.missing.code if found is not None and found.missing is not None else "") == code


@pytest.mark.parametrize("sites", [web(site(), passes_to=SOCKET), web(site(), undecided="$x")])
def test_a_configuration_that_the_web_server_did_not_read_yet_proves_nothing(sites: WebFacts) -> None:
    late = replace(sites, newer=(safe(FILE),), changed=1_764_000_060.0, loaded=1_764_000_000.0)
    told = report(late, silent=False)
    assert told.layers[Layer.OPCACHE] is told.layers[Layer.FPM] is Verdict.UNKNOWN
    (error,) = told.errors
    assert (error.code, "shop changed" in error.message, "systemctl reload apache2" in error.grant) == ("web.not-reloaded", True, True)
    assert report(sites, silent=False).verdict is Verdict.FRESH


def test_what_may_not_be_read_counts_only_where_nothing_else_shows_the_pool() -> None:
    told = report(UNREAD)
    assert told.layers[Layer.OPCACHE] is told.layers[Layer.FPM] is Verdict.UNKNOWN
    (error,) = [one for one in told.errors if one.code == "web.config-denied"]
    assert (FILE in error.message, f"sudo setfacl -m u:deploy:r {FILE}" in error.grant) == (True, True)
    for quiet in (report(UNREAD, silent=False), report(UNREAD, pools=1)):
        assert (link(quiet), quiet.verdict, quiet.errors) == (None, Verdict.FRESH, ())
