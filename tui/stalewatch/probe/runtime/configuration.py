"""Which files of the configuration a pool is asked about: those that changed after its master started. Pure."""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING, NamedTuple

from stalewatch.probe.host.parsers.fpm_config import chroot_of

if TYPE_CHECKING:
    from stalewatch.model.snapshot import Pool
    from stalewatch.probe.host.machine import Master


class Question(NamedTuple):
    """*asked*: the files to compare with what the pool runs. *ini*, *files*: every file of PHP and of FPM, in the order in which they are
    read, because a later one overrides. *pool*: its name. *caches*: cached configurations of Laravel, and the folders of their sources."""

    asked: tuple[str, ...]
    ini: tuple[str, ...]
    files: tuple[str, ...]
    pool: str
    caches: tuple[tuple[str, str], ...] = ()

    def body(self) -> dict[str, object]:
        """As the pool is sent it."""
        return {"asked": self.asked, "ini": self.ini, "files": self.files, "pool": self.pool, "caches": self.caches}


def question(master: Master | None, pool: Pool | None, boot: float, hz: int, caches: tuple[tuple[str, str], ...] = ()) -> Question | None:
    """None where nothing changed since the master started and there are no *caches*, or where it cannot be asked. *boot*: epoch seconds,
    0.0 not known; *hz*: ticks
    of a process's start."""
    if master is None or master.record is None or pool is None or not boot or chroot_of(pool.settings):
        return None
    started = boot + master.record.ticks / hz
    files = [str(file.path) for file in master.files]
    ini = sorted((path for path in files if path.endswith(".ini")), key=lambda path: (not path.endswith("/php.ini"), path))
    fpm = sorted((path for path in files if path.endswith(".conf")), key=lambda path: (path != master.config_path, path))
    changed = {str(file.path) for file in master.files if floor(file.ctime) > started}
    asked = tuple(path for path in (*ini, *fpm) if path in changed)
    read = tuple(ini) if any(path in asked for path in ini) else ()
    return Question(asked, read, tuple(fpm), str(pool.name), caches) if asked or caches else None
