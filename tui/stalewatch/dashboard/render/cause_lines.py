"""What a pane opens with: what runs, what is on the disk, why nobody noticed, what to press. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.dashboard.actions import key_of
from stalewatch.dashboard.render.lines import Line, Span, line, wrap
from stalewatch.model.cause import THE_DISK_HAS

if TYPE_CHECKING:
    from stalewatch.dashboard.render.times import Clock
    from stalewatch.model.cause import Cause

_BETWEEN = " | "
_HANG = "  "


def cause_lines(cause: Cause, clock: Clock, width: int, *, brief: bool = False) -> list[Line]:
    """*cause* in as few rows as it needs, none of it cut. *clock*: that server's. *brief*: of what ends it the key alone."""
    parts = [(label, words, role) for label, words, role in _parts(cause, clock, brief) if words]
    key = key_of("fix") if cause.keyed else ""
    rows: list[Line] = []
    whole = False
    for label, words, role in parts:
        told = _begun(label, words, role, key)
        if whole and rows[-1].width + len(_BETWEEN) + told.width <= width:
            rows[-1] = line(*rows[-1].spans, Span(_BETWEEN, "muted"), *told.spans)
            continue
        first, *more = wrap(f"{label} {words}", width, _HANG)
        rows.append(_begun(label, first[len(label) + 1 :], role, key))
        rows += [line(Span(each, role)) for each in more]
        whole = not more
    return rows


def _begun(label: str, words: str, role: str, key: str) -> Line:
    """*words* behind their *label*; a *key* that they begin with looks as in the last line."""
    keyed = bool(key) and role == "command" and words.split(" ")[0] == key
    lead = (Span(key, "key"), Span(words.removeprefix(key), role)) if keyed else (Span(words, role),)
    return line(Span(f"{label} ", "muted"), *(span for span in lead if span.text))


def _parts(cause: Cause, clock: Clock, brief: bool) -> tuple[tuple[str, str, str], ...]:
    """Label, words, role. What is no version of anything is told as it is."""
    told = cause.verb in ("runs", "may run", "uses", "may use")
    here = "on disk:" if cause.has == THE_DISK_HAS else f"{cause.has.removeprefix('the ')}:"
    press = key_of("fix") if cause.keyed and brief else f"{key_of('fix')} {cause.press}" if cause.keyed else cause.press or cause.kept
    return (
        ("runs:", clock.told(cause.version if told else cause.runs, cause.moments), "strong"),
        (here, clock.told(cause.disk, cause.moments), "strong"),
        ("why:", clock.told(cause.why, cause.moments), "text"),
        ("press:" if cause.keyed else "do:", press, "command"),
    )
