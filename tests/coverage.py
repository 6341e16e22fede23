"""The coverage of the last ``make test``, by room: ``python -m tests.coverage FILE`` (made by slipcover, JSON).

Lines and branches that ran in the processes of the tests. What ran only in a program that a test started is not in it.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

PACKAGE = "tui/stalewatch/"
HEAD = ("", "lines", "of", "branches", "of", "")


class Covered(NamedTuple):
    """How many lines and branches ran, of how many."""

    lines: int = 0
    all_lines: int = 0
    branches: int = 0
    all_branches: int = 0

    def plus(self, summary: dict[str, Any]) -> Covered:
        lines, branches = summary["covered_lines"], summary["covered_branches"]
        return Covered(
            self.lines + lines,
            self.all_lines + lines + summary["missing_lines"],
            self.branches + branches,
            self.all_branches + branches + summary["missing_branches"],
        )

    @property
    def share(self) -> float:
        """Of lines and branches together, in percent; 100 of nothing."""
        every = self.all_lines + self.all_branches
        return 100 * (self.lines + self.branches) / every if every else 100.0


def by_room(found: dict[str, Any]) -> dict[str, Covered]:
    """Room -> what ran of it, the least covered first, then ``all``."""
    rooms: dict[str, Covered] = defaultdict(Covered)
    whole = Covered()
    for path, facts in found["files"].items():
        room = path.removeprefix(PACKAGE).split("/")[0].removesuffix(".py")
        rooms[room] = rooms[room].plus(facts["summary"])
        whole = whole.plus(facts["summary"])
    return {**dict(sorted(rooms.items(), key=lambda each: each[1].share)), "all": whole}


def main(path: str) -> int:
    rows = [(name, *map(str, covered), f"{covered.share:.1f} %") for name, covered in by_room(json.loads(Path(path).read_text())).items()]
    print("coverage")
    for row in (HEAD, *rows):
        print("  " + "".join(f"{cell:<14}" if number == 0 else f"{cell:>10}" for number, cell in enumerate(row)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
