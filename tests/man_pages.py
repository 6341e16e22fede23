"""Man pages of all commands, by click-man: ``python -m tests.man_pages FOLDER`` writes stalewatch.1, stalewatch-check.1, …"""

from __future__ import annotations

import sys
from pathlib import Path

import click
from click_man.core import generate_man_page

from stalewatch import __version__
from stalewatch.cli.main import COMMANDS, main


def write(folder: Path) -> list[Path]:
    """The pages, written. click-man's own walk finds no command that is loaded only when it is called."""
    folder.mkdir(parents=True, exist_ok=True)
    main.short_help = "shows which PHP servers run old code, and fixes it"
    top = click.Context(main, info_name="stalewatch")
    contexts = [top]
    for name in COMMANDS:
        command = main.get_command(top, name)
        assert command is not None
        command.short_help = COMMANDS[name]
        contexts.append(click.Context(command, info_name=name, parent=top))
    return [_page(context, folder) for context in contexts]


def _page(context: click.Context, folder: Path) -> Path:
    path = folder / f"{context.command_path.replace(' ', '-')}.1"
    page = generate_man_page(context, version=__version__, date="")
    if context.parent is None:
        page += ".SH COMMANDS\n" + "".join(f".TP\n\\fBstalewatch {name}\\fP\n{about}\n" for name, about in COMMANDS.items())
    path.write_text(page, encoding="utf-8")
    return path


if __name__ == "__main__":
    for made in write(Path(sys.argv[1])):
        print(made)
