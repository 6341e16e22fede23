"""Which caches that no rule knows are there: looked for in a real folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from stalewatch.probe.host import other_caches_probe
from stalewatch.probe.host.coprocess import Coprocess
from stalewatch.probe.host.other_caches_probe import OtherCachesProbe

if TYPE_CHECKING:
    from stalewatch.probe.host.host_probe import HostProbe
    from stalewatch.probe.host.parsers.framing import Block


class Asked:
    def __init__(self, coprocess: Coprocess) -> None:
        self._coprocess = coprocess

    async def ask(self, *requests: tuple[str, ...]) -> list[Block]:
        return await self._coprocess.ask(*requests, timeout=30)


@pytest.mark.parametrize(("most", "named", "more"), [(9, 3, 0), (3, 3, 0), (2, 2, 1)])
async def test_what_is_judged_takes_no_place_and_what_is_left_out_is_counted(
    coprocess: Coprocess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int, named: int, more: int
) -> None:
    monkeypatch.setattr(other_caches_probe, "MOST", most)
    cache = tmp_path / "bootstrap/cache"
    cache.mkdir(parents=True)
    for name in ("config", "events", "packages", "services", "x-a", "x-b", "x-c"):
        (cache / f"{name}.php").touch()
    probe = OtherCachesProbe(str(tmp_path), "laravel")
    assert probe.found is None
    await probe.look(cast("HostProbe", Asked(coprocess)))
    assert probe.found is not None
    assert [str(path) for path in probe.found] == [f"bootstrap/cache/x-{name}.php" for name in "abc"[:named]]
    assert probe.more == more
