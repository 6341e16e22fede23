"""What a shell offers for a word that is not finished: click speaks to the shell, this knows the words. Never an error, never slow."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    import click

_PLAIN = re.compile(r"[\w.@:+\[\]-]+")
"""A name that a shell takes as one word, as it stands."""


def targets(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Names of configured servers, and aliases of ssh_config; nothing of a file that cannot be read. ``deploy@we`` is completed too."""
    user, at, begin = incomplete.rpartition("@")
    names = [f"{user}{at}{name}" for name in dict.fromkeys(_names(ctx)) if name.startswith(begin)]
    return [name for name in names if _PLAIN.fullmatch(name)]


def codes(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Codes of findings and errors, and what they begin with."""
    from stalewatch.diagnosis.rules import RULES
    from stalewatch.model.reasons import REASONS

    known = dict.fromkeys((*RULES, *REASONS))
    groups = dict.fromkeys(code.partition(".")[0] for code in known)
    return [code for code in (known if "." in incomplete else (*groups, *known)) if code.startswith(incomplete)]


def _names(ctx: click.Context) -> Iterator[str]:
    with contextlib.suppress(Exception):  # whatever is wrong with a file is told when a command is run, not while it is typed
        yield from _configured(_given(ctx, "config"))
    with contextlib.suppress(Exception):
        from stalewatch.transport.ssh.aliases import aliases

        yield from aliases(_given(ctx, "ssh_config"))


def _configured(config: str) -> Iterator[str]:
    from stalewatch.config.files import config_files, read_files
    from stalewatch.config.merge import plain

    servers: list[dict[str, Any]] = plain(read_files(config_files(config, folder=Path.cwd()))).get("server", [])
    for server in servers:
        yield from (server["name"], server["target"])


def _given(ctx: click.Context | None, option: str) -> str:
    """What the line says of *option*, before or after the command."""
    while ctx is not None:
        if value := ctx.params.get(option):
            return str(value)
        ctx = ctx.parent
    return ""
