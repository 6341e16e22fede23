"""The command that repeats a look at what only the pool itself can tell: its OPcache, its scoreboard."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from tui.diagnosis import words

if TYPE_CHECKING:
    from tui.diagnosis.look import Look
    from tui.report import Evidence

OPCACHE = "opcache_get_status(false)"
SCOREBOARD = "fpm_get_status()"


def ask(look: Look, expression: str) -> Evidence:
    """Have the pool print *expression* (PHP), over its socket with ``cgi-fcgi`` (Debian: libfcgi-bin).

    The file gets an mtime in the future: OPcache does not cache it then, so that the look leaves nothing in what it looks at.
    """
    pool = look.fpm.pool if look.fpm is not None else None
    if pool is None or not pool.listen:
        return words.command("systemctl", "status", (look.fpm.unit if look.fpm is not None else "") or "php-fpm")
    steps = (
        "f=$(mktemp /tmp/XXXXXX.php)",
        f"echo '<?php print_r({expression});' >$f",
        "chmod 644 $f",
        "touch -d +10years $f",
        f"SCRIPT_FILENAME=$f REQUEST_METHOD=GET cgi-fcgi -bind -connect {shlex.quote(pool.listen)}",
        "rm $f",
    )
    return words.command("sh", "-c", "; ".join(steps))
