"""Which PHP command lines are long-running workers of a Laravel application, and what code such a process holds. Pure."""

from __future__ import annotations

import posixpath
from typing import Literal, NamedTuple

Kind = Literal["queue", "horizon", "octane", "schedule", "reverb", "other"]
Holds = Literal["start", "none", "unsure"]

_COMMANDS: dict[str, tuple[Kind, Holds]] = {
    "queue:work": ("queue", "start"),
    "queue:listen": ("queue", "none"),
    "horizon": ("horizon", "start"),
    "horizon:supervisor": ("horizon", "start"),
    "horizon:work": ("horizon", "start"),
    "octane:start": ("octane", "unsure"),
    "octane:swoole": ("octane", "unsure"),
    "octane:roadrunner": ("octane", "unsure"),
    "octane:frankenphp": ("octane", "unsure"),
    "schedule:work": ("schedule", "none"),
    "reverb:start": ("reverb", "start"),
    "pulse:check": ("other", "start"),
    "pulse:work": ("other", "start"),
    "websockets:serve": ("other", "start"),
}
_SWOOLE = "swoole_http_server: "


class WorkerCommand(NamedTuple):
    """One worker's command line. *where*: the application's directory as its arguments name it ("" they name none, or relative)."""

    kind: Kind
    holds: Holds
    where: str = ""


def command_of(args: tuple[str, ...], cwd: str) -> WorkerCommand | None:
    """What *args* (as /proc has them, or as the process calls itself) run; None for anything that is no worker.

    queue:listen and schedule:work start a new PHP for each job or minute. Octane's servers do so at octane:reload, all but FrankenPHP,
    whose workers are threads.
    """
    if args and args[0].startswith(_SWOOLE):
        return WorkerCommand("octane", "start" if "worker process" in args[0] else "none")
    for index, arg in enumerate(args):
        folder, _, name = arg.rpartition("/")
        if name == "artisan":
            known = _COMMANDS.get(_first_word(args[index + 1 :]))
            return WorkerCommand(*known, where=_absolute(folder, cwd)) if known else None
        if name == "roadrunner-worker":
            return WorkerCommand("octane", "start", _absolute(folder, cwd).partition("/vendor/")[0])
        if name == "swoole-server":
            return WorkerCommand("octane", "none", _absolute(folder, cwd).partition("/vendor/")[0])
    return None


def _first_word(words: tuple[str, ...]) -> str:
    """The command's name: artisan takes its common options also before it."""
    value = False
    for word in words:
        if not word.startswith("-") and not value:
            return word
        value = word == "--env"
    return ""


def _absolute(folder: str, cwd: str) -> str:
    if folder.startswith("/"):
        return folder
    return posixpath.normpath(posixpath.join(cwd, folder)) if cwd else ""
