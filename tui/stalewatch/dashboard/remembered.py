"""What was set by key, kept for the next run: theme, layout, order, times. One private file.

Harmless when missing, old, damaged or somebody else's: then it is as at the first run.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import msgspec
import platformdirs

from stalewatch.config.own_files import keep_own, read_own
from stalewatch.dashboard.render.sorting import By, Sorting
from stalewatch.dashboard.render.times import Zone
from stalewatch.dashboard.view import View
from stalewatch.model.replace import replace

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 10_000


class Remembered(msgspec.Struct, frozen=True, kw_only=True):
    """*theme*: a name ("": none was chosen); the others as in :class:`~stalewatch.dashboard.view.View`."""

    theme: str = ""
    dense: bool | None = None
    grouped: bool | None = None
    by: By = By.WORST
    reverse: bool = False
    zone: Zone = Zone.LOCAL
    relative: bool = False

    @property
    def view(self) -> View:
        """The view to begin with."""
        sorting = Sorting(self.by, self.reverse)
        return View(dense=self.dense, grouped=self.grouped, sorting=sorting, zone=self.zone, relative=self.relative)

    def after(self, view: View, theme: str) -> Remembered:
        """What is kept of the *view* that a run ended with; *theme*: what was chosen in it ("": nothing)."""
        return replace(
            self,
            theme=theme or self.theme,
            dense=view.dense,
            grouped=view.grouped,
            by=view.sorting.by,
            reverse=view.sorting.reverse,
            zone=view.zone,
            relative=view.relative,
        )


def load() -> Remembered:
    """What an earlier run kept; the defaults where there is nothing that can be used."""
    with contextlib.suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return msgspec.json.decode(read_own(_path(), MAX_BYTES), type=Remembered)
    return Remembered()


def save(remembered: Remembered) -> None:
    """Keep it. A disk that takes nothing is no error."""
    with contextlib.suppress(OSError):
        keep_own(_path(), msgspec.json.encode(remembered).decode())


def _path() -> Path:
    return platformdirs.user_state_path("stalewatch") / "dashboard.json"
