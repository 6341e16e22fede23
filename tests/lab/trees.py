"""Fresh copies of the known good application, made before they are needed.

A ctime cannot be set back, and what was written a moment before FPM starts cannot be told from what was written after. So each
host keeps spare copies that are older than any FPM that will run them, and being restored means to get the next one mounted.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections import deque
from pathlib import Path

from tests.lab.etc_files import FILES

SPARES = 4
MARGIN = 2.0
"""Seconds between the last change of a tree and the start of the FPM that runs it: `start_time` has whole seconds."""

COPY = 'cp -a "$1/." "$2" && git -c safe.directory="*" -C "$2/srv/app" update-index -q --refresh && chown "$3:$3" "$2/srv/app/.git/index"'


def build_template(directory: Path, uid: int) -> None:
    """Build the application in DIRECTORY/srv and FPM's configuration in DIRECTORY/php. Raises RuntimeError with the reason."""
    directory.mkdir()
    build = ["unshare", "--mount", str(FILES / "build.sh"), str(directory), str(FILES), str(uid), str(int(time.time()))]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"the lab's application could not be built: {(done.stdout + done.stderr)[-2000:]}")


class Trees:
    """The spare copies of one host. `take` gives the next, and has another one made in the background."""

    def __init__(self, template: Path, directory: Path, uid: int) -> None:
        self._template = template
        self._directory = directory
        self._uid = uid
        self._made = 0
        self._spares: deque[tuple[Path, subprocess.Popen[bytes]]] = deque()
        directory.mkdir()
        self._copy()

    def fill(self) -> None:
        """Have the spares made, once the host runs from its first tree."""
        for _ in range(SPARES):
            self._copy()

    def take(self) -> tuple[Path, float]:
        """The next tree, and the Unix time from which an FPM may be started on it."""
        tree, copying = self._spares.popleft()
        if copying.wait() != 0:
            raise RuntimeError(f"{tree} could not be copied")
        return tree, int((tree / "srv/app/.git/index").stat().st_ctime) + MARGIN

    def replace(self, old: Path) -> None:
        """Remove a tree that nothing runs from any more, and make a new spare, in the background."""
        shutil.rmtree(old, ignore_errors=True)
        self._copy()

    def close(self) -> None:
        for _, copying in self._spares:
            copying.wait()

    def _copy(self) -> None:
        tree = self._directory / str(self._made)
        self._made += 1
        tree.mkdir()
        command = ["sh", "-c", COPY, "sh", str(self._template), str(tree), str(self._uid)]
        self._spares.append((tree, subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)))
