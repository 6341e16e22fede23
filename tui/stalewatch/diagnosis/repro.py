"""The command that repeats a look at what only the pool itself can tell: its OPcache, its scoreboard."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from stalewatch.diagnosis import evidence
from stalewatch.model.report import Evidence

if TYPE_CHECKING:
    from stalewatch.diagnosis.context import Context

OPCACHE = "opcache_get_status(false)"


def command(context: Context, expression: str) -> Evidence:
    """Have the pool print *expression* (PHP), over its socket with ``cgi-fcgi`` (Debian: libfcgi-bin).

    The file gets an mtime in the future: OPcache does not cache it then, so that the look leaves nothing in what it looks at.
    """
    pool = context.fpm.pool if context.fpm is not None else None
    if pool is None or not pool.listen:
        return evidence.command("systemctl", "status", (context.fpm.unit if context.fpm is not None else "") or "php-fpm")
    return evidence.commands(_script(pool.listen, expression))


def scoreboard(context: Context) -> Evidence:
    """Have the pool print its status page; not by fpm_get_status(), which can crash the worker (``docs/facts.md#fpm-scoreboard``)."""
    pool = context.fpm.pool if context.fpm is not None else None
    if pool is None or not pool.listen or not pool.status_path:
        return evidence.command("systemctl", "status", (context.fpm.unit if context.fpm is not None else "") or "php-fpm")
    page = shlex.quote(pool.status_path)
    asked = f"SCRIPT_NAME={page} SCRIPT_FILENAME={page} QUERY_STRING=full REQUEST_METHOD=GET"
    return evidence.commands(f"{asked} cgi-fcgi -bind -connect {shlex.quote(pool.listen)}")


def script_command(context: Context, path: str) -> tuple[Evidence, ...]:
    """What the pool's OPcache holds of the script at *path*: the half of the comparison that ``stat`` cannot tell. Nothing where the login
    user cannot open the pool's socket."""
    pool = context.fpm.pool if context.fpm is not None else None
    if pool is None or not pool.listen or context.runtime is None or context.runtime.via not in ("tunnel", "tcp"):
        return ()
    name = re.sub(r'([\\"$])', r"\\\1", path)
    command = evidence.commands(_script(pool.listen, f'opcache_get_status()["scripts"]["{name}"] ?? "not cached"'))
    return (Evidence("repeat in the pool", command.value, command.kind),)


def _script(listen: str, expression: str) -> str:
    """*expression* must quote with double quotes: single ones are the shell's, and would have to be quoted once more."""
    steps = (
        "f=$(mktemp /tmp/XXXXXX.php)",
        f"printf %s {shlex.quote(f'<?php print_r({expression});')} >$f",
        "chmod 644 $f",
        "touch -d +10years $f",
        f"SCRIPT_FILENAME=$f REQUEST_METHOD=GET cgi-fcgi -bind -connect {shlex.quote(listen)}",
        "rm $f",
    )
    return f"({'; '.join(steps)})"
