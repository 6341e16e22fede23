"""docs/PREMISES.md: which links every layer's ``fresh`` rests on. Made from the tables, so that it cannot drift."""

from __future__ import annotations

from stalewatch.diagnosis.chain.left_out import RESTS
from stalewatch.diagnosis.chain.premises import PREMISES
from stalewatch.diagnosis.chain.table import LINKS
from stalewatch.model.layers import Layer
from stalewatch.model.reasons import REASONS

_ABOUT = """\
# What fresh rests on

Made from the tables of links and premises (`make docs`). A request reaches code by a chain of links. A layer is `fresh` only if every
link marked here was observed, and is as it has to be; otherwise it is `unknown`, and the reason is said. Nothing is asked of a layer that
cannot be wrong without it.

"""


_LEFT_OUT = """
## What is left out

Stalewatch reads no more than it says here. What is left out is named in the errors of the report with its number, a command does not
exit with 0, and these layers are not fresh:

"""


def document() -> str:
    """The page: each link's question, then layers against links."""
    asked = "".join(f"| {spec.name} | {spec.question} |\n" for spec in LINKS)
    return f"{_ABOUT}| link | question |\n|---|---|\n{asked}\n{_table()}{_LEFT_OUT}{_left_out()}"


def _table() -> str:
    """Only the links that some layer rests on: the others are what the layers' own rules say."""
    names = [spec.name for spec in LINKS if any(spec.name in premises for premises in PREMISES.values())]
    head = f"| layer | {' | '.join(names)} |\n|---|{'---|' * len(names)}\n"
    rows = (f"| {layer} | {' | '.join('●' if name in PREMISES[layer] else '' for name in names)} |\n" for layer in Layer)
    return head + "".join(rows)


def _left_out() -> str:
    head = "| code | what is left out | not fresh then |\n|---|---|---|\n"
    return head + "".join(f"| {code} | {REASONS[code].meaning} | {', '.join(layers)} |\n" for code, layers in RESTS.items())


if __name__ == "__main__":
    print(document(), end="")  # noqa: T201
