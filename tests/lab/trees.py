"""Fresh copies of the known good application, made before they are needed.

A ctime cannot be set back, and what was written a moment before FPM starts cannot be told from what was written after. So each
host keeps spare copies that are older than any FPM that will run them, and being restored means to get the next one mounted.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections import deque
from contextlib import suppress
from itertools import count
from pathlib import Path

from tests.lab import php
from tests.lab.etc_files import FILES
from tests.lab.waiting import until

SPARES = 4
MARGIN = 2.0
"""Seconds between the last change of a tree and the start of the FPM that runs it: `start_time` has whole seconds."""

COPY = """
template=$1 uid=$2
shift 2
unset $(git rev-parse --local-env-vars)
for tree; do
    cp -a "$template/." "$tree"
    git -c safe.directory="*" -C "$tree/srv/app" update-index -q --refresh
    chown "$uid:$uid" "$tree/srv/app/.git/index"
    : >"$tree/ready"
done
"""


def build_template(directory: Path, uid: int) -> None:
    """Build the application in DIRECTORY/srv and FPM's configuration in DIRECTORY/php. Raises RuntimeError with the reason."""
    directory.mkdir()
    told = (directory, FILES, uid, int(time.time()), php.VERSION, php.ROOT)
    build = ["unshare", "--mount", str(FILES / "build.sh"), *map(str, told)]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"the lab's application could not be built: {(done.stdout + done.stderr)[-2000:]}")


class Trees:
    """The spare copies of one host. `take` gives the next, and has another one made in the background."""

    def __init__(self, template: Path, directory: Path, uid: int) -> None:
        self._template = template
        self._directory = directory
        self._uid = uid
        self._numbers = count()
        self._spares: deque[Path] = deque()
        self._copying: list[subprocess.Popen[bytes]] = []
        directory.mkdir()
        self._copy(1)

    def fill(self) -> None:
        """Have the spares made, once the first tree is taken."""
        self._copy(SPARES)

    def take(self) -> tuple[Path, float]:
        """The next tree, and the Unix time from which an FPM may be started on it."""
        tree = self._spares.popleft()
        ready = tree / "ready"
        until(ready.exists, f"a copy of the application in {tree}", patience=60)
        return tree, int(ready.stat().st_ctime) + MARGIN

    def replace(self, old: Path) -> None:
        """Remove a tree that nothing runs from any more, and make a new spare, in the background."""
        shutil.rmtree(old, ignore_errors=True)
        self._copy(1)

    def close(self) -> None:
        """End the copying."""
        for copying in self._copying:
            with suppress(ProcessLookupError):
                os.killpg(copying.pid, signal.SIGKILL)
            copying.wait()

    def _copy(self, number: int) -> None:
        trees = [self._directory / str(next(self._numbers)) for _ in range(number)]
        for tree in trees:
            tree.mkdir()
        self._spares.extend(trees)
        self._copying = [copying for copying in self._copying if copying.poll() is None]
        command = ["sh", "-ec", COPY, "sh", str(self._template), str(self._uid), *map(str, trees)]
        self._copying.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True))
