"""Keys of a recording that is replayed."""

from __future__ import annotations

from stalewatch.dashboard.actions.spec import REPLAY, SCREENS, ActionContext, ActionSpec


def _replayed(context: ActionContext) -> str:
    return "" if context.replay else "only while a recording is replayed"


def _playback(id: str, key: str, label: str, help: str) -> ActionSpec:
    return ActionSpec(id, (key,), label, help, REPLAY, footer=SCREENS, why_not=_replayed)


ROWS = (
    _playback("play", "P", "play", "play the recording, or stand still; at its end: from the beginning"),
    _playback("faster", "X", "speed", "play 1, 2, 5, 10 or 60 times as fast"),
    _playback("next_event", "full_stop", "next event", "go to when something happened next"),
    _playback("previous_event", "comma", "previous event", "go to when something happened before"),
    _playback("forward", "right_parenthesis", "+1 min", "go a minute forward"),
    _playback("rewind", "left_parenthesis", "-1 min", "go a minute back"),
)
