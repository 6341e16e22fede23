"""stdout is data, stderr everything else. A reader that has gone (``| head``) is no error: what is left to say goes nowhere."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import termios


def emit(data: str | bytes) -> None:
    """Write to stdout at once. Raises OSError where it takes nothing (a full disk)."""
    with contextlib.suppress(BrokenPipeError):
        write_out(data.encode(sys.stdout.encoding or "utf-8", "backslashreplace") if isinstance(data, str) else data)


def write_out(data: bytes) -> None:
    """The same; a reader that has gone is a BrokenPipeError."""
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except OSError:
        with contextlib.suppress(OSError, ValueError):  # the interpreter flushes once more when it ends
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, sys.stdout.fileno())
            os.close(nowhere)
        raise


def tell(line: str) -> None:
    """Write to stderr at once."""
    with contextlib.suppress(OSError):
        sys.stderr.write(line)
        sys.stderr.flush()


def forget_typed() -> None:
    """Drop what was typed and not read yet, once the terminal has all that was written to it."""
    with contextlib.suppress(OSError, ValueError, termios.error):
        termios.tcdrain(sys.stderr)
        termios.tcflush(sys.stdin, termios.TCIFLUSH)


def looks(*, err: bool = False) -> tuple[bool, int | None]:
    """(colour, width) for text on stdout, or on stderr: plain and never wrapped where it is no terminal."""
    stream = sys.stderr if err else sys.stdout
    if not is_terminal(stream):
        return False, None
    colour = not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"
    return colour, shutil.get_terminal_size().columns


def is_terminal(stream: object) -> bool:
    """Whether *stream* is open and a terminal (a process may be started without any)."""
    with contextlib.suppress(AttributeError, ValueError):
        return bool(stream.isatty())  # type: ignore[attr-defined]
    return False
