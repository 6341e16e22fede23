"""Why PHP has not noticed that a file changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stalewatch.model.snapshot import Opcache


def unnoticed(opcache: Opcache, timestamp: int | None) -> str:
    """One clause about a script that was compiled from a file of *timestamp* (0, None: PHP does not know it)."""
    if not opcache.validate_timestamps:
        return "the pool never looks at the disk (validate_timestamps=0)"
    if not timestamp:
        return "PHP never checks what was compiled with validate_timestamps=0"
    return f"PHP did not look at the disk when it was due (revalidate_freq={opcache.revalidate_freq})"
