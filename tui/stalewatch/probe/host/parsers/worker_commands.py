"""Which PHP command lines are long-running workers of a Laravel or Symfony application, and what code such a process holds. Pure."""

from __future__ import annotations

import posixpath
import re
from typing import Literal, NamedTuple

Kind = Literal["queue", "horizon", "octane", "schedule", "reverb", "messenger", "other"]
Holds = Literal["start", "none", "unsure", "unknown"]

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
_CONSOLE: dict[str, tuple[Kind, Holds]] = {
    "messenger:consume": ("messenger", "start"),
    "messenger:consume-messages": ("messenger", "start"),
    "enqueue:consume": ("other", "start"),
    "rabbitmq:consumer": ("other", "start"),
    "rabbitmq:multiple-consumer": ("other", "start"),
    "server:run": ("other", "none"),
}
_SWOOLE = "swoole_http_server: "
_PHP = re.compile(r"(^|/)php[\d.]*(-cli|-zts)?$")
_TAKES_VALUE = frozenset({"-c", "-d", "-z", "-t", "-S"})
_NO_SCRIPT = frozenset({"-a", "-r", "-R", "-B", "-i", "-m", "-v", "-l", "-s", "-w", "-S"})
_TOOLS = re.compile(r"(^|/)(composer|phpunit|pest|phpstan|psalm|pint|rector|deployer|dep|wp|wp-cli|drush)(\.phar)?$|(^|/)vendor/bin/")
_BY_HAND = frozenset({"", "tinker", "serve", "list", "help"})
LONG = 600.0
"""Seconds after which a console command without a known name is no migration or import any more."""
SCRIPT = 60.0
"""The same for another script that a shell or cron has started."""


class WorkerCommand(NamedTuple):
    """One worker's command line. *where*: the application's directory as its arguments name it ("" they name none, or relative).
    *script*: the file that it runs, as its arguments name it. *patience*: seconds after which it counts as long-running by itself."""

    kind: Kind
    holds: Holds
    where: str = ""
    script: str = ""
    patience: float = 0.0


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
            return _of_console(_COMMANDS, args[index + 1 :], arg, _absolute(folder, cwd))
        if name == "console" and folder.rpartition("/")[2] == "bin":
            return _of_console(_CONSOLE, args[index + 1 :], arg, _absolute(folder, cwd).rpartition("/")[0])
        if name == "roadrunner-worker":
            return WorkerCommand("octane", "start", _absolute(folder, cwd).partition("/vendor/")[0])
        if name == "swoole-server":
            return WorkerCommand("octane", "none", _absolute(folder, cwd).partition("/vendor/")[0])
    return _of_script(args, cwd)


def _of_console(names: dict[str, tuple[Kind, Holds]], words: tuple[str, ...], script: str, where: str) -> WorkerCommand | None:
    word = _first_word(words)
    if word in _BY_HAND:
        return None
    if word in names:
        return WorkerCommand(*names[word], where, script)
    return WorkerCommand("other", "unknown", where, script, LONG)


def _of_script(args: tuple[str, ...], cwd: str) -> WorkerCommand | None:
    """A PHP of one's own: by its script, or (it calls itself something) by its working directory."""
    if not args or not args[0]:
        return None
    if not _PHP.search(args[0]):
        return WorkerCommand("other", "unknown", cwd, patience=SCRIPT) if cwd else None
    script = _script(args[1:])
    if not script or _TOOLS.search(script):
        return None
    return WorkerCommand("other", "unknown", _absolute(script.rpartition("/")[0], cwd), script, SCRIPT)


def _script(words: tuple[str, ...]) -> str:
    """The file that ``php`` runs with these arguments, "" none: code from the command line, or PHP's own web server."""
    value = False
    for index, word in enumerate(words):
        if value:
            value = False
        elif word in _NO_SCRIPT:
            return ""
        elif word in ("--", "-f"):
            return (*words[index + 1 :], "")[0]
        elif not word.startswith("-"):
            return word
        value = word in _TAKES_VALUE
    return ""


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
