"""stalewatch.toml and target arguments -> a :class:`~stalewatch.model.inventory.Fleet`. Reads files and the aliases of ssh_config.

Every mistake is one :class:`stalewatch.model.errors.UsageError` that says what is wrong and where.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from stalewatch.config.files import FILE_NAME, SHARED, config_files, read_files, ui_files
from stalewatch.config.merge import plain
from stalewatch.config.names import named
from stalewatch.config.tables import is_socket, read_tables
from stalewatch.model.errors import UsageError
from stalewatch.model.inventory import AppEntry, Fleet, Server
from stalewatch.model.replace import replace
from stalewatch.transport.ssh.aliases import expand, is_glob
from stalewatch.transport.targets import parse_target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalewatch.model.ui import Ui


class Overrides(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line overrides. Empty or None: nothing."""

    app: str = ""
    fpm_socket: str = ""
    ssh_config: str = ""
    timeout: float | None = None
    read_only: bool = False


def load(
    targets: Sequence[str], *, config: str = "", overrides: Overrides | None = None, folder: Path | None = None, shared: Path = SHARED
) -> Fleet:
    """The Fleet to watch. *config*: the file to read; "": *shared*, the user's file and that of *folder* (the working directory), those
    of them that are there.

    *targets* pick configured servers by target or name, or add others; without any: all that are configured, else ``local``.
    Raises UsageError.
    """
    overrides = overrides or Overrides()
    folder = folder or Path.cwd()
    tree = read_files(config_files(config, folder=folder, shared=shared))
    file = read_tables(plain(tree), FILE_NAME)
    known = file.servers
    servers = _pick(targets, known, overrides.ssh_config) if targets else known or (_server("local"),)
    servers = tuple(_override(_guarded(server, known), overrides, folder) for server in named(servers))
    defaults = Fleet(servers=servers)
    return Fleet(
        servers=servers,
        thresholds=file.thresholds,
        logs=file.logs or defaults.logs,
        ssh_config=overrides.ssh_config,
        timeout=overrides.timeout or defaults.timeout,
        read_only=overrides.read_only,
        fixing=file.fixing,
        ui=file.ui,
        ui_files=ui_files(tree),
    )


def own_ui(folder: Path | None = None) -> tuple[Ui, dict[str, str]]:
    """How the dashboard begins, and which file says what of it, as in :class:`~stalewatch.model.inventory.Fleet`: where the servers are not
    those of stalewatch.toml. Raises UsageError."""
    files = [file for file in config_files(folder=folder or Path.cwd()) if file.path.exists()]
    tree = read_files(tuple(files))
    return read_tables(plain(tree), FILE_NAME).ui, ui_files(tree)


def _pick(targets: Sequence[str], known: tuple[Server, ...], ssh_config: str) -> tuple[Server, ...]:
    picked: dict[str, Server] = {}
    for target in targets:
        for server in _match(target, known, ssh_config):
            picked.setdefault(server.target, server)
    return tuple(picked.values())


def _match(target: str, known: tuple[Server, ...], ssh_config: str) -> tuple[Server, ...]:
    if not is_glob(target):
        exact = tuple(server for server in known if target in (server.target, server.name))
        return exact or (_server(target),)
    configured = tuple(server for server in known if fnmatchcase(server.name, target) or fnmatchcase(server.target, target))
    parse_target(target)
    try:
        aliases = expand(target, ssh_config)
    except UsageError:
        if not configured:
            raise
        aliases = []
    covered = {called for server in known for called in (server.target, server.name)}
    return (*configured, *(_server(alias) for alias in aliases if alias not in covered))


def _server(target: str) -> Server:
    parse_target(target)
    return Server(target=target, name="")


def _guarded(server: Server, known: tuple[Server, ...]) -> Server:
    """Read-only is a machine: it is so too for whoever reaches it as another user."""
    at = parse_target(server.target)
    machines = [parse_target(other.target) for other in known if other.read_only]
    return replace(server, read_only=True) if any((at.host, at.port) == (other.host, other.port) for other in machines) else server


def _override(server: Server, overrides: Overrides, folder: Path) -> Server:
    apps = server.apps
    if overrides.app:
        path = _app_path(overrides.app, server, folder)
        apps = tuple(app for app in apps if app.path == path) or (AppEntry(path=path),)
    if overrides.fpm_socket:
        if not is_socket(overrides.fpm_socket):
            raise UsageError(f"--fpm-socket {overrides.fpm_socket!r} is neither an absolute path nor host:port")
        apps = tuple(replace(app, socket=overrides.fpm_socket) for app in apps or (AppEntry(),))
    return replace(server, apps=apps)


def _app_path(path: str, server: Server, folder: Path) -> str:
    if not path.isprintable():
        raise UsageError(f"--app {path!r} contains unprintable characters")
    if server.local and not path.startswith("/"):
        return str((folder / path).resolve())
    if not path.startswith("/"):
        raise UsageError(f"--app {path!r} must be an absolute path on {server.name}")
    return path.rstrip("/") or "/"
