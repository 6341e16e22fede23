"""What a link led to before, where no name tells: by the use of entry points, and by what earlier looks saw."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from stalewatch.model.report import Layer, Verdict
from stalewatch.model.snapshot import PoolWorker, ReleaseFacts, Unseen
from stalewatch.model.text import safe
from tests.builders.snapshots import (
    CACHED,
    START,
    WRITTEN,
    at,
    file,
    fpm,
    host,
    looked,
    opcache,
    runtime,
    script,
    snapshot,
    sources,
    status,
    with_host,
)

FRESH, SUSPECT, STALE = Verdict.FRESH, Verdict.SUSPECT, Verdict.STALE
BLUE, GREEN, APP_LINK = "/srv/blue", "/srv/green", "/srv/app"
PASSED = f"{APP_LINK}/public/index.php"


def linked(
    *entries: tuple[str, float],
    scripts: tuple[str, ...] = (PASSED,),
    pools: int = 1,
    later: float = 0.0,
    root: str = GREEN,
    switched_at: float | None = -300,
    **cache: Any,
) -> Any:
    """Entry points (root and last use) of the cache; *scripts*: what the pool's workers were passed last."""
    release = ReleaseFacts(root=safe(root), link=safe(APP_LINK), switched_at=None if switched_at is None else at(switched_at))
    workers = tuple(PoolWorker(pid=pid, state=safe("Idle"), started=at(START), script=safe(each)) for pid, each in enumerate(scripts))
    used = tuple(script(f"{each}/public/index.php", used=last) for each, last in entries)
    facts = runtime(opcache(entry_points=used, **cache), status=status(workers=workers))
    return snapshot(later, app=safe(APP_LINK), host=host(release=release, fpm=fpm(pools_on_server=pools)), runtime=facts)


def with_runtime(seen: Any, **facts: Any) -> Any:
    return msgspec.structs.replace(seen, runtime=msgspec.structs.replace(seen.runtime, **facts))


def release_of(*looks: Any) -> tuple[Verdict, set[str]]:
    report = looked(*looks)
    return report.layers[Layer.RELEASE], {each.code for each in report.findings if each.layer is Layer.RELEASE}


OLD_SERVED, LIKELY = (STALE, {"release.old-served"}), (SUSPECT, {"release.link-passed"})
NOTHING: tuple[Verdict, set[str]] = (FRESH, set())
BLUE_GREEN = [
    ("used after the switch, and nothing of the current one was", linked((BLUE, -5)), OLD_SERVED),
    ("also where the current one was used before", linked((BLUE, -5), (GREEN, -400)), OLD_SERVED),
    ("in another folder altogether", linked(("/data/old/site", -5)), OLD_SERVED),
    ("not requested since", linked((BLUE, -400)), LIKELY),
    ("the current one was used since", linked((BLUE, -5), (GREEN, -10)), NOTHING),
    ("the web server resolves the link", linked((BLUE, -5), scripts=(f"{GREEN}/public/index.php",)), NOTHING),
    ("it was not seen what the web server passes", linked((BLUE, -5), scripts=()), NOTHING),
    (
        "it is requested by its own path: another app",
        linked((BLUE, -5), scripts=(f"{APP_LINK}/public/index.php", f"{BLUE}/public/index.php")),
        NOTHING,
    ),
    ("the pool serves another app too", linked((BLUE, -5), scripts=(PASSED, "/srv/x/public/index.php")), NOTHING),
    ("another pool may have used it", linked((BLUE, -5), pools=2), NOTHING),
    ("at another place in its directory", linked((BLUE, -5), scripts=(f"{APP_LINK}/web/index.php",)), NOTHING),
    ("switched before the cache began", linked((BLUE, -5), switched_at=START - 60), NOTHING),
    ("nobody knows when it was switched", linked((BLUE, -5), switched_at=None), NOTHING),
    ("links are resolved again", linked((BLUE, -5), revalidate_path=True), NOTHING),
]


@pytest.mark.parametrize(("seen", "due"), [row[1:] for row in BLUE_GREEN], ids=[row[0] for row in BLUE_GREEN])
def test_what_a_link_led_to_before_is_found_by_its_use_and_not_by_its_name(seen: Any, due: tuple[Verdict, set[str]]) -> None:
    assert release_of(seen) == due


def test_a_cache_that_is_switched_off_serves_no_old_release() -> None:
    assert release_of(linked((BLUE, -5), enabled=False)) == NOTHING


def test_without_a_status_page_a_release_that_nobody_asked_for_is_not_fresh() -> None:
    """An entry point of another directory may be what the link led to: only a request of the current one tells."""
    no_page = Unseen(code="fpm.status-unset", message=safe("no status page"))
    without = lambda *entries, **more: with_runtime(linked(*entries, **more), status=no_page)  # noqa: E731
    assert release_of(without((BLUE, -5)))[0] is Verdict.UNKNOWN
    assert release_of(without((BLUE, -400)))[0] is Verdict.UNKNOWN
    blue = without((BLUE, -5))
    for healthy in (
        msgspec.structs.replace(blue, host=msgspec.structs.replace(blue.host, other_apps=(safe(BLUE),))),
        without((BLUE, -5), (GREEN, -10)),
        without(),
        without((BLUE, -5), switched_at=START - 60),
        without((BLUE, -5), revalidate_path=True),
    ):
        assert release_of(healthy) == NOTHING


def test_two_directories_with_numbers_beside_each_other_may_be_two_apps() -> None:
    one, other = "/srv/site-1", "/srv/site-2"
    both = linked((one, -5), (other, -10), root=other, scripts=(f"{one}/public/index.php", f"{other}/public/index.php"))
    assert release_of(both) == NOTHING


def test_an_earlier_look_tells_what_the_link_led_to() -> None:
    before = linked((BLUE, -910), root=BLUE, later=-900, switched_at=-9_000)
    now = linked((BLUE, -5), scripts=(), pools=2)
    assert release_of(before, now) == OLD_SERVED
    assert release_of(before, linked((BLUE, -5), (GREEN, -2), scripts=())) == NOTHING


def test_what_the_web_server_passes_is_remembered_while_workers_do_other_things() -> None:
    idle = linked((BLUE, -5), scripts=("/tmp/stalewatch-1/runtime.php",))
    assert release_of(linked((BLUE, -5), later=-1), idle) == OLD_SERVED


def test_what_is_remembered_of_one_release_says_nothing_of_the_next() -> None:
    """``cp -a`` keeps the time of the cache, so that it looks like the one that was fresh before."""
    before = with_host(-90, release=ReleaseFacts(root=safe(BLUE), link=safe(APP_LINK)))
    copied = sources(config=(file("config/services.php", WRITTEN, CACHED - 1, inode=99),))
    now = with_host(release=ReleaseFacts(root=safe(GREEN), link=safe(APP_LINK)), inputs=copied)
    assert looked(before, now).layers[Layer.CONFIG] is FRESH
