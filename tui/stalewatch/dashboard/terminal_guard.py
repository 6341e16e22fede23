"""A small child process that restores the terminal when this program is killed and cannot do so itself (kill -9, out of memory)."""

from __future__ import annotations

import atexit
import contextlib
import subprocess

MODES = "".join(f"\\033[?{number}l" for number in (1000, 1002, 1003, 1006, 1015, 1004, 2004)) + "\\033[<u\\033[?25h\\033[?1049l\\033[0m"
"""Mouse, focus and paste off, the keyboard plain, the cursor back, the screen that was there before."""
SCRIPT = f"""trap '' HUP INT QUIT TERM TSTP TTIN TTOU
IFS= read -r line && exit 0
stty sane <&1 2>/dev/null
printf '{MODES}\\nstalewatch was killed\\n'"""


class TerminalGuard:
    """The child waits at a pipe: a line means that all is well; the end of input without one means that this program was killed."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Nothing where there is no shell: it is a convenience. However the program ends, if it ends by itself, the child is released."""
        with contextlib.suppress(OSError):
            self._child = subprocess.Popen(["/bin/sh", "-c", SCRIPT], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd="/")
            atexit.register(self.release)

    def release(self) -> None:
        """The terminal is restored already, or will be: the child is not needed."""
        if self._child is not None:
            with contextlib.suppress(OSError):
                self._child.communicate(b"over\n", timeout=2)
            self._child = None
