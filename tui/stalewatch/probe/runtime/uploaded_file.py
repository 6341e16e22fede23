"""Uploads the runtime probe to private directories on the server, through the host probe's shell, when a pool first needs it."""

from __future__ import annotations

import secrets
import time
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stalewatch.probe.host.host_probe import HostProbe

_YEARS_AHEAD = 10
_FILES = {
    "runtime.php": ("facts.php", "scoreboard.php", "comparison.php", "runtime.php"),
    "links.php": ("links.php",),
    "memory.php": ("memory.php",),
    "configuration.php": ("configuration.php",),
    "verbs.php": ("verbs.php",),
    "artefacts.php": ("artefacts.php", "before_artisan.php"),
    "kept_folder.php": ("kept_folder.php",),
    "parse.php": ("parse.php",),
    "remade.php": ("remade.php",),
}
"""What each file is made of. A pool asks ``runtime.php``; PHP compiles the others only at a request that needs them."""


class RuntimeFile:
    """The probe's files on one server. PrivateTmp, chroot or open_basedir may hide one directory from FPM: pools try the next."""

    def __init__(self, host: HostProbe) -> None:
        self._host = host
        self._paths: dict[str, str] = {}
        self._refused: dict[str, str] = {}
        self._generation = 0
        self._contents = contents()

    async def path(self, base: str) -> str:
        """``BASE/…/runtime.php``, written if it is not there yet; "" where that is not possible, see :meth:`refused`. Raises LinkError."""
        if self._generation != self._host.generation:
            self._paths.clear()
        if base not in self._paths:
            now = self._host.last_tick.now or time.time()
            stamp = time.strftime("%m%d%H%M", time.gmtime(now))
            year = time.gmtime(now).tm_year + _YEARS_AHEAD
            day = "0228" if stamp.startswith("0229") else stamp[:4]
            directory, self._refused[base] = await self._host.write_files(
                base, secrets.token_hex(12), f"{year}{day}{stamp[4:]}", self._contents
            )
            self._generation = self._host.generation
            self._paths[base] = f"{directory}/runtime.php" if directory else ""
        return self._paths[base]

    def refused(self, base: str) -> str:
        """Why nothing can be written below *base*, in the server's words: ``Read-only file system``, ``No inodes left``."""
        return self._refused.get(base, "")

    def again(self) -> None:
        """Try once more where nothing could be written."""
        self._paths = {base: path for base, path in self._paths.items() if path}


def contents() -> dict[str, bytes]:
    """The files as they are written, by name: what is appended comes without the lines that begin a file."""
    return {name: _joined(parts) for name, parts in _FILES.items()}


def _joined(parts: tuple[str, ...]) -> bytes:
    first, *more = (files("stalewatch.probe.runtime").joinpath(name).read_bytes() for name in parts)
    return first + b"".join(part.partition(b"namespace Stalewatch;\n")[2] for part in more)
