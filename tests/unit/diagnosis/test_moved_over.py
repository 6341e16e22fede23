"""Scripts in whose places other files lie although no time tells: a tree was mounted or moved over the one that was compiled."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from stalewatch.diagnosis.diagnose import diagnose
from stalewatch.diagnosis.memory import Memory, invalidated_by_us
from stalewatch.model.report import Layer, Report, Verdict
from stalewatch.model.snapshot import Opcache, Script, Snapshot
from tests.builders.snapshots import CONTROLLER, START, at, looked, only, opcache, quiet, remembered, script, vt0, with_opcache

FRESH, STALE, SUSPECT = Verdict.FRESH, Verdict.STALE, Verdict.SUSPECT
OLD = {"ctime": START - 900, "dev": 1, "digest": "a"}


def held(**more: Any) -> Script:
    """The controller as PHP never checks it again, last touched before the cache began."""
    return script(compiled=None, **{**OLD, **more})


def checked(**more: Any) -> Script:
    return script(**{**OLD, **more})


def listed(*scripts: Script, later: float = 0.0, make: Any = vt0, **more: Any) -> Snapshot:
    """A look with a full list."""
    return with_opcache(make(scripts=scripts, scripts_at=at(later), **more), later)


MOVED: list[tuple[str, dict[str, Any], Verdict]] = [
    ("other content at the same mtime", {"inode": 8, "digest": "b"}, STALE),
    ("other content on another device with the same inode", {"dev": 2, "digest": "b"}, STALE),
    ("other content with an older mtime", {"inode": 8, "mtime": START - 9_000, "digest": "b"}, STALE),
    ("another size, no digest", {"inode": 8, "size": 90, "digest": ""}, STALE),
    ("the same content in another file", {"inode": 8, "dev": 2, "ctime": START - 800}, FRESH),
    ("another inode, no digest", {"inode": 8, "digest": ""}, SUSPECT),
    ("another device, no digest", {"dev": 2, "digest": ""}, SUSPECT),
    ("another ctime, no digest", {"ctime": START - 800, "digest": ""}, SUSPECT),
    ("the same file, no digest", {"digest": ""}, FRESH),
]


@pytest.mark.parametrize(("now", "verdict"), [row[1:] for row in MOVED], ids=[row[0] for row in MOVED])
@pytest.mark.parametrize("make", [vt0, opcache], ids=["vt=0", "vt=1"])
def test_a_list_is_compared_with_what_is_remembered(make: Any, now: dict[str, Any], verdict: Verdict) -> None:
    one = held if make is vt0 else checked
    if make is opcache and "mtime" in now:
        return  # PHP finds such a file itself: its mtime is not the compiled one
    report = looked(listed(one(), later=-60, make=make), listed(one(hits=50, **now), make=make))
    if verdict is FRESH:
        quiet(report)
        return
    stale = "opcache.stale-bytecode" if make is vt0 else "opcache.same-mtime"
    finding = only(report, Layer.OPCACHE, verdict, stale if verdict is STALE else "opcache.suspect-bytecode")
    assert finding.since == at(-60), "the last look before"


def test_at_one_look_nothing_tells() -> None:
    quiet(looked(listed(held(digest="b", inode=8))))


def test_what_was_compiled_since_is_what_is_there() -> None:
    before = listed(held(), later=-60)
    quiet(looked(before, listed(held(inode=8, digest="b", hits=3))))
    restarted = {"start_time": int(at(-30))}
    quiet(looked(before, listed(held(inode=8, digest="b", hits=50), **restarted)))
    known = invalidated_by_us(remembered(before), [CONTROLLER], at(-30))
    quiet(looked(listed(held(inode=8, digest="b", hits=50)), memory=known))


def test_it_stays_until_the_next_list_says_something_else() -> None:
    """Most looks have no full list. The content that was compiled is not forgotten meanwhile."""
    first, moved = listed(held(), later=-90), listed(held(inode=8, digest="b", hits=50), later=-60)
    memory = remembered(first, moved)
    report = seen(memory, with_opcache(vt0(), -58))
    assert report.layers[Layer.OPCACHE] is STALE
    assert [finding.since for finding in report.findings] == [at(-90)]
    memory = remembered(first, moved, with_opcache(vt0(), -58))
    again = listed(held(inode=8, digest="b", hits=60), later=-30)
    assert seen(memory, again).layers[Layer.OPCACHE] is STALE
    quiet(seen(memory, listed(held(hits=60), later=-30)))
    quiet(seen(invalidated_by_us(memory, [CONTROLLER], at(-50)), with_opcache(vt0(), -40)))


def test_a_changed_script_is_told_by_its_times_and_once() -> None:
    now = held(inode=8, digest="b", ctime=-50, hits=50)
    cache: Opcache = vt0(now, scripts=(now,), scripts_at=at(0))
    report = looked(listed(held(), later=-60), with_opcache(cache))
    assert len(only(report, Layer.OPCACHE, STALE, "opcache.stale-bytecode").paths) == 1
    assert len([finding for finding in report.findings if finding.layer is Layer.OPCACHE]) == 1


def test_a_memory_without_devices_and_ctimes_is_read_as_it_was_written() -> None:
    """Of an earlier version: the inode alone decides, as it did, and no digest of a package is known."""
    memory = remembered(listed(held(digest=""), later=-60))
    old = {path: msgspec.structs.replace(one, dev=None, ctime=None) for path, one in memory.scripts.items()}
    memory = msgspec.structs.replace(memory, scripts=old)
    quiet(seen(memory, listed(held(hits=50))))
    assert seen(memory, listed(held(inode=8, digest="", hits=50))).layers[Layer.OPCACHE] is SUSPECT


def seen(memory: Memory, snapshot: Snapshot) -> Report:
    return diagnose(memory, snapshot)[1]
