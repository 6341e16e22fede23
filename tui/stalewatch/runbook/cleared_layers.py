"""What our own clears have emptied and no rebuild has filled again: read from the audit log, so that it outlives the program."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from stalewatch.config.own_files import read_own
from stalewatch.model.layers import REBUILT, Layer
from stalewatch.runbook.audit_log import AuditEntry, default_path

if TYPE_CHECKING:
    from pathlib import Path

    from stalewatch.model.inventory import AppKey

TAIL = 1024 * 1024
"""Bytes of the log that are read, from its end."""
_CLEARS = {layer.spec.clear: layer for layer in REBUILT}
_CACHES = {layer.spec.rebuild: layer for layer in REBUILT}


def cleared_layers(path: Path | None = None) -> dict[AppKey, frozenset[Layer]]:
    """Layers by (server, app) for :func:`stalewatch.runbook.propose.propose`. A log that is missing or damaged is an empty one."""
    try:
        return from_lines(read_own(path or default_path(), TAIL, end=True).splitlines())
    except OSError:
        return {}


def from_lines(lines: list[bytes]) -> dict[AppKey, frozenset[Layer]]:
    """The same from the log's lines, oldest first. Pure."""
    found: dict[AppKey, set[Layer]] = {}
    decoder = msgspec.json.Decoder(AuditEntry)
    for line in lines:
        try:
            entry = decoder.decode(line)
        except (msgspec.DecodeError, msgspec.ValidationError):
            continue
        if entry.event != "outcome" or entry.status != "done":
            continue
        layers = found.setdefault((entry.server, entry.app), set())
        if entry.step in _CLEARS:
            layers.add(_CLEARS[entry.step])
        elif entry.step in _CACHES:
            layers.discard(_CACHES[entry.step])
    return {key: frozenset(layers) for key, layers in found.items() if layers}
