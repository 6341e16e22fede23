"""The release that PHP preloads from against the one that the link leads to."""

from __future__ import annotations

from typing import Any

import pytest

from stalewatch.model import reasons
from stalewatch.model.replace import replace
from stalewatch.model.report import Finding, Layer, Remedy, Verdict
from stalewatch.model.snapshot import PoolWorker, ReleaseFacts, Snapshot
from stalewatch.model.text import safe
from tests.builders.snapshots import START, at, codes, host, looked, opcache, remembered, runtime, script, snapshot, status

SHOP = "/srv/shop/releases"
LINK = "/srv/shop/current"
STALE, SUSPECT, FRESH = Verdict.STALE, Verdict.SUSPECT, Verdict.FRESH
OTHER = "opcache.preload-other-release"


def preloading(
    named: str, *preloaded: str, root: str = f"{SHOP}/2", link: str = LINK, switched: float = START - 60, later: float = 0.0, **cache: Any
) -> Snapshot:
    release = ReleaseFacts(root=safe(root), link=safe(link), switched_at=at(switched))
    facts = {"entry_points": (script(f"{root}/public/index.php"),), **cache}
    made = opcache(preload=safe(named), preloaded=tuple(map(safe, preloaded)), **facts)
    workers = (PoolWorker(pid=1, state=safe("Idle"), started=at(START), script=safe(cache.pop("script", ""))),) if "script" in cache else ()
    seen = runtime(made, status=status(workers=workers))
    return snapshot(later, app=safe(link or root), host=host(release=release), runtime=seen)


def found(*looks: Snapshot) -> Finding | None:
    return next((each for each in looked(*looks).findings if each.code == OTHER), None)


CASES = [
    ("nothing is preloaded", preloading(""), FRESH, ""),
    ("the current release", preloading(f"{SHOP}/2/preload.php", f"{SHOP}/2/app"), FRESH, ""),
    ("another release", preloading(f"{SHOP}/1/preload.php", f"{SHOP}/1/app"), STALE, OTHER),
    ("another release, without a link", preloading(f"{SHOP}/1/preload.php", link=""), STALE, OTHER),
    ("through the link, loaded after the switch", preloading(f"{LINK}/preload.php", f"{SHOP}/2/app"), FRESH, ""),
    ("through the link, loaded before it", preloading(f"{LINK}/preload.php", f"{SHOP}/1/app", switched=-60), STALE, OTHER),
    ("through the link, switched since the start", preloading(f"{LINK}/preload.php", switched=-60), STALE, OTHER),
    ("through the link, switched in the second of the start", preloading(f"{LINK}/preload.php", switched=START + 0.5), FRESH, ""),
    ("by a shared file", preloading("/etc/php/preload.php", f"{SHOP}/2/app", "/usr/share/php"), FRESH, ""),
    ("by a shared file, of another release", preloading("/etc/php/preload.php", f"{SHOP}/1/app", "/usr/share/php"), STALE, OTHER),
    ("another app's", preloading("/srv/blog/preload.php", "/srv/blog/app"), FRESH, ""),
]


@pytest.mark.parametrize(("seen", "verdict", "code"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_what_is_preloaded(seen: Snapshot, verdict: Verdict, code: str) -> None:
    report = looked(seen)
    assert report.layers[Layer.OPCACHE] is verdict, report.findings
    assert codes(report) & {OTHER} == ({code} if code else set())


def test_a_setting_that_names_another_release_is_changed_and_not_reloaded() -> None:
    finding = found(preloading(f"{SHOP}/1/preload.php"))
    assert finding is not None
    assert finding.remedy == (Remedy.CONFIGURE,)
    assert "1" in finding.summary
    reloaded = found(preloading(f"{LINK}/preload.php", f"{SHOP}/1/app", switched=-60))
    assert reloaded is not None
    assert reloaded.remedy == (Remedy.RELOAD,)


BLUE = {"root": "/srv/green", "link": "/srv/app"}


def test_a_directory_beside_the_current_one_is_suspect_until_something_shows_whose_it_is() -> None:
    """Names prove nothing: it may be an earlier target of the link, or another app."""
    beside = preloading("/srv/blue/preload.php", "/srv/blue/app", **BLUE)  # type: ignore[arg-type]
    assert looked(beside).layers[Layer.OPCACHE] is SUSPECT
    requested = preloading(
        "/srv/blue/preload.php",
        **BLUE,  # type: ignore[arg-type]
        entry_points=(script("/srv/green/public/index.php"), script("/srv/blue/public/index.php")),
    )
    assert found(requested) is None
    plain = preloading("/srv/blue/preload.php", root="/srv/green", link="")
    assert found(plain) is None


def test_an_earlier_look_shows_that_the_link_led_there() -> None:
    before = preloading("/srv/blue/preload.php", root="/srv/blue", link="/srv/app", later=-900)
    now = preloading("/srv/blue/preload.php", **BLUE)  # type: ignore[arg-type]
    assert looked(before, now).layers[Layer.OPCACHE] is STALE


def test_what_the_link_led_to_is_remembered_latest_first_and_bounded() -> None:
    looks = [preloading("", root=f"/srv/{each}", link="/srv/app", later=number - 900) for number, each in enumerate((*range(13), 3, 3))]
    known = remembered(*looks)
    assert known.root == "/srv/3"
    assert known.roots == tuple(f"/srv/{each}" for each in (12, 11, 10, 9, 8, 7, 6, 5, 4, 2))


def test_whether_it_is_this_release_that_was_preloaded_only_the_host_tells() -> None:
    seen = preloading(f"{SHOP}/2/preload.php")
    assert looked(seen).layers[Layer.OPCACHE] is FRESH
    assert looked(replace(seen, host=reasons.LINK_LOST.unseen("the link is lost"))).layers[Layer.OPCACHE] is Verdict.UNKNOWN
