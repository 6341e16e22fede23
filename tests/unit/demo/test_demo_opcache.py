"""The stand-in OPcache does what the real one was measured to do."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from stalewatch.demo.opcache import FORCE_RESTART_TIMEOUT, DemoOpcache, Settings

if TYPE_CHECKING:
    from pathlib import Path

T0 = 1_000_000.0
"""When the cache starts; the script is an hour older."""


class Bench:
    """One script and one cache."""

    def __init__(self, path: Path, **settings: int) -> None:
        self.path = path / "Controller.php"
        self.write("old", T0 - 3600)
        self.cache = DemoOpcache(Settings(validate_timestamps=bool(settings.get("vt", 1)), revalidate_freq=settings.get("freq", 2)), T0)

    def write(self, text: str, mtime: float) -> None:
        self.path.write_text(text)
        os.utime(self.path, (mtime, mtime))

    def serve(self, now: float) -> str:
        code = self.cache.serve(str(self.path), now)
        assert code is not None
        return code.decode()


@pytest.mark.parametrize(
    ("vt", "freq", "mtime", "asked_after", "served"),
    [
        pytest.param(1, 2, T0 + 100, 1, "old", id="inside revalidate_freq the old code is still served"),
        pytest.param(1, 2, T0 + 100, 50, "new", id="after it the new one"),
        pytest.param(1, 2, T0 - 7200, 50, "new", id="an older mtime is noticed too"),
        pytest.param(1, 2, T0 - 3600, 50, "old", id="the same mtime with other content never is"),
        pytest.param(1, 600, T0 + 100, 550, "old", id="a huge revalidate_freq serves the old code for long"),
        pytest.param(1, 600, T0 + 100, 601, "new", id="and then the new"),
        pytest.param(0, 2, T0 + 100, 86_400, "old", id="without validate_timestamps: old for ever"),
    ],
)
def test_when_a_change_is_served(tmp_path: Path, vt: int, freq: int, mtime: float, asked_after: float, served: str) -> None:
    bench = Bench(tmp_path, vt=vt, freq=freq)
    assert bench.serve(T0 + 200) == "old"
    bench.write("new", mtime)
    assert bench.serve(T0 + 200 + asked_after) == served


def test_a_young_file_runs_but_is_not_kept(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.write("young", T0 + 9)
    assert bench.serve(T0 + 10) == "young"
    assert not bench.cache.entries
    bench.serve(T0 + 20)
    assert bench.cache.is_cached(str(bench.path))


def test_a_file_from_the_future_is_never_kept(tmp_path: Path) -> None:
    bench = Bench(tmp_path, vt=0)
    bench.write("probe", T0 + 10 * 365 * 86_400)
    for beat in range(5):
        bench.serve(T0 + beat)
    assert not bench.cache.entries
    assert bench.cache.misses == 5


def test_hits_and_misses_are_counted(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    for beat in range(10):
        bench.serve(T0 + beat)
    assert (bench.cache.hits, bench.cache.misses) == (9, 1)


@pytest.mark.parametrize("vt", [0, 1])
def test_invalidation_ends_the_old_code_and_keeps_the_listing(tmp_path: Path, vt: int) -> None:
    bench = Bench(tmp_path, vt=vt)
    bench.serve(T0 + 1)
    bench.write("new", T0 + 10)
    assert bench.cache.invalidate(str(bench.path))
    assert not bench.cache.is_cached(str(bench.path))
    assert bench.cache.entries[str(bench.path)].timestamp == 0
    assert bench.serve(T0 + 60) == "new"
    assert bench.cache.is_cached(str(bench.path))


def test_a_reset_is_lazy(tmp_path: Path) -> None:
    bench = Bench(tmp_path, vt=0)
    bench.serve(T0 + 1)
    bench.cache.holders = 1
    assert bench.cache.reset(T0 + 10)
    assert not bench.cache.reset(T0 + 11), "a second one is refused while the first is pending"
    bench.write("new", T0 + 5)
    assert bench.serve(T0 + 12) == "new", "meanwhile everything runs uncached"
    assert (bench.cache.restart_pending, bench.cache.enabled) == (True, False)
    bench.cache.holders = 0
    bench.serve(T0 + 13)
    assert bench.cache.enabled
    assert (bench.cache.manual_restarts, bench.cache.last_restart, bench.cache.started) == (1, T0 + 13, T0)
    assert (bench.cache.hits, bench.cache.misses) == (0, 1)


def test_a_held_reset_is_forced_at_last(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.serve(T0 + 1)
    bench.cache.holders = 1
    bench.cache.reset(T0 + 10)
    bench.cache.restart_if_due(T0 + 10 + FORCE_RESTART_TIMEOUT)
    assert bench.cache.manual_restarts == 1
