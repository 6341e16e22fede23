"""Which files make the configuration, and what they say together. Every mistake is a UsageError that names its file."""

from __future__ import annotations

import os
import re
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from stalewatch.config.lines import line_of
from stalewatch.config.merge import NAMED_BY, Told, Tree, file_of, merged, plain, rows_of, told, value_of
from stalewatch.config.names import named
from stalewatch.config.own_files import read_own
from stalewatch.config.tables import read_tables
from stalewatch.model import figures
from stalewatch.model.errors import UsageError
from stalewatch.model.fixing import Fixing
from stalewatch.model.inventory import DEFAULT_LOGS, Thresholds
from stalewatch.model.text import safe
from stalewatch.model.ui import Ui

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE_NAME = "stalewatch.toml"
SHARED = Path("/etc") / FILE_NAME
MAX_BYTES = 4 * 1024 * 1024
"""10,000 servers take a quarter of it."""
MAX_DOTS = 1_000
"""In one line: the time that tomllib takes for a dotted key grows with their square."""
_PLACED = re.compile(r" \(at line (\d+), column (\d+)\)")


class ConfigFile(NamedTuple):
    """A file that is read if it is there. *shown*: what messages call it; *whose*: for whom it holds. *required*: it was asked for."""

    path: Path
    shown: str
    whose: str
    required: bool = False


def config_files(config: str = "", *, folder: Path, shared: Path = SHARED) -> tuple[ConfigFile, ...]:
    """The files to read, the nearest last. *config*: that file alone; "": *shared*, the user's, and that of *folder*."""
    if config:
        return (ConfigFile(Path(config), config, "--config", required=True),)
    files = [ConfigFile(shared, str(shared), "everybody on this machine")]
    if (user := _of_user()) is not None:
        files.append(ConfigFile(user, str(user), "you"))
    files.append(ConfigFile(folder / FILE_NAME, FILE_NAME, "this directory"))
    nearest = {os.path.realpath(file.path): file for file in files}  # Path.resolve fails where links go round in a circle
    return tuple(file for file in files if nearest[os.path.realpath(file.path)] is file)


def told_at(files: Mapping[str, str], key: str) -> str:
    """``FILE:LINE`` of a *key* of ``[ui]``, or of ``[ui.keys]`` (``keys.ACTION``), by the *files* of :func:`ui_files`."""
    file = files.get(key, FILE_NAME)
    line = 0
    with suppress(OSError, ValueError):
        line = line_of(_text(read_own(Path(file), MAX_BYTES)), ("ui", *key.split(".", 1)))
    return f"{file}:{line}" if line else file


def ui_files(tree: Tree) -> dict[str, str]:
    """Of each key of ``[ui]`` the file that says it, and of each of ``[ui.keys]`` (``keys.ACTION``)."""
    ui = tree.get("ui", {})
    ui = ui if isinstance(ui, dict) else {}
    keys = ui.get("keys", {})
    keys = keys if isinstance(keys, dict) else {}
    return {key: file for key in ui if (file := file_of(ui, key))} | {f"keys.{key}": file_of(keys, key) for key in keys}


def effective(tree: Tree) -> Tree:
    """*tree* with the defaults of what it does not say, but for the keys of its servers, apps and logs."""
    values = {
        "server": [{"name": "local", "target": "local"}],
        "thresholds": Thresholds(),
        "fix": Fixing(),
        "ui": Ui(),
        "log": DEFAULT_LOGS,
    }
    defaults: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(values))
    both = merged(told({key: value for key, value in defaults.items() if key not in NAMED_BY or not tree.get(key)}, ""), tree)
    return {key: both[key] for key in dict.fromkeys((*defaults, *both))}


def _of_user() -> Path | None:
    """``$XDG_CONFIG_HOME/stalewatch/stalewatch.toml``, also on macOS: where the other tools of a terminal have theirs. None: no home."""
    home = os.environ.get("XDG_CONFIG_HOME", "")
    folder = home if home.startswith("/") else os.path.expanduser("~/.config")  # noqa: PTH111  Path's raises where nobody has a home
    return Path(folder) / "stalewatch" / FILE_NAME if folder.startswith("/") else None


def read_files(files: tuple[ConfigFile, ...]) -> Tree:
    """What *files* say together, each of them checked by itself; every server has a name. Raises UsageError."""
    tree: Tree = {}
    for file in files:
        if (read := _toml(file)) is not None:
            tree = merged(tree, _checked(*read, file, tree))
    servers = rows_of(tree, "server")
    for row in (*servers, *(app for server in servers for app in rows_of(server, "app"))):
        _check_health_key(row)
    return tree


def _check_health_key(row: Tree) -> None:
    """A key belongs to one URL, whichever files say so."""
    keys = [key for key in ("health_key_file", "health_key_env") if value_of(row, key)]
    if not keys:
        return
    where = f"{file_of(row, keys[0])}: {value_of(row, 'name') or value_of(row, 'path')}"
    if not value_of(row, "health_url"):
        raise UsageError(f"{where}: {keys[0]}, and no health_url beside it")
    if len(keys) > 1:
        raise UsageError(f"{where}: health_key_file and health_key_env: only one of them")


def _text(content: bytes) -> str:
    """Raises UnicodeDecodeError."""
    return content.decode("utf-8").replace("\r\n", "\n")


def _toml(file: ConfigFile) -> tuple[dict[str, Any], str] | None:
    """The tables of *file*, and its text."""
    try:
        content = b"" if str(file.path) == os.devnull else read_own(file.path, MAX_BYTES + 1)
        return _parsed(content, file.shown), _text(content)
    except (FileNotFoundError, NotADirectoryError) as error:
        if not file.required:
            return None
        raise UsageError(f"{file.shown}: cannot be read: {error.strerror}") from error
    except OSError as error:
        raise UsageError(f"{file.shown}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file.shown}: is not UTF-8 (byte {error.start})") from error


def _parsed(content: bytes, shown: str) -> dict[str, Any]:
    """Raises UsageError and UnicodeDecodeError."""
    text = _text(content)
    if len(content) > MAX_BYTES:
        raise UsageError(f"{shown}: is larger than {figures.size(MAX_BYTES)}: is it the right file?")
    try:
        if max(line.count(".") for line in text.split("\n")) <= MAX_DOTS:
            return tomllib.loads(text)
    except RecursionError:
        pass
    except ValueError as error:  # TOMLDecodeError, and that of a number that is too long
        placed = _PLACED.search(str(error))
        line, column = (f":{placed[1]}", f" (column {placed[2]})") if placed else ("", "")
        raise UsageError(f"{shown}{line}: is not TOML: {safe(_PLACED.sub('', str(error)), 200)}{column}") from error
    raise UsageError(f"{shown}: is nested too deep")


def _checked(tables: dict[str, Any], text: str, file: ConfigFile, below: Tree) -> Tree:
    """*tables* of *file*, if they are right over *below*, where a server's target may be written already."""
    servers = read_tables(_with_targets(tables, below), file.shown, text).servers
    try:
        names = [server.name for server in named(servers)]
    except UsageError as error:
        raise UsageError(f"{file.shown}: {error.message}") from error
    tree = told(tables, str(file.path))
    for row, name in zip(rows_of(tree, "server"), names, strict=True):
        row.setdefault("name", Told(name, ""))
    return tree


def _with_targets(tables: dict[str, Any], below: Tree) -> dict[str, Any]:
    rows, known = tables.get("server"), plain(below).get("server", [])
    if not isinstance(rows, list):
        return tables
    return {**tables, "server": [_with_target(row, known) if isinstance(row, dict) else row for row in rows]}


def _with_target(row: dict[str, Any], known: list[dict[str, Any]]) -> dict[str, Any]:
    return next(({"target": server["target"], **row} for server in known if server["name"] == row.get("name")), row)
