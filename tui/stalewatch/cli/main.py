"""The command line: which command, which options, and the one border where an error becomes a line on stderr and an exit code.

Nothing is imported here that ``--help`` can do without: a command is loaded from :mod:`stalewatch.cli.commands` when it is called.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

import click

from stalewatch import __version__
from stalewatch.cli.options import common, theme_option
from stalewatch.model.errors import StalewatchError
from stalewatch.model.exit_codes import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from click.shell_completion import CompletionItem

COMMANDS = {
    "check": "One look without the dashboard: what is stale, why, and what to do.",
    "fix": "Clear, rebuild, reload and verify, without the dashboard.",
    "mark": "Remember what is cached now, before a deploy, so that a later check can prove what is stale.",
    "init": "The first five minutes: look around on servers, say what was found, and write stalewatch.toml.",
    "config": "What the configuration is: which files, what they say together, its JSON schema, and the dashboard's keys.",
    "metrics": "Metrics of the fleet for Prometheus. Nothing can be changed on a server.",
    "watch": "Tells a webhook when servers begin to run old code, and when that is over.",
    "record": "Keep in a file what is seen, to look at it again. Nothing can be changed on a server.",
    "replay": "The dashboard on what was recorded: play, pause, faster, from event to event.",
    "report": "The report of an incident as Markdown, from a recording or from one look.",
    "explain": "What a code of a finding or an error means, and what to do.",
    "demo": "Embedded servers that live through an incident. Needs no PHP, no root, no network.",
}

DASHBOARD = "\0"  # stands for "no command": no argument of a process can hold a NUL

DRAWN = (DASHBOARD, "replay", "demo")
"""What draws the dashboard."""


class _Commands(click.Group):
    """Loads a command when it is called; whatever is no command is a target of the dashboard."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS and cmd_name != DASHBOARD:
            return None
        command: click.Command = import_module(f"stalewatch.cli.commands.{'dashboard' if cmd_name == DASHBOARD else cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Commands without loading them, targets, options."""
        from click.shell_completion import CompletionItem

        from stalewatch.cli import completion

        words = [CompletionItem(name, help=about) for name, about in COMMANDS.items() if name.startswith(incomplete)]
        names = completion.targets(ctx, self.params[0], incomplete)
        return [*words, *map(CompletionItem, names), *click.Command.shell_complete(self, ctx, incomplete)]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the stand-in of the dashboard where there is no command, or where ``--`` says that what follows is none."""
        _, rest, _ = self.make_parser(ctx).parse_args(list(args))
        taken = args[: len(args) - len(rest)]
        if taken[-1:] == ["--"]:
            args = [*taken, DASHBOARD, "--", *rest]
        elif not rest and not ctx.resilient_parsing:  # a line that is being completed may still get a command
            args = [*taken, DASHBOARD]
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] in COMMANDS or args[0] == DASHBOARD:
            return super().resolve_command(ctx, args)
        return super().resolve_command(ctx, [DASHBOARD, *args])

    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None, *_: Any, **extra: Any) -> NoReturn:
        """Run, and leave with an exit code: one line on stderr for whatever went wrong, never a traceback."""
        if None in (sys.stdin, sys.stdout, sys.stderr):
            from stalewatch.cli.streams import reopen_closed

            reopen_closed()
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")
        extra["standalone_mode"] = False
        try:
            sys.exit(super().main(args, prog_name or "stalewatch", **extra) or ExitCode.OK)
        except click.Abort:
            sys.exit(ExitCode.INTERRUPTED)
        except click.ClickException as error:
            _leave(_usage_line(error), ExitCode.USAGE)
        except StalewatchError as error:
            _leave(_line(error), error.reason.exit)
        except Exception as error:  # noqa: BLE001  the outer border: a bug of ours is one line and a log, not a traceback over the screen
            from stalewatch.cli.debug_log import record
            from stalewatch.cli.streams import why_unwritten

            if why := why_unwritten(error):
                _leave(f"stdout can't be written ({why}); make room there, or send it elsewhere", ExitCode.FAILED)
            _leave(f"internal error: {type(error).__name__}: {error}{record(error)}", ExitCode.FAILED)


def _leave(line: str, code: ExitCode) -> NoReturn:
    from stalewatch.model.text import safe

    click.echo(f"stalewatch: {safe(line)}", file=sys.stderr)
    sys.exit(code)


def _line(error: StalewatchError) -> str:
    return f"{error.message}; {error.grant}" if error.grant else error.message


def _usage_line(error: click.ClickException) -> str:
    from stalewatch.model.text import safe

    message = safe(error.format_message(), 300).rstrip(".")
    context = error.ctx if isinstance(error, click.UsageError) else None
    where = context.command_path.replace(DASHBOARD, "").strip() if context else "stalewatch"
    return f"{message[:1].lower()}{message[1:]} (see {where} --help)"


@click.group(
    "stalewatch",
    cls=_Commands,
    options_metavar="[OPTIONS]",
    subcommand_metavar="[TARGET...] | COMMAND",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="stalewatch", message="%(prog)s %(version)s")
@click.option("--record", metavar="FILE", help="Keep in FILE what the dashboard shows and what is done, for stalewatch replay.")
@theme_option
@common
@click.pass_context
def main(ctx: click.Context, /, record: str | None, theme: str | None, **options: Any) -> None:
    """Is the code that is on the disk the code that runs?

    Watches PHP servers live over SSH: which of them run old code, in which cache layer, and why; then clears, rebuilds,
    reloads and verifies.

    TARGET is user@host:port, an alias of ssh_config, a glob over such aliases ('web*'), or local. Without one: the servers of
    stalewatch.toml, else this machine. Put -- before a target that is named like a command.
    """
    given = {name: value for name, value in options.items() if value}
    if record is not None and ctx.invoked_subcommand != DASHBOARD:
        raise click.UsageError(f"--record is for the dashboard, not for {ctx.invoked_subcommand}", ctx)
    drawn = given | ({"theme": theme} if theme is not None else {})
    if theme is not None and ctx.invoked_subcommand not in DRAWN:
        raise click.UsageError(f"--theme is for the dashboard, not for {ctx.invoked_subcommand}", ctx)
    ctx.default_map = {
        **dict.fromkeys(COMMANDS, given),
        **dict.fromkeys(DRAWN, drawn),
        DASHBOARD: drawn | ({"record": record} if record is not None else {}),
    }
