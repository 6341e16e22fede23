"""What is under way here, and what becomes of it where one quits. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.dashboard.actions import key_of
from stalewatch.dashboard.render.lines import BLANK, Line, paragraph

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalewatch.dashboard.render.runbooks import Running


def quit_lines(runbooks: Sequence[Running], recording: str, width: int) -> list[Line]:
    """The question, and each thing that runs with what becomes of it. *recording*: the file ("" none). Neither: what ran has ended."""
    count = len(runbooks) + bool(recording)
    if not count:
        ended = f"The runbook has ended: {key_of('progress')} shows how."
        return [*paragraph("Nothing runs any more. Quit?", width, "title"), BLANK, *paragraph(ended, width)]
    one = "A runbook is running." if runbooks else "This is being recorded."
    title = one if count == 1 else f"{count} things are running."
    rows = [*paragraph(f"{title} Quit anyway?", width, "title")]
    for runbook in runbooks:
        rows += [BLANK, *_thing(f"{runbook.sign} {runbook.words}", width)]
        rows += paragraph("The step that is running finishes on the server. No later step starts, and nobody verifies the result.", width)
    if recording:
        rows += [BLANK, *_thing(f"● recording {recording}", width)]
        rows += paragraph("It ends here. What was recorded until now is kept and can be replayed.", width)
    safe = "Staying is the safe answer." if runbooks else "Nothing happens on a server."
    return [*rows, BLANK, *paragraph(safe, width)]


def _thing(words: str, width: int) -> list[Line]:
    return paragraph(words, width, "strong")
