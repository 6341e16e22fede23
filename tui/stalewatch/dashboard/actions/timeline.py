"""Keys of the timeline."""

from __future__ import annotations

from stalewatch.dashboard.actions.spec import ONLY_FLEET, ActionSpec

ROWS = (
    ActionSpec("zoom_in", ("plus", "equals_sign"), "zoom in", "show a shorter time span", "Timeline", screens=ONLY_FLEET),
    ActionSpec("zoom_out", ("minus",), "zoom out", "show a longer time span", "Timeline", screens=ONLY_FLEET),
    ActionSpec("earlier", ("left_square_bracket", "less_than_sign"), "earlier", "move back in time", "Timeline", screens=ONLY_FLEET),
    ActionSpec("later", ("right_square_bracket", "greater_than_sign"), "later", "move forward in time", "Timeline", screens=ONLY_FLEET),
    ActionSpec("now", ("0",), "now", "back to now, and to the span that fits", "Timeline", screens=ONLY_FLEET),
    ActionSpec("kinds", ("e",), "kinds", "list all events, changes, errors, or actions", "Timeline", screens=ONLY_FLEET),
)
