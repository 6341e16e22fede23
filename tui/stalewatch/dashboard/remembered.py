"""What was set by key, kept for the next run: theme, layout, order, times, interval. One private file.

Harmless when missing, old, damaged or somebody else's: then it is as at the first run.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Annotated

import msgspec
import platformdirs

from stalewatch.config.own_files import keep_own, read_own
from stalewatch.dashboard.render.sorting import By, Sorting
from stalewatch.dashboard.render.times import Zone
from stalewatch.dashboard.view import View
from stalewatch.model.replace import replace
from stalewatch.model.ui import LEAST_INTERVAL, MOST_INTERVAL

if TYPE_CHECKING:
    from pathlib import Path

    from stalewatch.model.ui import Ui

MAX_BYTES = 10_000


class Remembered(msgspec.Struct, frozen=True, kw_only=True):
    """*theme*: a name ("": none was chosen); *interval*: seconds from one look to the next; the others as in
    :class:`~stalewatch.dashboard.view.View`. None where no key set it."""

    theme: str = ""
    dense: bool | None = None
    grouped: bool | None = None
    by: By | None = None
    reverse: bool | None = None
    zone: Zone | None = None
    relative: bool | None = None
    interval: Annotated[float, msgspec.Meta(ge=LEAST_INTERVAL, le=MOST_INTERVAL)] | None = None

    def view(self, ui: Ui) -> View:
        """The view to begin with: what was set by key, else what *ui* says."""
        by = By(ui.sort) if self.by is None else self.by
        reverse = bool(self.reverse) if self.by is not None else ui.reverse
        dense = {"auto": None, "panes": False, "table": True}[ui.layout] if self.dense is None else self.dense
        grouped = {"auto": None, "always": True, "never": False}[ui.grouped] if self.grouped is None else self.grouped
        zone = Zone(ui.zone) if self.zone is None else self.zone
        relative = ui.relative if self.relative is None else self.relative
        return View(dense=dense, grouped=grouped, sorting=Sorting(by, reverse), zone=zone, relative=relative)

    def after(self, begun: View, ended: View, theme: str, interval: float | None) -> Remembered:
        """What is kept of a run that *begun* so and *ended* so: what was changed in it. *theme* and *interval*: what was chosen in it
        ("", None: nothing)."""
        kept = replace(self, theme=theme or self.theme, interval=interval or self.interval)
        for field in ("dense", "grouped", "zone", "relative"):
            if (value := getattr(ended, field)) != getattr(begun, field):
                kept = replace(kept, **{field: value})
        return kept if ended.sorting == begun.sorting else replace(kept, by=ended.sorting.by, reverse=ended.sorting.reverse)


def load() -> Remembered:
    """What an earlier run kept; the defaults where there is nothing that can be used."""
    with contextlib.suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return msgspec.json.decode(read_own(_path(), MAX_BYTES), type=Remembered)
    return Remembered()


def save(remembered: Remembered) -> None:
    """Keep it. A disk that takes nothing is no error."""
    with contextlib.suppress(OSError):
        keep_own(_path(), msgspec.json.encode(remembered).decode())


def _path() -> Path:
    return platformdirs.user_state_path("stalewatch") / "dashboard.json"
