"""Nothing acts on a server without the lock, also where it was lost and nobody has noticed yet."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path

import pytest

from stalewatch.model.errors import StalewatchError
from stalewatch.runbook import driver
from stalewatch.runbook.audit_log import AuditLog
from stalewatch.runbook.plan import Choice, Progress, Request, Status
from stalewatch.runbook.remote_lock import acquire
from stalewatch.runbook.server_executor import Timings
from stalewatch.transport.local import LocalLink
from tests.builders.runbook import plan
from tests.unit.runbook.here import Here, application

pytestmark = pytest.mark.skipif(not Path("/usr/bin/php").exists() or shutil.which("flock") is None, reason="needs /usr/bin/php and flock")

FAST = Timings(poll=0.05, confirm_delay=0.05, resolve=10.0, recent=0.5)


class Watched(Here):
    """Tells for everything that its pool does whether the lock is held then: by nobody, it could be taken."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.done: list[tuple[str, bool]] = []

    async def artefacts(self, verb: str, files: Sequence[str], options: Mapping[str, object]) -> dict[str, str]:
        if verb != "writable":
            self.done.append((verb, await self._is_held()))
        return await super().artefacts(verb, files, options)

    async def invalidate(self, paths: Sequence[str]) -> dict[str, bool]:
        self.done.append(("invalidate", await self._is_held()))
        return await super().invalidate(paths)

    async def _is_held(self) -> bool:
        link = LocalLink()
        try:
            await (await acquire(link, "somebody", str(self.root), "", "look")).release()
        except StalewatchError:
            return True
        finally:
            await link.close()
        return False


@pytest.fixture
def audit(tmp_path: Path) -> AuditLog:
    return AuditLog(tmp_path / "state" / "audit.log")


@pytest.fixture
async def site(tmp_path: Path, audit: AuditLog, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Watched]:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    here = Watched(application(tmp_path / "app", audit.path))
    yield here
    await here.link.close()


async def run(site: Watched, audit: AuditLog, tell: Callable[[Progress], None]) -> Status:
    made = plan([await site.look()], Request(choice=Choice.FIX))
    ended = await driver.run(made, {site.report.key: site}, tell, who="alice", audit=audit, timings=FAST)
    return next(iter(ended.values()))


def kill_the_holder(site: Watched) -> None:
    """As when its lease has ended while this machine slept."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"stalewatch-lock" in words and str(site.root).encode() in words:
            os.kill(int(entry.name), signal.SIGKILL)


@pytest.mark.parametrize(("stale", "step", "done"), [("config", "config:cache", ["tidy"]), ("bytecode", "invalidate", ["tidy"])])
async def test_a_step_whose_lock_is_gone_is_not_begun(site: Watched, audit: AuditLog, stale: str, step: str, done: list[str]) -> None:
    if stale == "bytecode":
        site.old_bytecode = True
        os.utime(site.root / "config" / "app.php", (0, 0))
    told: list[Progress] = []

    def tell(line: Progress) -> None:
        told.append(line)
        if line.step == step and line.status is Status.RUNNING:
            kill_the_holder(site)

    assert await run(site, audit, tell) is not Status.DONE
    assert [line.status for line in told if line.step == step] == [Status.RUNNING, Status.SKIPPED]
    assert [verb for verb, _ in site.done] == done
    assert not (site.root / "ran").exists()


async def test_what_a_lost_step_left_is_settled_under_the_lock(site: Watched, audit: AuditLog) -> None:
    gate = site.root / "gate"
    gate.touch()
    told: list[Progress] = []

    def tell(line: Progress) -> None:
        told.append(line)
        if line.step == "config:cache" and line.status is Status.UNKNOWN:
            site.link = LocalLink()
            gate.unlink()

    async def lose_the_link() -> None:
        while not (site.root / "audit-when-run").exists():
            await asyncio.sleep(0.02)
        await site.link.close()

    await asyncio.gather(run(site, audit, tell), lose_the_link())
    assert next(line.status for line in reversed(told) if line.step == "config:cache") is Status.DONE
    assert site.done == [("tidy", True), ("keep", True), ("settle", True), ("drop", True)]
