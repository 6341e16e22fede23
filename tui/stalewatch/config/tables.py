"""The tables of stalewatch.toml, checked one by one, so that an error can name the table. Pure."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from stalewatch.model.errors import UsageError
from stalewatch.model.fixing import Fixing
from stalewatch.model.inventory import AppEntry, LogWatch, Server, Thresholds
from stalewatch.model.replace import replace
from stalewatch.model.smoke import Smoke
from stalewatch.model.text import SafeText, safe
from stalewatch.transport.http_exchange import target_of
from stalewatch.transport.ssh.aliases import is_glob
from stalewatch.transport.targets import parse_target

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T", bound=msgspec.Struct)

MAX_WAIT = 3600.0
"""Seconds: a runbook holds the locks of its server meanwhile."""
_SOCKET_HOST = re.compile(r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]")
_PORT = re.compile(r"[0-9]{1,5}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_UNIT = re.compile(r"[A-Za-z0-9:_.\\@][A-Za-z0-9:_.\\@-]*")


class File(msgspec.Struct, frozen=True, kw_only=True):
    """What the file says. *servers* have the name they were given, or ""."""

    servers: tuple[Server, ...] = ()
    thresholds: Thresholds = Thresholds()
    logs: tuple[LogWatch, ...] = ()
    fixing: Fixing = Fixing()


class ServerTable(msgspec.Struct, frozen=True, kw_only=True):
    """``[[server]]`` as it is written; each *app* is an AppEntry, checked by itself so that a mistake can be told with its number."""

    target: str
    name: str = ""
    group: str = ""
    production: bool = False
    read_only: bool = False
    health_url: str = ""
    health_key_file: str = ""
    health_key_env: str = ""
    app: list[dict[str, Any]] = []


TABLES: dict[str, type[msgspec.Struct]] = {"server": ServerTable, "thresholds": Thresholds, "log": LogWatch, "fix": Fixing}
"""What stalewatch.toml is made of: the tables at its top, by name."""


def read_tables(tables: Mapping[str, Any], file: str) -> File:
    """The parsed TOML of *file* as values. Raises UsageError: ``FILE: [[server]] 2: what is wrong``."""
    _check_keys(tables, tuple(TABLES), file)
    servers = tuple(_server(table, f"{file}: {where}") for table, where in _rows(tables, "server", file))
    names = [server.name for server in servers if server.name]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"{file}: [[server]]: two servers are named {shown(twice)}")
    return File(
        servers=servers,
        thresholds=_thresholds(tables.get("thresholds", {}), f"{file}: [thresholds]"),
        logs=tuple(_log(table, f"{file}: {where}") for table, where in _rows(tables, "log", file)),
        fixing=_fixing(tables.get("fix", {}), f"{file}: [fix]"),
    )


def shown(value: object) -> SafeText:
    """*value* as it stands in a message: quoted, and not longer than a message may be."""
    return safe(repr(value), 80)


def is_socket(text: str) -> bool:
    """Whether *text* names a pool's socket: an absolute path, or ``host:port``."""
    if text.startswith("/"):
        return text.isprintable()
    host, _, port = text.rpartition(":")
    return bool(_SOCKET_HOST.fullmatch(host) and _PORT.fullmatch(port) and 0 < int(port) < 65536)


def is_unit(text: str) -> bool:
    """Whether *text* can be the name of a systemd unit, and is no command."""
    return _UNIT.fullmatch(text) is not None


def _server(table: Any, where: str) -> Server:
    row = _convert(table, ServerTable, where)
    try:
        parse_target(row.target)
    except UsageError as error:
        raise UsageError(f"{where}: {error.message}", grant=error.grant) from error
    if is_glob(row.target):
        raise UsageError(f"{where}: target {shown(row.target)}: globs work on the command line only; name each server here")
    for key in ("name", "group"):
        if not getattr(row, key).isprintable():
            raise UsageError(f"{where}: {key} holds control characters")
    _check_health(row, where)
    apps = tuple(_app(table, f"{where}: {at}") for table, at in _rows({"server.app": row.app}, "server.app", where))
    paths = [app.path for app in apps]
    twice = next((path for path in paths if paths.count(path) > 1), None)
    if twice is not None:
        raise UsageError(f"{where}: two apps with the path {shown(twice)}")
    return Server(
        target=row.target,
        name=row.name,
        group=row.group,
        production=row.production,
        read_only=row.read_only,
        health_url=row.health_url,
        health_key_file=row.health_key_file,
        health_key_env=row.health_key_env,
        apps=apps,
    )


def _app(table: Any, where: str) -> AppEntry:
    if isinstance(table, dict) and "smoke" in table:
        _check_smoke(_convert(table["smoke"], Smoke, f"{where}: smoke"), f"{where}: smoke")
    app = _convert(table, AppEntry, where)
    if not app.name.isprintable():
        raise UsageError(f"{where}: name holds control characters")
    if not app.path.startswith("/") or not app.path.isprintable():
        raise UsageError(f"{where}: path {shown(app.path)} must be an absolute path on the server")
    if app.socket and not is_socket(app.socket):
        raise UsageError(f"{where}: socket {shown(app.socket)} is neither an absolute path nor host:port")
    if app.reload and not is_unit(app.reload):
        raise UsageError(f"{where}: reload {shown(app.reload)} is not the name of a systemd unit")
    _check_health(app, where)
    return replace(app, path=app.path.rstrip("/") or "/")


def _check_health(row: AppEntry | ServerTable, where: str) -> None:
    """What one file can say wrong of it; whether URL and key belong together is seen when all files are read."""
    if row.health_url:
        try:
            target_of(row.health_url)
        except ValueError as error:
            raise UsageError(f"{where}: health_url {error}") from None
    if row.health_key_file and not (row.health_key_file.startswith(("/", "~/")) and row.health_key_file.isprintable()):
        raise UsageError(f"{where}: health_key_file {shown(row.health_key_file)} must begin with / or ~/")
    if row.health_key_env and not _VARIABLE.fullmatch(row.health_key_env):
        raise UsageError(f"{where}: health_key_env {shown(row.health_key_env)} is not the name of an environment variable")


def _check_smoke(smoke: Smoke, where: str) -> None:
    if not smoke.path.startswith("/") or not smoke.path.isprintable() or " " in smoke.path:
        raise UsageError(f"{where}: path {shown(smoke.path)} must begin with / and hold no blank")
    if smoke.status and not 100 <= smoke.status <= 599:
        raise UsageError(f"{where}: status {smoke.status} is no HTTP status")


def _thresholds(table: Any, where: str) -> Thresholds:
    thresholds = _convert(table, Thresholds, where)
    if not 0 <= thresholds.hit_rate <= 1:
        raise UsageError(f"{where}: hit_rate {thresholds.hit_rate:g} must be between 0 and 1 (0.85 is 85 %)")
    return thresholds


def _fixing(table: Any, where: str) -> Fixing:
    fixing = _convert(table, Fixing, where)
    if not 0 <= fixing.in_flight_wait <= MAX_WAIT:
        raise UsageError(f"{where}: in_flight_wait {fixing.in_flight_wait:g} must be between 0 and {MAX_WAIT:g} seconds")
    return fixing


def _log(table: Any, where: str) -> LogWatch:
    log = _convert(table, LogWatch, where)
    if not log.path or not log.path.isprintable():
        raise UsageError(f"{where}: path {shown(log.path)} must be a path, relative to the app or absolute")
    if "" in (*log.alarm, *log.reassure):
        raise UsageError(f"{where}: an empty pattern would match every line")
    return log


def _rows(tables: Mapping[str, Any], key: str, where: str) -> list[tuple[Any, str]]:
    rows = tables.get(key, [])
    if not isinstance(rows, list):
        raise UsageError(f"{where}: {key} must be written [[{key}]]: there may be several")
    return [(row, f"[[{key}]] {number}") for number, row in enumerate(rows, start=1)]


def _convert(table: Any, to: type[T], where: str) -> T:
    if not isinstance(table, dict):
        raise UsageError(f"{where}: must be a table, not {shown(table)}")
    _check_keys(table, tuple(field.encode_name for field in msgspec.structs.fields(to)), where)
    try:
        return msgspec.convert(table, to)
    except msgspec.ValidationError as error:
        raise UsageError(f"{where}: {safe(_plain(str(error)), 200)}") from error


def _check_keys(table: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in table:
        if key not in known:
            close = get_close_matches(key, known, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}"
            raise UsageError(f"{where}: unknown key {shown(key)} ({hint})")


def _plain(message: str) -> str:
    """msgspec's messages, reworded: ``Expected `bool`, got `str` - at `$.production```, ``Object missing required field `target```."""
    what, _, path = message.partition(" - at `$.")
    what = what.replace("Object missing required field", "missing key").replace("`", "'")
    return f"{path.rstrip('`')}: {what[:1].lower()}{what[1:]}" if path else what
