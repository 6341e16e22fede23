"""``mark`` for people and for scripts: one line, or one entry, per (server, app)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from stalewatch.model import figures
from stalewatch.model.text import safe
from stalewatch.model.times import clock, iso

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalewatch.diagnosis.marked import Mark

SCHEMA = 1


def text(marks: Sequence[Mark]) -> str:
    """``web1 /srv/app: remembered 382 scripts, config, routes (12:37:58)``; further lines say what is missing."""
    return "".join(f"{line}\n" for one in marks for line in _lines(one))


def json(marks: Sequence[Mark]) -> bytes:
    """``{"schema": 1, "servers": [...]}``, indented, with a newline at its end."""
    return msgspec.json.format(msgspec.json.encode({"schema": SCHEMA, "servers": [_entry(one) for one in marks]}), indent=2) + b"\n"


def _lines(one: Mark) -> list[str]:
    who = safe(f"{one.server} {one.app}".rstrip())
    lines = []
    if one.kept:
        lines.append(f"{who}: remembered {_what(one)} ({clock(one.observed_at, one.observed_at, None)})")
    elif one.kept is False:
        lines.append(f"{who}: NOT remembered: the state directory of this machine cannot be written (no permission? disk full?)")
    if one.workers_ended:
        lines.append(f"{who}: no longer awaited: {one.workers_ended}")
    for error in one.errors:
        lines.append(f"{who}: not seen: {error.message}" + (f"; {error.grant}" if error.grant else ""))
    return lines or [f"{who}: nothing was seen"]


def _what(one: Mark) -> str:
    if one.scripts is None:
        scripts = "no bytecode (OPcache was not seen)" if one.errors else "no bytecode (OPcache is off)"
    else:
        scripts = figures.count(one.scripts, "cached script") + ("" if one.complete else " (not all)")
    return ", ".join((scripts, *one.caches))


def _entry(one: Mark) -> dict[str, object]:
    return {
        "name": safe(one.server),
        "address": safe(one.address),
        "app": one.app,
        "observed_at": iso(one.observed_at),
        "remembered": bool(one.kept),
        "scripts": one.scripts,
        "complete": one.complete,
        "caches": list(one.caches),
        "workers_ended": one.workers_ended,
        "errors": [{"code": error.code, "message": error.message, "grant": error.grant} for error in one.errors],
    }
