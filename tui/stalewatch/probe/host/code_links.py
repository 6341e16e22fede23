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
    and whether code is looked for that was compiled through it; None: not looked at yet. A link that is none any more is kept: a folder may
    lie in its place, and OPcache still knows what it led to. *before*: of the same path, with another root or none."""

    def __init__(self, path: str, root: str, before: CodeLinks | None = None) -> None:
        self._root = root
        folder, _, name = path.rpartition("/")
        self._is_link = bool(root) and path != root
        self.was_link: bool = self._is_link or name == "current" or (before is not None and before.was_link)
        self._own = ((folder, name, not self._is_link),) if root and self.was_link else ()
        self._earlier: dict[str, None] = {}
        self.found: tuple[tuple[str, str, bool], ...] | None = None
        self._more = False

    @property
    def request(self) -> tuple[str, ...]:
        """What to ask of the shell on the server."""
        return ("links", self._root, str(MOST))

    @property
    def problems(self) -> tuple[Unseen, ...]:
        """What is not followed."""
        said = f"more symbolic links below {self._root} than are followed ({MOST}): code behind the others is not compared"
        return (reasons.APP_LINKS_LEFT_OUT.unseen(said),) if self._more else ()

    def take(self, section: BlockSection) -> None:
        """Its answer."""
        paths = [path for path in records.text(section.payload).split("\n") if path.startswith(f"{self._root}/")]
        self._more = len(paths) > MOST or section.payload.endswith(b"more\n")
        self._earlier |= dict.fromkeys(path[len(self._root) + 1 :] for path in paths[:MOST])
        self.found = (*self._own, *((self._root, name, True) for name in self._earlier))
