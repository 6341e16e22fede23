"""Where the probe's file can lie so that a pool can run it: what its chroot, open_basedir and temporary directories say. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from stalewatch.probe.host.parsers.fpm_config import chroot_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

BASES: Final = ("/tmp", "/var/tmp", "/dev/shm")
MOST: Final = 12
"""How many places are tried: each is an upload and a request."""
_TEMPORARY: Final = ("sys_temp_dir", "upload_tmp_dir", "session.save_path")
_NAMES: Final = frozenset({"tmp", "temp", "tmpdir", ".tmp", "private", "storage", "sessions"})
"""Directories that open_basedir names beside the code, and that no web server shows."""
_REFUSED: Final = re.compile(r"open_basedir restriction in effect.*?allowed path\(s\): \((.*?)\)", re.DOTALL)


class FilePlace(NamedTuple):
    """A directory *base* on the server. *root*: the pool's chroot, which the pool does not see in its path ("" none)."""

    base: str
    root: str = ""

    def seen(self, path: str) -> str:
        """*path*, below the base, as the pool sees it."""
        return path.removeprefix(self.root)


def places(settings: Mapping[str, str], storage: Sequence[str], allowed: str = "") -> list[FilePlace]:
    """Places in the order in which they are tried: those that open_basedir allows come first.

    *settings* of the pool; *storage*: directories of the application for what it writes itself, as the server sees them; *allowed*:
    open_basedir, where PHP itself told it, whatever the pool's file says.
    """
    root = chroot_of(settings)
    allowed = allowed or _value(settings, "open_basedir")
    entries = [each.rstrip("/") or "/" for each in allowed.split(":") if each.startswith("/")]
    named = [entry for entry in entries if entry.rpartition("/")[2].lower() in _NAMES]
    temporary = [path for name in _TEMPORARY if (path := _value(settings, name).rpartition(";")[2].rstrip("/")).startswith("/")]
    own = [path.removeprefix(root) for path in storage if not root or path.startswith(f"{root}/")]
    seen = dict.fromkeys((*BASES, *temporary, *named, *own))
    ordered = sorted(seen, key=lambda path: bool(entries) and not _below(path, entries))
    return [FilePlace(f"{root}{path}", root) for path in ordered][:MOST]


def allowed_by(stderr: str) -> str:
    """open_basedir, as PHP's own warning tells it; "" it told nothing of it."""
    found = _REFUSED.search(stderr)
    return found[1] if found else ""


def _below(path: str, entries: Iterable[str]) -> bool:
    return any(path == entry or entry == "/" or path.startswith(f"{entry}/") for entry in entries)


def _value(settings: Mapping[str, str], name: str) -> str:
    return settings.get(f"php_admin_value[{name}]") or settings.get(f"php_value[{name}]") or ""
