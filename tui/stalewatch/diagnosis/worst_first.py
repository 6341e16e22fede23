"""The order in which findings are told, wherever they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model.report import Layer

if TYPE_CHECKING:
    from stalewatch.model.report import Finding

_CAUSES = (Layer.OPCACHE, Layer.RELEASE)
"""What runs instead of the code on the disk, and which code that is, explain what the other layers show."""
_PLACE = {layer: place for place, layer in enumerate((*_CAUSES, *(layer for layer in Layer if layer not in _CAUSES)))}


def worst_first(finding: Finding) -> tuple[int, int, int]:
    """Key to sort by: verdict, severity; among equals the cause before its company, then the layers from disk to process."""
    return -finding.verdict.rank, -finding.severity.rank, _PLACE[finding.layer]
