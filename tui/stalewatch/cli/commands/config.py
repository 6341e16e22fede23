"""``stalewatch config``: which files are read, what they say together, what may stand in them, and keys. No server is asked."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stalewatch.cli.options import config_option
from stalewatch.cli.streams import emit
from stalewatch.config.own_files import open_own

if TYPE_CHECKING:
    from stalewatch.config.files import ConfigFile


@click.command("config")
@click.argument("what", type=click.Choice(("show", "path", "schema", "keys")), metavar="show|path|schema|keys")
@config_option
def command(what: str, config: str | None) -> None:
    """What the configuration is.

    show: all that holds, as TOML, with the file that says so beside each value. path: the files that are read; the later one wins.
    schema: what may stand in them, as JSON schema, by which an editor completes and checks them. keys: every key of the dashboard that
    can be changed, and what it does, as [ui.keys].

    Exit code: 0; 2 where a file is wrong.
    """
    if what == "schema":
        emit(_schema())
        return
    if what == "keys":
        emit(_keys(config or ""))
        return
    from stalewatch.config.files import config_files

    files = config_files(config or "", folder=Path.cwd())
    emit(_shown(files) if what == "show" else "".join(f"{_state(file):<12}{file.path}  ({file.whose})\n" for file in files))


def _shown(files: tuple[ConfigFile, ...]) -> str:
    from stalewatch.cli.outputs import config_toml
    from stalewatch.config.files import effective, read_files

    return config_toml.render(effective(read_files(files)))


def _keys(config: str) -> str:
    from stalewatch.config.load import load
    from stalewatch.dashboard.actions import keys_toml, own_keys

    fleet = load((), config=config)
    own_keys.use(fleet.ui.keys, fleet.ui_files)
    return keys_toml.keys_toml()


def _schema() -> bytes:
    import msgspec

    from stalewatch.config.schema import schema

    return msgspec.json.format(msgspec.json.encode(schema())) + b"\n"


def _state(file: ConfigFile) -> str:
    try:
        if str(file.path) != os.devnull:
            os.close(open_own(file.path, os.O_RDONLY))
    except (FileNotFoundError, NotADirectoryError):
        return "not there"
    except OSError:
        return "unreadable"
    return "read"
