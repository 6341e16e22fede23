"""How a command is written for one app on one server: as whom, with which sudo, and how sudoers permits it.

A command is a tuple of words; the shell text is made in one place, by shlex. ``artisan *`` in sudoers would be ``artisan tinker``, so
every line is exact.
"""

from __future__ import annotations

import posixpath
import re
import shlex

import msgspec

ARTISAN_FLAGS = ("--no-interaction", "--no-ansi")

_SUDO = "sudo -n "
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9:_.@-]*")
_SUDOERS_SPECIAL = ",:=#\\*?[]!"
"""What sudoers(5) gives a meaning inside a command's arguments."""


class Command(msgspec.Struct, frozen=True):
    """*argv* without any sudo, to be run as *user* ("": whoever is logged in)."""

    argv: tuple[str, ...]
    user: str = ""


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """How one app on one server is reached by commands. *login*: who we are on the server; *user*: the pool's; *root*: the app's path as
    configured. *file_cache*: the pool's ``opcache.file_cache`` ("" none). *code*: the folder with the app's code, in all of its releases
    ("": *root*). *workers*: whether Horizon and Octane may be restarted too.
    *environment*: that a Symfony application is served in ("" it is none, or nothing is compiled). *script*: PHP that gives artisan and
    bin/console the environment of the pool ("" it has none of its own). *lacks*: the version of the pool's PHP, where the server has no
    *php* of it.
    *master*: the FPM master's pid where a reload has to be a signal to it, because *unit* is not its own (0: it is). *title*: what /proc
    must still call it then. *fpm_config*: the master's, where it is not its binary's usual one; *fpm_options*: what
    else it was started with that changes what it means. *main*: the master's pid where *unit* is its own (0: not known).
    *worker_users*: kind and user of workers that get a signal and are not the pool's user's: nobody else may send it.
    """

    login: str
    user: str
    root: str
    unit: str = ""
    php: str = "/usr/bin/php"
    fpm_binary: str = ""
    file_cache: str = ""
    code: str = ""
    workers: bool = False
    environment: str = ""
    script: str = ""
    lacks: str = ""
    master: int = 0
    title: str = ""
    fpm_config: str = ""
    fpm_options: tuple[str, ...] = ()
    main: int = 0
    worker_users: tuple[tuple[str, str], ...] = ()

    def artisan(self, name: str) -> Command:
        """``artisan NAME`` as the pool's user, so that what it writes can be rewritten by FPM."""
        return Command((self.php, f"{self.root}/artisan", name, *ARTISAN_FLAGS), self.user)

    def restart(self, kind: str, name: str) -> Command:
        """``artisan NAME``, or ``bin/console NAME``, which restarts workers of *kind*: as their own user where they get a signal."""
        if kind == "messenger":
            return self.console(name)
        return Command(self.artisan(name).argv, dict(self.worker_users).get(kind, self.user))

    def in_the_pools_environment(self, name: str) -> Command:
        """``artisan NAME`` where the environment decides what it does."""
        return Command((*self._php_as_the_pool, f"{self.root}/artisan", name, *ARTISAN_FLAGS), self.user)

    def console(self, name: str) -> Command:
        """Symfony's ``bin/console NAME`` as the pool's user, in the pool's environment, for the one of Symfony's that is served."""
        words = (f"{self.root}/bin/console", name, f"--env={self.environment}", "--no-debug")
        return Command((*self._php_as_the_pool, *words, *ARTISAN_FLAGS), self.user)

    @property
    def _php_as_the_pool(self) -> tuple[str, ...]:
        return (self.php, "-d", f"auto_prepend_file={self.script}") if self.script else (self.php,)

    def text(self, command: Command) -> str:
        """*command* as the login user types it on the server: with ``sudo -n``, ``runuser`` (from root) or nothing before it."""
        return shlex.join((*self._become(command.user), *command.argv))

    def _become(self, user: str) -> tuple[str, ...]:
        if user in ("", self.login):
            return ()
        if self.login == "root":
            return ("runuser", "-u", user, "--")
        return ("sudo", "-n") if user == "root" else ("sudo", "-n", "-u", user)


def may_run(text: str) -> str:
    """The line that tells, without running it, whether sudo permits the command *text* ("" when it needs no sudo)."""
    return f"sudo -n -l {text.removeprefix(_SUDO)}" if text.startswith(_SUDO) else ""


def fpm_binary(seen: str, config_path: str, unit: str) -> str:
    """The path of the FPM binary ("" not known). *seen* is what /proc tells: only root may read the master's exe, others get its name."""
    if usable(seen):
        return seen
    if re.fullmatch(r"php-fpm[0-9.]*", seen):
        return f"/usr/sbin/{seen}"
    version = re.match(r"/etc/php/(\d+\.\d+)/fpm/", config_path) or re.fullmatch(r"php(\d+\.\d+)-fpm(?:\.service)?", unit)
    return f"/usr/sbin/php-fpm{version[1]}" if version else ""


def code_folder(path: str, real: str) -> str:
    """The folder that holds the code of an app in all of its releases: *path* as configured may be a link to *real*. A folder right below
    / is nobody's own."""
    both = posixpath.commonpath((path, real))
    return both if both.count("/") > 1 else real


def usable_name(name: str) -> bool:
    """Whether *name* may stand in a command as a user or unit."""
    return _NAME.fullmatch(name) is not None


def usable(path: str) -> bool:
    """Whether *path* may stand in a command: absolute, and not one that text.py had to change (those hold a backslash or an ellipsis)."""
    return path.startswith("/") and path.isprintable() and "\\" not in path and not path.endswith("…")


def permit(text: str, login: str = "LOGIN") -> str:
    """The line of sudoers(5) that permits *login* the command *text* (``sudo -n [-u USER] …``)."""
    words = shlex.split(text.removeprefix(_SUDO))
    user, argv = (words[1], words[2:]) if words[:1] == ["-u"] else ("root", words)
    return f"{login} ALL=({user}) NOPASSWD: {' '.join(map(_escape, argv))}"


def _escape(word: str) -> str:
    return "".join(f"\\{char}" if char in _SUDOERS_SPECIAL or char.isspace() else char for char in word)
