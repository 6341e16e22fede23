"""Long-running PHP processes of an application, recognised by their arguments, assigned by these and by their working directory. Pure."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from stalewatch.model.replace import replace
from stalewatch.model.snapshot import CronLine, QueueWorker
from stalewatch.model.text import safe
from stalewatch.probe.host.machine import process
from stalewatch.probe.host.parsers.worker_commands import LONG, command_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stalewatch.model.snapshot import Process
    from stalewatch.probe.host.discovery import AppLocation
    from stalewatch.probe.host.parsers.records import FileRecord
    from stalewatch.probe.host.parsers.worker_commands import WorkerCommand
    from stalewatch.probe.host.php_processes import CronPath, PhpProcess

_CONSOLES = {"artisan": "laravel", "console": "symfony"}
_HORIZONS_OWN = frozenset({"horizon:supervisor", "horizon:work"})
_DELETED = " (deleted)"
_NO_RELEASES = frozenset({"shared", "storage", ".dep"})


def queue_workers(
    found: Iterable[PhpProcess],
    location: AppLocation,
    *,
    alone: bool,
    boot: float,
    hz: int,
    now: float = 0.0,
    sources: Mapping[str, FileRecord] = MappingProxyType({}),
) -> tuple[QueueWorker, ...]:
    """The workers of the app at *location*, by pid. *alone*: it is the only Laravel here, so a worker whose directory is not seen
    belongs to it; if there are others, such a worker may belong to any of them (``placed`` False). *sources*: the app's files by path."""
    workers = []
    for each in found:
        deleted = each.cwd.endswith(_DELETED)
        cwd = each.cwd.removesuffix(_DELETED)
        command = command_of(each.args, cwd)
        if command is None:
            continue
        unseen = not command.where and not cwd
        if not (_may_run(command, location, sources) if unseen else _belongs(command.where or cwd, location)):
            continue
        value = process(each.record, _title(each, command), boot=boot, hz=hz)
        if command.holds == "unknown" and not _lasts(each, command, now - value.started):
            continue
        own = sources.get(command.script if command.script.startswith("/") else f"{location.root}/{command.script}")
        workers.append(
            QueueWorker(
                kind=command.kind,
                process=_placed(value, cwd, deleted),
                # A path through the link does not show which release it was when the process started; the working directory does.
                release=safe(_release(command.where, location) or _release(cwd, location)),
                holds=command.holds,
                placed=alone or not unseen,
                binary=each.binary,
                replaced=each.exe.endswith(_DELETED) if each.exe else None,
                script=own.stat(location.root) if own is not None and command.holds == "unknown" else None,
                user=safe(each.user),
                unit=safe(each.unit),
                supervisor=safe(each.supervisor),
                orphan=each.adopted and any(arg in _HORIZONS_OWN for arg in each.args),
            )
        )
    return tuple(sorted(_served(workers), key=lambda worker: worker.process.pid))


def cron_lines(found: Iterable[CronPath] | None, location: AppLocation) -> tuple[CronLine, ...] | None:
    """The lines of cron that name a release of the app at *location*, whichever. None: not looked at."""
    if found is None:
        return None
    named = ((each.line, _release(each.path, location)) for each in found)
    return tuple(CronLine(line=safe(line), release=safe(release)) for line, release in dict.fromkeys(named) if release)


def _title(found: PhpProcess, command: WorkerCommand) -> str:
    """Its command line; of a command that we do not know only what it runs: its arguments may be secret."""
    if command.holds != "unknown" or command.script not in found.args:
        return " ".join(found.args) if command.holds != "unknown" else found.args[0]
    cut = found.args.index(command.script) + 1
    return " ".join(("php", *found.args[cut - 1 : cut], *(found.args[cut : cut + 1] if command.patience == LONG else ())))


def _may_run(command: WorkerCommand, location: AppLocation, sources: Mapping[str, FileRecord]) -> bool:
    """Whether a process whose directory is not seen may be the app's: by what its script is called."""
    name = command.script.rpartition("/")[2]
    if name in _CONSOLES:
        return location.kind == _CONSOLES[name]
    return f"{location.root}/{command.script}" in sources if command.holds == "unknown" else location.kind == "laravel"


def _lasts(found: PhpProcess, command: WorkerCommand, age: float) -> bool:
    """Whether a process without a known name is long-running, and no migration, import or deploy step."""
    own = command.patience != LONG and found.record.parent <= 1
    return own or found.supervised or age >= command.patience


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
