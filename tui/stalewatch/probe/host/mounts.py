"""What is mounted below an application: over one file of it, too, and perhaps for PHP-FPM alone. Pure: the kernel's lines in, paths out."""

from __future__ import annotations

import re

_SPECIAL = {char: f"\\{ord(char):03o}" for char in "\\ \t\n"}
"""How /proc/PID/mountinfo writes what would end a field."""
_WRITTEN = re.compile(r"\\([0-7]{3})")


def request(root: str, master: int | None) -> tuple[str, ...]:
    """*master*: the pid of the one that serves the application (None: not seen)."""
    return ("mounts", "".join(_SPECIAL.get(char, char) for char in root), *([str(master)] if master is not None else ()))


def below(root: str, told: str) -> tuple[str, ...]:
    """The places below *root* that something is mounted at, by the lines *told*, sorted."""
    points = (fields[4] for line in told.split("\n") if len(fields := line.split(" ")) > 4)
    paths = {_WRITTEN.sub(lambda match: chr(int(match[1], 8)), point) for point in points}
    return tuple(sorted(path for path in paths if path.startswith(f"{root}/") and "\n" not in path))
