"""The symbolic links below an application's root that code may be reached through: looked for at every slow look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model import reasons
from stalewatch.probe.host.parsers import records

if TYPE_CHECKING:
    from stalewatch.model.unseen import Unseen
    from stalewatch.probe.host.parsers.framing import BlockSection

MOST = 200
"""Links that are followed; four folders deep, as in ``link_verbs.sh``."""


class CodeLinks:
    """Kept for the application at *root*. *found*: root and the link's path below it; None: not looked at yet."""

    def __init__(self, root: str) -> None:
        self._root = root
        self.found: tuple[tuple[str, str], ...] | None = None
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
        self.found = tuple((self._root, path[len(self._root) + 1 :]) for path in paths[:MOST])
