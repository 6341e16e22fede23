"""``stalewatch explain CODE``: what a finding means. Printed from the rules themselves."""

from __future__ import annotations

from difflib import get_close_matches

import click

from tui.commands.streams import emit
from tui.errors import UsageError


@click.command("explain")
@click.argument("code")
def command(code: str) -> None:
    """What a finding code (such as opcache.stale-bytecode) means, why it is believed, and what puts it right."""
    from tui.diagnosis.rules import RULES, explain

    if code not in RULES:
        close = get_close_matches(code, RULES, n=1, cutoff=0.5)
        hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(sorted(RULES))}"
        raise UsageError(f"no finding has the code {code!r}; {hint}")
    emit(f"{explain(code)}\n")
