"""What is said beside a filter: how many match, what it hides that should not be missed, and the words it knows. Pure."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from stalewatch.dashboard.render.lines import Line, Span, crop, line, text_crop
from stalewatch.dashboard.render.names import name_of
from stalewatch.dashboard.render.pane_lines import verdict_of
from stalewatch.dashboard.render.signs import VERDICT_SIGN
from stalewatch.model import figures
from stalewatch.model.report import Layer, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stalewatch.engine.board import Pane

NAMES = 2
"""Servers that are named of those that are hidden."""


class Completed(NamedTuple):
    """*value* with the cursor at *cursor*; *words*: those that the word there could become, if it is not settled."""

    value: str
    cursor: int
    words: tuple[str, ...] = ()


def hidden(shown: Sequence[Pane], panes: Sequence[Pane]) -> tuple[Verdict, list[Pane]] | None:
    """The worst that a filter hides: what is stale, else what is worse than everything that is shown; None: nothing of that kind."""
    seen = {pane.key for pane in shown}
    rest = [pane for pane in panes if pane.key not in seen and (pane.report is not None or pane.error is not None)]
    worst = max((verdict_of(pane) for pane in rest), key=lambda verdict: verdict.rank, default=Verdict.FRESH)
    best = max((verdict_of(pane).rank for pane in shown), default=Verdict.FRESH.rank)
    if worst is not Verdict.STALE and worst.rank <= max(best, Verdict.FRESH.rank):
        return None
    return worst, [pane for pane in rest if verdict_of(pane) is worst]


def matches_line(shown: Sequence[Pane], panes: Sequence[Pane], width: int) -> Line:
    """``3 of 14  hides ✗ 1 stale: web7``."""
    count = Span(f"{len(shown)} of {len(panes)}", "strong" if shown else "warning")
    found = hidden(shown, panes)
    if found is None:
        return crop(line(count), width)
    verdict, kept = found
    names = list(dict.fromkeys(pane.server for pane in kept))
    badge = Span(f" {VERDICT_SIGN[verdict]} {len(kept)} {verdict.value} ", verdict.value)
    return crop(line(count, "  hides ", badge, f" {figures.several(names, NAMES)}"), width)


def words_line(words: Sequence[str], width: int) -> Line:
    """The words that a beginning could become."""
    return line(Span(text_crop("  ".join(words), width), "accent"))


def known_words(panes: Sequence[Pane]) -> list[str]:
    """What a filter can be completed to: verdicts, layers, groups, apps, servers."""
    words = [verdict.value for verdict in reversed(Verdict) if verdict is not Verdict.ABSENT]
    words += [*(layer.value for layer in Layer), "prod", "connecting"]
    words += [pane.group for pane in panes if pane.group]
    words += [name_of(pane) for pane in panes if pane.app]
    words += [pane.server for pane in panes]
    return [word for word in dict.fromkeys(words) if word and " " not in word]


def completed(value: str, cursor: int, words: Iterable[str]) -> Completed:
    """The word before *cursor* as far as it is settled, with a blank behind it where only one of *words* is left; ``!`` stays."""
    head, tail = value[:cursor], value[cursor:]
    begin = head.rfind(" ") + 1
    begin += head[begin:].startswith("!")
    typed = head[begin:]
    fitting = tuple(word for word in words if word.lower().startswith(typed.lower()))
    if not fitting:
        return Completed(value, cursor)
    letters = zip(*(word.lower() for word in fitting), strict=False)
    common = "".join(same[0] for same in takewhile(lambda same: len(set(same)) == 1, letters))
    if len(fitting) == 1:
        common = fitting[0] + ("" if tail.startswith(" ") else " ")
    made = head[:begin] + (common if len(common) > len(typed) else typed)
    return Completed(made + tail, len(made), fitting if len(fitting) > 1 else ())
