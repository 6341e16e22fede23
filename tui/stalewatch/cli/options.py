"""The options that all commands share. They may stand before or after the command; the nearer one wins."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar

import click

from stalewatch.model.themes import THEMES

if TYPE_CHECKING:
    from collections.abc import Callable

    from stalewatch.model.inventory import Fleet

F = TypeVar("F", bound="Callable[..., Any]")

MAX_SECONDS = 86_400.0


class Common(TypedDict):
    """What :func:`common` hands to a command. None: not given."""

    config: str | None
    ssh_config: str | None
    app: str | None
    fpm_socket: str | None
    timeout: float | None
    read_only: bool


def seconds(value: str) -> float:
    """A finite, positive number of seconds, at most a day: the type of an option."""
    try:
        number = float(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a number of seconds") from None
    if not (math.isfinite(number) and 0 < number <= MAX_SECONDS):
        raise click.BadParameter(f"{value} is not between 0 and {MAX_SECONDS:g} seconds")
    return number


class _File(click.Path):
    """A file that is there, or /dev/null. A pipe or a device would be waited for."""

    def __init__(self) -> None:
        super().__init__(exists=True, dir_okay=False, readable=True)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        path = super().convert(value, param, ctx)
        if not os.path.isfile(path) and path != os.devnull:  # noqa: PTH113  it is whatever the shell gave
            self.fail(f"{click.format_filename(path)!r} is not a file: write it to one first", param, ctx)
        return path


_FILE = _File()


def config_option(function: F) -> F:
    """Add ``--config`` alone."""
    return click.option("--config", type=_FILE, metavar="FILE", help="Read this file alone, instead of stalewatch.toml.")(function)


def theme_option(function: F) -> F:
    """Add ``--theme``, for what draws the dashboard."""
    return click.option("--theme", type=click.Choice(THEMES), metavar="NAME", help=f"The dashboard's colours: {', '.join(THEMES)}.")(
        function
    )


def common(function: F) -> F:
    """Add the common options to a click command; they arrive as the keywords of :class:`Common`."""
    for option in reversed(
        (
            config_option,
            click.option("-F", "--ssh-config", type=_FILE, metavar="FILE", help="As ssh -F: instead of ~/.ssh/config."),
            click.option("--app", metavar="PATH", help="Look at this app only, instead of all that are found."),
            click.option("--fpm-socket", metavar="PATH", help="The pool's socket (or host:port), instead of the one found."),
            click.option("--timeout", type=seconds, metavar="SECONDS", help="One answer of a server may take SECONDS (10)."),
            click.option("--read-only", is_flag=True, help="Only look: nothing can be changed on a server."),
        )
    ):
        function = option(function)
    return function


def fleet_of(targets: tuple[str, ...], options: Common) -> Fleet:
    """The Fleet that targets, options and stalewatch.toml ask for. Raises UsageError."""
    from stalewatch.config.load import Overrides, load

    overrides = Overrides(
        app=options["app"] or "",
        fpm_socket=options["fpm_socket"] or "",
        ssh_config=options["ssh_config"] or "",
        timeout=options["timeout"],
        read_only=options["read_only"],
    )
    return load(targets, config=options["config"] or "", overrides=overrides)
