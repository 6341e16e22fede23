"""Long-running PHP processes of an application, recognised by their arguments, assigned by these and by their working directory. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model.replace import replace
from stalewatch.model.snapshot import QueueWorker
from stalewatch.model.text import safe
from stalewatch.probe.host.machine import process
from stalewatch.probe.host.parsers.worker_commands import command_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stalewatch.model.snapshot import Process
    from stalewatch.probe.host.discovery import AppLocation
    from stalewatch.probe.host.machine import PhpProcess

_DELETED = " (deleted)"
_NO_RELEASES = frozenset({"shared", "storage", ".dep"})


def queue_workers(found: Iterable[PhpProcess], location: AppLocation, *, alone: bool, boot: float, hz: int) -> tuple[QueueWorker, ...]:
    """The workers of the app at *location*, by pid. *alone*: it is the only Laravel here, so a worker whose directory is not seen
    belongs to it; if there are others, such a worker may belong to any of them (``placed`` False)."""
    workers = []
    for each in found:
        deleted = each.cwd.endswith(_DELETED)
        cwd = each.cwd.removesuffix(_DELETED)
        command = command_of(each.args, cwd)
        if command is None:
            continue
        unseen = not command.where and not cwd
        if location.kind != "laravel" if unseen else not _belongs(command.where or cwd, location):
            continue
        value = process(each.record, " ".join(each.args), boot=boot, hz=hz)
        workers.append(
            QueueWorker(
                kind=command.kind,
                process=_placed(value, cwd, deleted),
                # A path through the link does not show which release it was when the process started; the working directory does.
                release=safe(_release(command.where, location) or _release(cwd, location)),
                holds=command.holds,
                placed=alone or not unseen,
            )
        )
    return tuple(sorted(_served(workers), key=lambda worker: worker.process.pid))


def _served(workers: list[QueueWorker]) -> list[QueueWorker]:
    """Octane's starter runs no request code if its workers are separate processes."""
    if not any(worker.kind == "octane" and worker.holds == "start" for worker in workers):
        return workers
    return [replace(each, holds="none") if each.holds == "unsure" else each for each in workers]


def _belongs(path: str, location: AppLocation) -> bool:
    homes = (location.path, location.root, location.base)
    return bool(path) and any(home and _below(path, home) for home in homes)


def _release(path: str, location: AppLocation) -> str:
    """The release that *path* is in: a real path, "" where it names none (the link itself, or what releases share)."""
    if location.root and _below(path, location.root):
        return location.root
    if not location.root or location.base == location.root or not _below(path, location.base):
        return ""
    names = path[len(location.base) + 1 :].split("/")
    depth = location.root[len(location.base) + 1 :].count("/") + 1 if _below(location.root, location.base) else 1
    if len(names) < depth or not names[0] or names[0] in _NO_RELEASES or f"{location.base}/{names[0]}" == location.path:
        return ""
    return "/".join((location.base, *names[:depth]))


def _below(path: str, home: str) -> bool:
    return path == home or path.startswith(home + "/")


def _placed(value: Process, cwd: str, deleted: bool) -> Process:
    return replace(value, cwd=safe(cwd) if cwd else None, cwd_deleted=deleted)
