"""``stalewatch explain [CODE]``: what a finding or an error means. Printed from the rules and reasons themselves."""

from __future__ import annotations

import click

from stalewatch.cli import completion
from stalewatch.cli.streams import emit, looks

_READABLE = 100


@click.command("explain")
@click.argument("code", required=False, shell_complete=completion.codes, metavar="[CODE]")
def command(code: str | None) -> None:
    """What a code of a finding or an error means, and what to do about it.

    CODE is, for example, opcache.stale-bytecode or fpm.socket-denied. The first part alone, such as opcache, lists the codes that begin
    with it; without CODE all are listed.
    """
    from stalewatch.diagnosis.explain import explain, listing

    emit(listing() + "\n" if code is None else _wrapped(explain(code)))


def _wrapped(text: str) -> str:
    """At the width of the terminal, for reading; as it is where there is none."""
    from stalewatch.cli.outputs.text_writer import TextWriter

    _, width = looks()
    writer = TextWriter(width=width and min(width, _READABLE))
    for line in text.splitlines():
        writer.line(line, hang=0)
    return writer.text()
