"""Pictures of a terminal -> an asciicast, version 2 (https://docs.asciinema.org/manual/asciicast/v2/). Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

BEGIN = "\x1b[?25l\x1b[2J"
END = "\x1b[0m\x1b[?25h"


class Shot(NamedTuple):
    """What the terminal shows from *at* on (seconds, never fewer than before): *rows* with their ANSI styles, from the top."""

    at: float
    rows: Sequence[str]


def render(shots: Iterable[Shot], *, width: int, height: int, title: str, idle: float) -> str:
    """The header, then only the rows that changed. No pause is longer than *idle* seconds; the last picture stays that long."""
    lines: list[object] = [{"version": 2, "width": width, "height": height, "title": title, "idle_time_limit": idle}]
    before: Sequence[str] = ()
    at, last = 0.0, None
    for shot in shots:
        at += 0.0 if last is None else min(shot.at - last, idle)
        changed = [
            f"\x1b[{number};1H\x1b[2K{row}\x1b[0m"
            for number, row in enumerate(shot.rows, 1)
            if number > len(before) or before[number - 1] != row
        ]
        if changed:
            lines.append([round(at, 3), "o", ("" if before else BEGIN) + "".join(changed)])
        before, last = shot.rows, shot.at
    lines.append([round(at + idle, 3), "o", END])
    return "".join(f"{msgspec.json.encode(line).decode()}\n" for line in lines)
