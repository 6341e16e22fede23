"""All applications of a pool are told the same list of scripts: what it costs, and that each one is judged as if it were alone."""

from __future__ import annotations

import sys
from itertools import zip_longest
from random import Random
from typing import TYPE_CHECKING, Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from stalewatch.diagnosis.diagnose import diagnose
from stalewatch.diagnosis.memory import Memory, Seen
from stalewatch.diagnosis.opcache.window import COMPILING
from stalewatch.model.memo import Memos
from stalewatch.model.snapshot import Snapshot
from stalewatch.model.text import safe
from tests.builders.anything import Anything
from tests.builders.snapshots import at, host, opcache, runtime, script, snapshot

if TYPE_CHECKING:
    from types import FrameType

    from stalewatch.model.report import Report
    from stalewatch.model.snapshot import Script

EACH = 40
"""Scripts of each application."""
replace = msgspec.structs.replace


def root(app: int) -> str:
    return f"/srv/app{app}"


def scripts(app: int, **more: Any) -> tuple[Script, ...]:
    files = ("public/index.php", *(f"app/{number}.php" for number in range(EACH - 1)))
    return tuple(script(f"{root(app)}/{file}", inode=number, **more) for number, file in enumerate(files))


def look(apps: int, later: float, *changed: Script) -> list[Snapshot]:
    """A full look at all applications of one pool."""
    listed = tuple(each for app in range(apps) for each in scripts(app))
    anew = {each.path: each for each in changed}
    listed = tuple(anew.get(each.path, each) for each in listed)
    entries = tuple(each for each in listed if each.path.endswith("/index.php"))
    cache = opcache(*changed, scripts=listed, scripts_at=at(later), compared=len(listed), cached_scripts=len(listed), entry_points=entries)
    told = runtime(cache)
    release = host().release
    hosts = [
        host(
            release=replace(release, root=safe(root(app)), link=safe("")),
            other_apps=tuple(safe(root(other)) for other in range(apps) if other != app),
        )
        for app in range(apps)
    ]
    return [snapshot(later, app=safe(root(app)), host=hosts[app], runtime=told) for app in range(apps)]


def judged(looks: list[list[Snapshot]], memories: list[Memory]) -> list[Report]:
    """The last of *looks*; *memories* become those after it."""
    reports: list[Report] = []
    for each in looks:
        shared: Memos[Any] = Memos()
        both = [diagnose(memory, seen, shared=shared) for memory, seen in zip(memories, each, strict=True)]
        memories[:] = [memory for memory, _ in both]
        reports = [report for _, report in both]
    return reports


def calls(apps: int, *changed: Script) -> int:
    """How often a function is called to judge a later list of so many applications."""
    memories = [Memory()] * apps
    judged([look(apps, 0, *changed), look(apps, 60, *changed)], memories)
    seen, count = look(apps, 120, *changed), 0

    def called(_frame: FrameType, event: str, _what: object) -> None:
        nonlocal count
        count += event == "call" and not _frame.f_code.co_name.startswith("<")

    before = sys.getprofile()
    sys.setprofile(called)
    try:
        judged([seen], memories)
    finally:
        sys.setprofile(before)
    return count


def old_code(apps: int) -> list[Script]:
    """A script of each application whose file changed."""
    return [script(f"{root(app)}/app/3.php", inode=4, mtime=-20.0) for app in range(apps)]


def test_a_list_costs_by_its_length_and_not_by_the_applications() -> None:
    assert calls(20) < 5 * calls(5)
    assert calls(20, *old_code(20)) < 5 * calls(5, *old_code(5))


def test_what_all_applications_remember_of_a_list_is_held_once() -> None:
    memories = [Memory()] * 10
    judged([look(10, later, *old_code(5)) for later in (0.0, 60.0)], memories)
    held = {id(seen): seen for memory in memories for seen in memory.scripts.values()}
    assert sum(len(memory.scripts) for memory in memories) == 10 * 10 * EACH
    assert all(isinstance(seen, Seen) for seen in held.values())
    assert len(held) <= 10 * EACH + 5


def test_so_it_is_after_they_were_read_back() -> None:
    memories = [Memory()] * 5
    judged([look(5, 0)], memories)
    memories = [msgspec.msgpack.decode(msgspec.msgpack.encode(memory), type=Memory) for memory in memories]
    judged([look(5, 60)], memories)
    assert len({id(memory.scripts) for memory in memories}) == 1


def test_who_saw_no_whole_list_before_does_not_know_what_was_not_in_it() -> None:
    """The first application saw a list without this script, so it was compiled later; the second one cannot tell."""
    new = script(f"{root(0)}/app/new.php", inode=99)
    first, _ = diagnose(Memory(), look(2, 0)[0])
    second, _ = diagnose(Memory(), replace(look(2, 0)[1], runtime=runtime(opcache())))
    later = look(2, 60)
    cache = opcache(scripts=(*scripts(0), *scripts(1), new), scripts_at=at(60), compared=2 * EACH + 1)
    told, memories = runtime(cache), [first, second]
    judged([[replace(each, runtime=told) for each in later]], memories)
    knows, does_not = (memory.scripts[new.path] for memory in memories)
    assert knows.after == at(0) - COMPILING
    assert does_not.after == cache.since


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.integers(0, 2**64))
def test_each_is_judged_as_if_it_were_alone(seed: int) -> None:
    """Several applications that remember different things of one pool, in any order."""
    drawn = Random(seed)
    stories = [Anything(drawn.getrandbits(64)).story() for _ in range(3)]
    alone, together = [Memory()] * 3, [Memory()] * 3
    for each in zip_longest(*stories):
        told = [one for one in each if one is not None]
        pool, now = drawn.choice(told).runtime, max(one.observed_at for one in told)
        shared: Memos[Any] = Memos()
        for app in drawn.sample(range(3), 3):
            if each[app] is None:
                continue
            own = each[app].runtime if drawn.random() < 0.2 else pool
            seen = replace(each[app], runtime=own, observed_at=now if drawn.random() < 0.8 else each[app].observed_at)
            alone[app], report = diagnose(alone[app], seen)
            together[app], other = diagnose(together[app], seen, shared=shared)
            assert other == report
            assert msgspec.json.encode(together[app]) == msgspec.json.encode(alone[app])
