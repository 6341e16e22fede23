"""An application's own health check: JSON with a hit rate, a number of files, warnings. It names no script, so it proves nothing. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from stalewatch.model import bounded_json, reasons
from stalewatch.model.errors import ProtocolError
from stalewatch.model.redaction import redacted
from stalewatch.model.runtime import HealthCheck
from stalewatch.model.text import safe

MOST_WARNINGS = 5


class _Said(msgspec.Struct, frozen=True):
    opcache_enabled: bool | None = None
    opcache_hit_rate: float | str | None = None
    cached_files: int | None = None
    warnings: list[Any] = []


def parse_check(url: str, body: bytes) -> HealthCheck:
    """What *body*, the answer of *url*, says. Raises ProtocolError where it is not such a health check."""
    try:
        said = bounded_json.decode(body, type=_Said)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise _other(body) from None
    if said.opcache_enabled is None and said.opcache_hit_rate is None and said.cached_files is None:
        raise _other(body)
    return HealthCheck(
        url=safe(url),
        enabled=said.opcache_enabled,
        hit_rate=_share(said.opcache_hit_rate),
        cached_scripts=None if said.cached_files is None else max(said.cached_files, 0),
        warnings=tuple(redacted(str(one), 200) for one in said.warnings[:MOST_WARNINGS]),
        more_warnings=max(len(said.warnings) - MOST_WARNINGS, 0),
    )


def _share(rate: float | str | None) -> float | None:
    """``"97.3%"`` as 0.973; a number up to 1 is a share already."""
    percent = isinstance(rate, str) and rate.strip().endswith("%")
    try:
        value = float(rate.strip().removesuffix("%")) if isinstance(rate, str) else rate
    except ValueError:
        return None
    if value is None or not 0 <= value <= 100:
        return None
    return value / 100 if percent or value > 1 else value


def _other(body: bytes) -> ProtocolError:
    return ProtocolError(
        f"it is not the JSON of a health check (opcache_hit_rate, cached_files, warnings): {redacted(body[:80].strip(), 80) or 'nothing'}",
        grant="put the health file there: stalewatch init --health-file",
        reason=reasons.HEALTH_URL_OTHER_ANSWER,
    )
