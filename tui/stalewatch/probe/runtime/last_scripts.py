"""What the workers of a pool ran last before our own requests took the place of it on the status page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model.replace import replace

if TYPE_CHECKING:
    from stalewatch.model.runtime import PoolStatus, PoolWorker
    from stalewatch.model.text import SafeText


class LastScripts:
    """Kept for one pool as long as we look at it. A pool of two workers shows only our own script after two requests of ours."""

    def __init__(self) -> None:
        self._ran: dict[tuple[int, float], SafeText] = {}

    def told(self, status: PoolStatus, status_path: str) -> PoolStatus:
        """*status* with the scripts of earlier ones that our own, and looks at *status_path* ("" there is none), have replaced."""
        ours = [_key(worker) for worker in status.workers if worker.ours(status_path)]
        seen = {_key(worker): worker.script for worker in status.workers if worker.script and not worker.ours(status_path)}
        self._ran = {**{key: self._ran[key] for key in ours if key in self._ran}, **seen}
        return replace(status, before=tuple(self._ran[key] for key in ours if key in self._ran))


def _key(worker: PoolWorker) -> tuple[int, float]:
    return worker.pid, worker.started
