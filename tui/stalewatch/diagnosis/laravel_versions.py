"""What differs between versions of Laravel, where a verdict depends on it (read in their sources, 8.83 to 13.26)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stalewatch.diagnosis.context import Context

Version = tuple[int, int]
KEEPS_EQUAL_VIEWS: Version = (12, 10)
"""A view that compiles to what is there is not written again, so its source stays newer."""
CHECKS_VIEWS_IF_TOLD: Version = (12, 11)
"""view.check_cache_timestamps is known."""
RENAMES_VIEWS: Version = (12, 52)
"""A compiled view is renamed over the old one: that takes a writable folder, where before the old file had to be writable."""
MOVES_TIME_OF_EQUAL_VIEWS: Version = (13, 15)
"""A compiled view that is not written again gets its source's mtime and a second."""

_VERSION = re.compile(r"v?(\d{1,4})\.(\d{1,4})")


def version_of(context: Context) -> Version | None:
    """Major and minor version of the application's Laravel; None where it is not known."""
    match = _VERSION.match(context.host.layout.laravel) if context.host is not None else None
    return (int(match[1]), int(match[2])) if match else None
