"""``stalewatch explain [CODE]``: what a finding means. Printed from the rules themselves."""

from __future__ import annotations

import click

from stalewatch.cli.streams import emit, looks

_READABLE = 100


@click.command("explain")
@click.argument("code", required=False)
def command(code: str | None) -> None:
    """What a finding code (such as opcache.stale-bytecode) means, why it is believed, and what puts it right. Without CODE: all codes."""
    from stalewatch.diagnosis.rules import RULES, explain

    if code is not None:
        emit(_wrapped(explain(code)))
        return
    width = max(map(len, RULES))
    emit("".join(f"{rule.code:<{width}}  {rule.layer}: {rule.weight}\n" for rule in RULES.values()))


def _wrapped(text: str) -> str:
    """At the width of the terminal, for reading; as it is where there is none."""
    from stalewatch.cli.outputs.text_writer import Paper

    _, width = looks()
    paper = Paper(width=width and min(width, _READABLE))
    for line in text.splitlines():
        paper.line(line, hang=0)
    return paper.text()
