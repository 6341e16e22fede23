"""stalewatch.toml and host arguments -> a Fleet of Servers and Apps. Values here; reading the file is :mod:`stalewatch.config.load`."""

from __future__ import annotations

import msgspec

from stalewatch.model.fixing import Fixing
from stalewatch.model.smoke import Smoke
from stalewatch.model.ui import Ui

AppKey = tuple[str, str]
"""One app on one server: (the server's name, the app's path)."""


class AppEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One app to watch. Empty fields are discovered. *socket* is a unix path or ``host:port``; *reload* a unit name; *smoke* the request
    that it must answer; *health_url* where a page of it tells what its PHP holds, with the key in a file or an environment variable."""

    path: str = ""
    name: str = ""
    socket: str = ""
    reload: str = ""
    smoke: Smoke = Smoke()
    health_url: str = ""
    health_key_file: str = ""
    health_key_env: str = ""


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """One machine reached by one link. *target* as on the command line (``user@host:port``, ssh alias, ``local``); *name* is
    what panes say. *read_only*: it is watched, and no key and no command acts on it. *health_url* and its
    key: of every app that has no own one.

    *apps* empty: every app that is discovered.
    """

    target: str
    name: str
    group: str = ""
    production: bool = False
    read_only: bool = False
    health_url: str = ""
    health_key_file: str = ""
    health_key_env: str = ""
    apps: tuple[AppEntry, ...] = ()

    @property
    def local(self) -> bool:
        return self.target == "local"


class Thresholds(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """*hit_rate* in 0..1: below it is a warning."""

    hit_rate: float = 0.85


class LogWatch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A log to follow, relative to the app root or absolute. *alarm* and *reassure* are plain substrings."""

    path: str
    alarm: tuple[str, ...] = ()
    reassure: tuple[str, ...] = ()


DEFAULT_LOGS = (LogWatch(path="storage/logs/laravel.log"),)


class Fleet(msgspec.Struct, frozen=True, kw_only=True):
    """Everything to watch, and how. *ui_files*: by key of *ui* (``theme``, ``keys.ACTION``) the file that says it."""

    servers: tuple[Server, ...]
    thresholds: Thresholds = Thresholds()
    logs: tuple[LogWatch, ...] = DEFAULT_LOGS
    ssh_config: str = ""
    timeout: float = 10.0
    read_only: bool = False
    fixing: Fixing = Fixing()
    ui: Ui = Ui()
    ui_files: dict[str, str] = {}

    @property
    def read_only_servers(self) -> frozenset[str]:
        """The names of the servers that the configuration lets nobody act on."""
        return frozenset(server.name for server in self.servers if server.read_only)

    @property
    def units(self) -> dict[AppKey, str]:
        """Reload units that the configuration names, by (server, app path)."""
        return {(server.name, app.path): app.reload for server in self.servers for app in server.apps if app.reload}

    @property
    def smokes(self) -> dict[AppKey, Smoke]:
        """The smoke requests that the configuration names, by (server, app path)."""
        return {(server.name, app.path): app.smoke for server in self.servers for app in server.apps}

    def belongs(self, server: str, app: str) -> str:
        """Which app a pane shows: its name in the configuration, else its path; within the server's group (staging is not production)."""
        for entry in self.servers:
            if entry.name == server:
                name = next((named.name for named in entry.apps if named.path == app and named.name), app)
                return f"{entry.group}\n{name}"
        return app
