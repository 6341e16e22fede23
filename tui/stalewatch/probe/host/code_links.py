"""The symbolic links below an application's root that code may be reached through: looked for at every slow look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model import reasons
from stalewatch.probe.host.parsers import records

if TYPE_CHECKING:
    from stalewatch.model.unseen import Unseen
    from stalewatch.probe.host.parsers.framing import BlockSection

MOST = 500
"""Links that are followed; four folders deep, as in ``link_verbs.sh``."""


class CodeLinks:
    """Kept for the application at *path*, which may be a link itself, with the real *root*. *found*: a directory, the link's path below it,
    and whether code is looked for that was compiled through it; None: not looked at yet."""

    def __init__(self, path: str, root: str) -> None:
        self._root = root
        folder, _, name = path.rpartition("/")
        self._own = ((folder, name, False),) if root and path != root else ()
        self.found: tuple[tuple[str, str, bool], ...] | None = None
        self._more = False

    @property
    def request(self) -> tuple[str, ...]:
        """What to ask of the shell on the server."""
        return ("links", self._root, str(MOST))

    @property
    def problems(self) -> tuple[Unseen, ...]:
        """What is not followed."""
        said = f"more than {MOST} symbolic links below {self._root}: the others are not followed"
        return (reasons.APP_LINKS_LEFT_OUT.unseen(said),) if self._more else ()

    def take(self, section: BlockSection) -> None:
        """Its answer."""
        paths = [path for path in records.text(section.payload).split("\n") if path.startswith(f"{self._root}/")]
        self._more = len(paths) > MOST
        self.found = (*self._own, *((self._root, path[len(self._root) + 1 :], True) for path in paths[:MOST]))
