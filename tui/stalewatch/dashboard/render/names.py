"""What things are called on the screen and in the question that asks to type a name."""

from __future__ import annotations

from collections import Counter
from itertools import chain, takewhile
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len

from stalewatch.dashboard.render.lines import MORE, Span, middle_crop
from stalewatch.model.app_names import app_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stalewatch.engine.board import Pane

_SEPARATORS = "-._@:/"
_WORTH = 4
"""Cells that names have to share before it is said that they do."""


def name_of(pane: Pane) -> str:
    """The name of its app, told apart from the others of its server as soon as they are known; "" before one was found."""
    if not pane.app:
        return ""
    return pane.report.name if pane.report is not None else app_name(pane.app)


def group_of(pane: Pane) -> tuple[str, str]:
    """What a pane belongs to: its group, else its app; and its environment."""
    return (pane.group or (app_name(pane.app) if pane.app else "not known yet"), "production" if pane.production else "")


class Shared(NamedTuple):
    """What all names on a screen begin and end with, to a separator: ``production-frankfurt-`` and ``.example.com``; "" they do not.
    *endings*: those that several names have, be it not all."""

    beginning: str = ""
    ending: str = ""
    endings: frozenset[str] = frozenset()

    @classmethod
    def of(cls, names: Iterable[str]) -> Shared:
        """What *names* have in common; nothing, where there is one name only."""
        alone = set(names)
        if len(alone) < 2:
            return cls()
        backwards = {name[::-1] for name in alone}
        beginning, ending = _alike(min(alone), max(alone)), _alike(min(backwards), max(backwards))[::-1]
        return cls(
            beginning, ending, frozenset(each for each, many in Counter(chain.from_iterable(map(_endings, alone))).items() if many > 1)
        )

    def cut(self, name: str, room: int) -> str:
        """*name* in at most *room* cells: what others end with too goes first, then its middle."""
        if cell_len(name) <= room:
            return name
        ending = next((each for each in _endings(name) if each in self.endings), "")
        return middle_crop(name.removesuffix(ending), max(1, room - 1)) + MORE if ending else middle_crop(name, room)


def _endings(name: str) -> list[str]:
    """What *name* ends with from a separator on, the longest first; never all of it."""
    return [name[at:] for at in range(1, len(name) - _WORTH + 1) if name[at] in _SEPARATORS]


def _alike(one: str, other: str) -> str:
    """What both begin with, to the last separator in it."""
    alike = "".join(mine for mine, _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    end = max(alike.rfind(separator) for separator in _SEPARATORS) + 1
    return alike[:end] if end >= _WORTH else ""


def server_spans(name: str, shared: Shared, room: int, role: str) -> tuple[Span, ...]:
    """*name* in at most *room* cells; what all names begin and end with is dimmed."""
    told = shared.cut(name, room)
    begin = len(list(takewhile(lambda pair: pair[0] == pair[1], zip(told, shared.beginning, strict=False))))
    begin += told[begin : begin + 1] == MORE and begin > 0
    ending = shared.ending if told.endswith(shared.ending) else MORE if told.endswith(MORE) else ""
    end = max(begin, len(told) - len(ending))
    spans = (Span(told[:begin], "muted"), Span(told[begin:end], role), Span(told[end:], "muted"))
    return tuple(span for span in spans if span.text)
