"""What the process says when it ends. Part of the public contract: others script against these numbers."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """``check`` follows the worst verdict; ``fix`` what was proven. 1 is also an error of our own."""

    OK = 0
    """check: fresh. fix: every layer of every server is, and the applications answer."""
    FAILED = 1
    """check: stale, suspect or pending (``--strict``: or a warning). fix: failed, unproven, only partly, or not confirmed."""
    USAGE = 2
    """Arguments or configuration; ``fix`` without ``--yes`` where nobody can confirm."""
    UNKNOWN = 3
    """check: could not look. fix: an outcome is not known, or a server was lost."""
    INTERRUPTED = 130
