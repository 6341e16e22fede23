"""FPM's scoreboard: what ``fpm_get_status()`` returns inside a worker, or the status page as JSON. Pure and tolerant.

The page's JSON is known to break (a raw quote in ``script``, a newline in ``user``) and durations to be negative or 2^64 minus a little.
What is not escaped there comes from visitors, who could add a worker with a script of their choice.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from stalewatch.model import bounded_json, reasons
from stalewatch.model.redaction import redacted
from stalewatch.model.runtime import STARTING
from stalewatch.model.snapshot import PoolStatus, PoolWorker, Unseen
from stalewatch.model.text import safe
from stalewatch.probe.host.parsers.records import FAR_FUTURE

MAX_WORKERS = 4096
MAX_DURATION = 86_400.0 * 30
_COUNT = {
    "accepted": "accepted conn",
    "listen_queue": "listen queue",
    "max_listen_queue": "max listen queue",
    "idle": "idle processes",
    "active": "active processes",
    "total": "total processes",
    "max_children_reached": "max children reached",
}
_NUMBER = re.compile(r'"([a-z -]+)":\s*(-?\d{1,20})\b')
_FORGED = reasons.FPM_STATUS_HANGS.unseen("FPM's status page lists more workers than it counts")
_BROKEN = reasons.FPM_STATUS_UNREADABLE.unseen("FPM's status page answered something that is not a status")


def parse_page(body: bytes) -> PoolStatus | Unseen:
    """The status page's ``?json&full``; from broken JSON still the numbers before its first process."""
    try:
        status = from_mapping(bounded_json.decode(body, strict=False))
        listed = [worker for worker in status.workers if worker.state not in STARTING] if isinstance(status, PoolStatus) else []
        return _FORGED if isinstance(status, PoolStatus) and len(listed) > status.total else status
    except (msgspec.MsgspecError, UnicodeDecodeError):
        head = body.decode("utf-8", "replace").partition('"processes"')[0]
        pool = re.search(r'"pool":\s*"([^"]*)"', head)
        numbers: dict[str, Any] = {key: int(value) for key, value in _NUMBER.findall(head)}
        return from_mapping({**numbers, "pool": pool[1]}) if pool and numbers else _BROKEN


def from_mapping(document: Any) -> PoolStatus | Unseen:
    """The scoreboard from either spelling of its keys (``start-time`` of the function, ``start time`` of the page)."""
    if not isinstance(document, dict) or "pool" not in document:
        return _BROKEN
    facts = {str(key).replace("-", " "): value for key, value in document.items()}
    rows = facts.get("processes", facts.get("procs"))
    workers = [_worker(row) for row in rows[:MAX_WORKERS] if isinstance(row, dict)] if isinstance(rows, list) else []
    counts: dict[str, Any] = {field: _count(facts.get(key)) for field, key in _COUNT.items()}
    return PoolStatus(pool=safe(str(facts["pool"]), 128), started=_time(facts.get("start time")), workers=tuple(workers), **counts)


def _worker(row: dict[Any, Any]) -> PoolWorker:
    facts = {str(key).replace("-", " "): value for key, value in row.items()}

    def word(key: str, limit: int) -> Any:
        value = facts.get(key, "")
        return safe("" if value in ("-", None) else str(value), limit)

    duration = facts.get("request duration", 0)
    microseconds = duration if isinstance(duration, int | float) and 0 <= duration < MAX_DURATION * 1e6 else 0
    return PoolWorker(
        pid=_count(facts.get("pid")),
        state=word("state", 64),
        started=_time(facts.get("start time")),
        requests=_count(facts.get("requests")),
        duration=microseconds / 1e6,
        method=word("request method", 16),
        uri=redacted(word("request uri", 512)),
        script=word("script", 1024),
    )


def _count(value: Any) -> int:
    return min(int(value), 2**53) if isinstance(value, int | float) and value == value and value > 0 else 0


def _time(value: Any) -> float:
    return min(float(value), FAR_FUTURE) if isinstance(value, int | float) and value == value and value > 0 else 0.0
