"""A release that came while the cache lived: what is below it was compiled after the link was switched to it."""

from __future__ import annotations

from typing import Any

import pytest

from stalewatch.model.report import Layer, Verdict
from stalewatch.model.snapshot import ReleaseFacts, Script, Snapshot
from stalewatch.model.text import safe
from stalewatch.probe.host.parsers.records import birth_of
from tests.builders.snapshots import START, at, host, looked, opcache, runtime, script, snapshot

NEW, OLD, LINK = "/srv/shop/releases/8", "/srv/shop/releases/7", "/srv/shop/current"
BORN, SWITCHED = -120.0, -60.5
FRESH, SUSPECT = Verdict.FRESH, Verdict.SUSPECT


def unpacked(name: str = "app/Cart.php", ctime: float = -100, root: str = NEW, **more: Any) -> Script:
    """A script that came with its old time."""
    return script(f"{root}/{name}", ctime=ctime, **{"used": -5, **more})


def seen(*changed: Script, later: float = 0.0, cache: dict[str, Any] | None = None, **release: Any) -> Snapshot:
    facts: dict[str, Any] = {"root": safe(NEW), "link": safe(LINK), "switched_at": at(SWITCHED), "born": at(BORN), **release}
    entries = (script(f"{NEW}/public/index.php", used=-5), script(f"{OLD}/public/index.php", used=-61))
    made = opcache(*changed, **{"entry_points": entries, **(cache or {})})
    return snapshot(later, host=host(release=ReleaseFacts(**facts)), runtime=runtime(made), app=safe(LINK))


def verdict(*looks: Snapshot) -> Verdict:
    return looked(*looks).layers[Layer.OPCACHE]


NEVER = {"validate_timestamps": False}
CASES = [
    ("it came, and was switched to", {}, {}, {}, FRESH),
    ("vt=0", {"compiled": None}, {"cache": NEVER}, {}, FRESH),
    ("its last file came in the second of the switch", {"ctime": -61}, {}, {}, FRESH),
    ("it was touched after the switch", {"ctime": -59}, {}, {}, SUSPECT),
    ("when it was made is not told", {}, {}, {"born": None}, SUSPECT),
    ("when the link was switched is not told", {}, {}, {"switched_at": None}, SUSPECT),
    ("no link", {}, {}, {"link": safe("")}, SUSPECT),
    ("it was there before the cache began", {}, {}, {"born": at(START - 60)}, SUSPECT),
    ("it was there in the second in which the cache began", {}, {}, {"born": at(START)}, SUSPECT),
    ("the link is older than the directory", {}, {}, {"born": at(-50)}, SUSPECT),
    ("a library outside of it", {"root": "/usr/share/php"}, {}, {}, SUSPECT),
    ("another release", {"root": OLD}, {}, {}, SUSPECT),
]


@pytest.mark.parametrize(("one", "cache", "release", "due"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_what_came_with_a_new_release(one: dict[str, Any], cache: dict[str, Any], release: dict[str, Any], due: Verdict) -> None:
    assert verdict(seen(unpacked(**one), **cache, **release)) is due


ONLY = script(f"{NEW}/public/index.php", used=-5)
ENTRIES = [
    ("nothing else was served before", (ONLY,), SUSPECT),
    ("another release was, until the switch", (ONLY, script("/srv/blue/public/index.php", used=-61)), FRESH),
    ("another one was while the realpath cache held it", (ONLY, script(f"{OLD}/public/index.php", used=-3)), FRESH),
    ("a neighbour is served all the time", (ONLY, script("/srv/blog/public/index.php", used=200)), SUSPECT),
    ("no entry point has a known name", (), FRESH),
]


@pytest.mark.parametrize(("entries", "due"), [row[1:] for row in ENTRIES], ids=[row[0] for row in ENTRIES])
def test_a_release_that_was_made_again_at_the_same_path(entries: tuple[Script, ...], due: Verdict) -> None:
    found = looked(seen(unpacked(), cache={"entry_points": entries}))
    assert found.layers[Layer.OPCACHE] is due
    assert len([each for each in found.findings if each.layer is Layer.OPCACHE]) == (due is SUSPECT)


def test_scripts_that_were_used_before_the_directory_was_made_are_of_another_tree() -> None:
    left = unpacked("app/Gone.php", used=-200)
    assert verdict(seen(unpacked(), cache={"scripts": (left,)})) is SUSPECT


def test_scripts_that_an_earlier_look_saw_there_are_of_another_tree() -> None:
    before = seen(
        later=-200, cache={"scripts": (unpacked(ctime=-7_000, used=-210),), "scripts_at": at(-200)}, born=at(-900), switched_at=at(-900)
    )
    assert verdict(before, seen(unpacked(inode=8))) is SUSPECT
    after = seen(later=-30, cache={"scripts": (unpacked(used=-40),), "scripts_at": at(-30)})
    assert verdict(after, seen(unpacked())) is FRESH


@pytest.mark.parametrize(
    ("told", "due"), [(b"1795892135\n", 1_795_892_135.0), (b"0\n", None), (b"-\n", None), (b"W\n", None), (b"", None), (b"9" * 30, None)]
)
def test_a_birth_that_the_file_system_does_not_keep_is_none(told: bytes, due: float | None) -> None:
    assert birth_of(told) == due
