"""Long-running PHP processes of an application, told by their arguments. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from tui.probe.machine import process
from tui.snapshot import QueueWorker
from tui.text import safe

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tui.probe.machine import PhpProcess
    from tui.probe.places import Place
    from tui.snapshot import Process

Kind = Literal["queue", "horizon", "octane", "schedule", "reverb", "other"]
_COMMANDS: tuple[tuple[str, Kind], ...] = (
    ("queue:work", "queue"),
    ("queue:listen", "queue"),
    ("horizon", "horizon"),
    ("octane:", "octane"),
    ("schedule:work", "schedule"),
    ("reverb:start", "reverb"),
    ("pulse:", "other"),
    ("websockets:serve", "other"),
)
_DELETED = " (deleted)"


def queue_workers(found: Iterable[PhpProcess], place: Place, *, alone: bool, boot: float, hz: int) -> tuple[QueueWorker, ...]:
    """Those of *place*. *alone*: it is the only application here, so a worker whose place cannot be seen is its."""
    workers = []
    for each in found:
        kind, artisan = _kind(each.args)
        if kind is None:
            continue
        deleted = each.cwd.endswith(_DELETED)
        cwd = each.cwd.removesuffix(_DELETED)
        release = artisan.rpartition("/")[0] if artisan.startswith("/") else cwd
        if not _belongs(release, place) and not (alone and not release):
            continue
        value = process(each.record, " ".join(each.args), boot=boot, hz=hz, user=each.user)
        workers.append(
            QueueWorker(
                kind=kind,
                process=_placed(value, cwd, deleted),
                # A path through the link does not tell which release it was when the process started; the working directory does.
                release=safe(cwd if cwd and _belongs(cwd, place) else release if release.startswith(place.root) else ""),
            )
        )
    return tuple(sorted(workers, key=lambda worker: worker.process.pid))


def _kind(args: tuple[str, ...]) -> tuple[Kind | None, str]:
    for index, arg in enumerate(args[:-1]):
        if arg.rpartition("/")[2] == "artisan":
            command = args[index + 1]
            return next((kind for prefix, kind in _COMMANDS if command.startswith(prefix)), None), arg
    return None, ""


def _belongs(path: str, place: Place) -> bool:
    homes = (place.path, place.root, place.base)
    return bool(path) and any(home and (path == home or path.startswith(home + "/")) for home in homes)


def _placed(value: Process, cwd: str, deleted: bool) -> Process:
    return msgspec.structs.replace(value, cwd=safe(cwd) if cwd else None, cwd_deleted=deleted)
