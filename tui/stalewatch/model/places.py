"""Directories that hold applications and are none."""

from __future__ import annotations

PLACES = frozenset(
    f"/{place}"
    for place in (
        *("", "srv", "opt", "home", "data", "mnt", "media", "root", "run", "tmp", "dev/shm"),
        *("usr", "usr/share", "usr/local", "usr/local/share", "usr/local/www"),
        *("var", "var/lib", "var/tmp", "var/www", "var/www/html", "var/www/vhosts"),
    )
)
