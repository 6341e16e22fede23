"""Who works here, as others read it: who else watches a server, and the logs of what was done to it."""

from __future__ import annotations

import contextlib
import getpass
import os
import socket

from stalewatch.model.text import SafeText, safe


def who() -> SafeText:
    """``user@host`` of this machine."""
    user = str(os.getuid())
    with contextlib.suppress(KeyError, OSError):
        user = getpass.getuser()
    return safe(f"{user}@{socket.gethostname()}", 200)
