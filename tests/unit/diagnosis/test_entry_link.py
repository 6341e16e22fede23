"""The entry link: to which release the passed path leads, and what is said where that is not seen."""

from __future__ import annotations

from typing import Any

import pytest

from stalewatch.model.chain import ChainLink, LinkName, LinkState
from stalewatch.model.report import Layer, Report, Verdict
from stalewatch.model.runtime import CodeLink, ThroughLink
from stalewatch.model.snapshot import PoolWorker, ReleaseFacts
from stalewatch.model.text import safe
from tests.builders.snapshots import ROOT, START, at, host, looked, opcache, runtime, script, snapshot, status

OK, BROKEN, UNSEEN = LinkState.OK, LinkState.BROKEN, LinkState.UNSEEN
NEW, CURRENT = "/srv/shop/releases/2", "/srv/shop/current"
BEFORE, SINCE = START - 60, -300.0
"""When a link was switched: before the cache began, or since."""


def entry(report: Report) -> ChainLink | None:
    return next((one for one in report.chain if one.name is LinkName.ENTRY), None)


def link(path: str, switched: float, target: str = "/srv/code/v2") -> CodeLink:
    return CodeLink(safe(path), safe(target), at(switched))


def plain(*links: CodeLink, **cache: Any) -> Any:
    """A plain checkout with *links* in it."""
    return snapshot(runtime=runtime(opcache(**{"links": links, **cache})))


def released(
    switched: float, *, used: tuple[tuple[str, float], ...] = (), seen: CodeLink | None = None, passed: str = "", **cache: Any
) -> Any:
    """Release 2 behind its link; *used*: the entry points and their last use; *seen*: the link as the pool sees it."""
    release = ReleaseFacts(root=safe(NEW), link=safe(CURRENT), switched_at=at(switched))
    workers = (PoolWorker(pid=1, state=safe("Idle"), started=at(START), script=safe(f"{passed}/public/index.php")),)
    points = tuple(script(f"{root}/public/index.php", used=last) for root, last in used) or (script("/srv/shop/shared/front.php"),)
    links = (seen,) if seen is not None else ()
    facts = runtime(opcache(**{"entry_points": points, "links": links, **cache}), status=status(workers=workers))
    return snapshot(app=safe(CURRENT), host=host(release=release), runtime=facts)


@pytest.mark.parametrize(
    ("seen", "state", "how"),
    [
        (plain(), OK, "no link on the way"),
        (plain(link(f"{ROOT}/app", BEFORE)), OK, "no link on the way was switched since the cache began (1 seen)"),
        (plain(link(f"{ROOT}/app", SINCE)), OK, "OPcache's keys"),
        (plain(link(f"{ROOT}/app", SINCE), through=None), UNSEEN, ""),
        (plain(link(f"{ROOT}/app", BEFORE), through=None), OK, "no link on the way was switched since the cache began (1 seen)"),
        (plain(link("/srv/blog/app", SINCE), through=None), OK, "no link on the way"),
        (plain(links=None), UNSEEN, ""),
        (released(BEFORE, used=((NEW, -5),)), OK, "no link on the way"),
        (released(SINCE, used=((NEW, -5),)), OK, "requested since the link was switched"),
        (released(SINCE), UNSEEN, ""),
        (released(SINCE, used=((NEW, -400),)), UNSEEN, ""),
        (released(SINCE, passed=NEW), OK, "the web server passes real paths"),
        (released(SINCE, passed=CURRENT), UNSEEN, ""),
        (released(BEFORE, seen=link(CURRENT, SINCE, NEW)), UNSEEN, ""),
        (released(BEFORE, seen=link(CURRENT, BEFORE, NEW)), OK, "no link on the way was switched since the cache began (1 seen)"),
        (released(BEFORE, seen=link(CURRENT, BEFORE, "/srv/shop/releases/1")), BROKEN, "readlink from both sides"),
    ],
)
def test_who_tells_where_the_passed_path_leads(seen: Any, state: LinkState, how: str) -> None:
    report = looked(seen)
    found = entry(report)
    assert found is not None
    assert (found.state, found.how) == (state, how)
    green = report.layers[Layer.OPCACHE] is report.layers[Layer.RELEASE] is Verdict.FRESH
    assert green == (state is OK)
    assert bool(report.errors) == (state is not OK)
    assert report.layers[Layer.CONFIG] is Verdict.FRESH, "no path decides whether the cached file is newer than its sources"


def test_without_a_script_of_the_app_no_path_leads_anywhere() -> None:
    assert entry(looked(plain(entry_points=(), links=None))) is None


def test_what_a_layer_says_already_makes_no_other_layer_unknown() -> None:
    behind = ThroughLink(safe(f"{ROOT}/app"), safe("/srv/code/v1"), script("/srv/code/v1/A.php"), keyed=True)
    report = looked(plain(link(f"{ROOT}/app", SINCE), through=(behind,), validate_timestamps=False))
    found = entry(report)
    assert found is not None
    assert found.state is BROKEN
    assert (report.layers[Layer.OPCACHE], report.layers[Layer.RELEASE]) == (Verdict.STALE, Verdict.FRESH)
    assert report.errors == ()


def test_a_short_look_remembers_that_the_release_was_requested() -> None:
    listed = released(SINCE, scripts=(script(f"{NEW}/front.php", used=-5),), scripts_at=at(0))
    found = entry(looked(listed, released(SINCE)))
    assert found is not None
    assert found.state is OK
    again = entry(looked(listed, released(SINCE + 100)))
    assert again is not None
    assert again.state is UNSEEN, "the link was switched again"


def test_the_release_is_named_by_its_folder() -> None:
    named = [entry(looked(seen)) for seen in (plain(), released(BEFORE, used=((NEW, -5),)))]
    assert [one.says for one in named if one is not None] == ["app", "releases/2"]
