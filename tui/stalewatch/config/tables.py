"""The tables of stalewatch.toml, checked one by one, so that an error can name the table. Pure."""

from __future__ import annotations

import re
import unicodedata
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from stalewatch.config.lines import TablePlace
from stalewatch.model.errors import UsageError
from stalewatch.model.fixing import Fixing
from stalewatch.model.inventory import AppEntry, LogWatch, Server, Thresholds
from stalewatch.model.replace import replace
from stalewatch.model.smoke import Smoke
from stalewatch.model.text import SafeText, safe
from stalewatch.model.themes import THEMES
from stalewatch.model.ui import LEAST_INTERVAL, MOST_INTERVAL, Ui
from stalewatch.transport.http_target import target_of
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
    ui: Ui = Ui()


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


TABLES: dict[str, type[msgspec.Struct]] = {"server": ServerTable, "thresholds": Thresholds, "log": LogWatch, "fix": Fixing, "ui": Ui}
"""What stalewatch.toml is made of: the tables at its top, by name."""


def read_tables(tables: Mapping[str, Any], file: str, text: str = "") -> File:
    """The parsed TOML of *file* as values. Raises UsageError: ``FILE:LINE: [[server]] 2: what is wrong``; the line is that of *text*, the
    file's ("": no line is told)."""
    top = TablePlace(file, text)
    _check_keys(tables, tuple(TABLES), top)
    servers = tuple(_server(table, where) for table, where in _rows(tables, "server", top))
    names = [server.name for server in servers if server.name]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        second = max(number for number, server in enumerate(servers) if server.name == twice)
        raise top.inside("server", second, shown="[[server]]").wrong(f"two servers are named {shown(twice)}", "name")
    return File(
        servers=servers,
        thresholds=_thresholds(tables.get("thresholds", {}), top.inside("thresholds", shown="[thresholds]")),
        logs=tuple(_log(table, where) for table, where in _rows(tables, "log", top)),
        fixing=_fixing(tables.get("fix", {}), top.inside("fix", shown="[fix]")),
        ui=_ui(tables.get("ui", {}), top.inside("ui", shown="[ui]")),
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


def _shows_nothing(text: str) -> bool:
    """Whether nobody would see *text*, which is not left out: blanks, and accents without a letter."""
    return bool(text) and all(unicodedata.category(char)[0] in "MZ" for char in text)


def _server(table: Any, where: TablePlace) -> Server:
    row = _convert(table, ServerTable, where)
    try:
        parse_target(row.target)
    except UsageError as error:
        raise where.wrong(error.message, "target", grant=error.grant) from error
    if is_glob(row.target):
        raise where.wrong(f"target {shown(row.target)}: globs work on the command line only; name each server here", "target")
    for key in ("name", "group"):
        if not getattr(row, key).isprintable():
            raise where.wrong(f"{key} holds control characters", key)
        if _shows_nothing(getattr(row, key)):
            raise where.wrong(f"{key} is blank", key)
    _check_health(row, where)
    apps = tuple(_app(table, at) for table, at in _rows({"app": row.app}, "app", where, "server.app"))
    paths = [app.path for app in apps]
    twice = next((path for path in paths if paths.count(path) > 1), None)
    if twice is not None:
        second = max(number for number, path in enumerate(paths) if path == twice)
        raise where.wrong(f"two apps with the path {shown(twice)}", "app", second, "path")
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


def _app(table: Any, where: TablePlace) -> AppEntry:
    if isinstance(table, dict) and "smoke" in table:
        smoke = where.inside("smoke", shown="smoke")
        _check_smoke(_convert(table["smoke"], Smoke, smoke), smoke)
    app = _convert(table, AppEntry, where)
    if not app.name.isprintable():
        raise where.wrong("name holds control characters", "name")
    if _shows_nothing(app.name):
        raise where.wrong("name is blank", "name")
    if not app.path.startswith("/") or not app.path.isprintable():
        raise where.wrong(f"path {shown(app.path)} must be an absolute path on the server", "path")
    if app.socket and not is_socket(app.socket):
        raise where.wrong(f"socket {shown(app.socket)} is neither an absolute path nor host:port", "socket")
    if app.reload and not is_unit(app.reload):
        raise where.wrong(f"reload {shown(app.reload)} is not the name of a systemd unit", "reload")
    _check_health(app, where)
    return replace(app, path=app.path.rstrip("/") or "/")


def _check_health(row: AppEntry | ServerTable, where: TablePlace) -> None:
    """What one file can say wrong of it; whether URL and key belong together is seen when all files are read."""
    if row.health_url:
        try:
            target_of(row.health_url)
        except ValueError as error:
            raise where.wrong(f"health_url {error}", "health_url") from None
    if row.health_key_file and not (row.health_key_file.startswith(("/", "~/")) and row.health_key_file.isprintable()):
        raise where.wrong(f"health_key_file {shown(row.health_key_file)} must begin with / or ~/", "health_key_file")
    if row.health_key_env and not _VARIABLE.fullmatch(row.health_key_env):
        raise where.wrong(f"health_key_env {shown(row.health_key_env)} is not the name of an environment variable", "health_key_env")


def _check_smoke(smoke: Smoke, where: TablePlace) -> None:
    if not smoke.path.startswith("/") or not smoke.path.isprintable() or " " in smoke.path:
        raise where.wrong(f"path {shown(smoke.path)} must begin with / and hold no blank", "path")
    if smoke.status and not 100 <= smoke.status <= 599:
        raise where.wrong(f"status {smoke.status} is no HTTP status", "status")


def _thresholds(table: Any, where: TablePlace) -> Thresholds:
    thresholds = _convert(table, Thresholds, where)
    if not 0 <= thresholds.hit_rate <= 1:
        raise where.wrong(f"hit_rate {thresholds.hit_rate:g} must be between 0 and 1 (0.85 is 85 %)", "hit_rate")
    return thresholds


def _fixing(table: Any, where: TablePlace) -> Fixing:
    fixing = _convert(table, Fixing, where)
    if not 0 <= fixing.in_flight_wait <= MAX_WAIT:
        raise where.wrong(f"in_flight_wait {fixing.in_flight_wait:g} must be between 0 and {MAX_WAIT:g} seconds", "in_flight_wait")
    return fixing


def _ui(table: Any, where: TablePlace) -> Ui:
    keys = table.get("keys") if isinstance(table, dict) else None
    for action, key in keys.items() if isinstance(keys, dict) else ():
        if not isinstance(key, str) and not (isinstance(key, list) and all(isinstance(one, str) for one in key)):
            raise where.wrong(f"keys: {safe(action, 40)}: must be a key or a list of keys, not {shown(key)}", "keys", action)
    ui = _convert(table, Ui, where)
    if ui.theme and ui.theme not in THEMES:
        raise where.wrong(f"no theme is called {shown(ui.theme)}", "theme", grant=f"known are {', '.join(THEMES)}")
    if not LEAST_INTERVAL <= ui.interval <= MOST_INTERVAL:
        raise where.wrong(f"interval {ui.interval:g} must be between {LEAST_INTERVAL:g} and {MOST_INTERVAL:g} seconds", "interval")
    return ui


def _log(table: Any, where: TablePlace) -> LogWatch:
    log = _convert(table, LogWatch, where)
    if not log.path or not log.path.isprintable():
        raise where.wrong(f"path {shown(log.path)} must be a path, relative to the app or absolute", "path")
    if "" in (*log.alarm, *log.reassure):
        raise where.wrong("an empty pattern would match every line", "alarm" if "" in log.alarm else "reassure")
    return log


def _rows(tables: Mapping[str, Any], key: str, where: TablePlace, written: str = "") -> list[tuple[Any, TablePlace]]:
    """The tables of the list *key*, which is *written* so where it is below another one."""
    rows = tables.get(key, [])
    written = written or key
    if not isinstance(rows, list):
        raise where.wrong(f"{written} must be written [[{written}]]: there may be several", key)
    return [(row, where.inside(key, number, shown=f"[[{written}]] {number + 1}")) for number, row in enumerate(rows)]


def _convert(table: Any, to: type[T], where: TablePlace) -> T:
    if not isinstance(table, dict):
        raise where.wrong(f"must be a table, not {shown(table)}")
    _check_keys(table, tuple(field.encode_name for field in msgspec.structs.fields(to)), where)
    try:
        return msgspec.convert(table, to)
    except msgspec.ValidationError as error:
        at = re.search(r" - at `\$\.(\w+)", str(error))
        key = at[1] if at else ""
        choices = _choices(to, key) if "enum" in str(error) else ""
        raise where.wrong(safe(_plain(str(error)), 200), *([key] if key else []), grant=choices and f"known are {choices}") from error


def _check_keys(table: Mapping[str, Any], known: tuple[str, ...], where: TablePlace) -> None:
    for key in table:
        if key not in known:
            close = get_close_matches(key, known, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}"
            raise where.wrong(f"unknown key {shown(key)} ({hint})", key)


def _choices(table: type[msgspec.Struct], key: str) -> str:
    kind = next(field.type for field in msgspec.inspect.type_info(table).fields if field.encode_name == key)  # type: ignore[attr-defined]
    if isinstance(kind, msgspec.inspect.EnumType):
        return ", ".join(one.value for one in kind.cls)
    return ", ".join(map(str, kind.values)) if isinstance(kind, msgspec.inspect.LiteralType) else ""


_WORDS = {"str": "text", "bool": "true or false", "array": "a list", "object": "a table", "int": "a whole number", "float": "a number"}


def _plain(message: str) -> str:
    """msgspec's messages, reworded: ``Expected `bool`, got `str` - at `$.production```, ``Object missing required field `target```."""
    what, _, path = message.partition(" - at `$.")
    if types := re.fullmatch(r"Expected `(.+)`, got `(.+)`", what):
        wanted, found = (" or ".join(_WORDS.get(one, one) for one in kind.split(" | ")) for kind in types.groups())
        what = f"must be {wanted}, not {found}"
    what = what.replace("Object missing required field", "missing key").replace("`", "'")
    return f"{path.rstrip('`')}: {what[:1].lower()}{what[1:]}" if path else what
