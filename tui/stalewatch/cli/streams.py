"""stdout is data, stderr everything else. A reader that has gone (``| head``) is no error: what is left to say goes nowhere."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import termios
import traceback


class StdoutFailed(OSError):
    """stdout takes nothing, and not because its reader has gone: a full disk, a closed descriptor."""


def reopen_closed() -> None:
    """Give a process that was started without stdin, stdout or stderr new ones, so that no file or link of ours gets their numbers: the
    first is empty, the second takes nothing (StdoutFailed), the third forgets all."""
    for name, flags, mode in (("stdin", os.O_RDONLY, "r"), ("stdout", os.O_RDONLY, "w"), ("stderr", os.O_WRONLY, "w")):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, flags)
            os.set_inheritable(descriptor, True)
            setattr(sys, name, open(descriptor, mode, encoding="utf-8"))  # noqa: SIM115  as long as the process


def emit(data: str | bytes) -> None:
    """Write to stdout at once. Raises StdoutFailed."""
    with contextlib.suppress(BrokenPipeError):
        write_out(as_bytes(data))


def as_bytes(data: str | bytes) -> bytes:
    """*data* as stdout takes it; a character that its encoding lacks is an escape."""
    return data.encode(sys.stdout.encoding or "utf-8", "backslashreplace") if isinstance(data, str) else data


def write_out(data: bytes) -> None:
    """The same; a reader that has gone is a BrokenPipeError."""
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        _out_to_nowhere()
        raise
    except OSError as error:
        _out_to_nowhere()
        raise StdoutFailed(*error.args) from error


def why_unwritten(error: Exception) -> str:
    """Why stdout took nothing, if *error* came of that; "" if not."""
    if not isinstance(error, OSError):
        return ""
    *_, (last, _line) = traceback.walk_tb(error.__traceback__)
    echoed = last.f_globals.get("__name__") == "click.utils"  # help and version, which click writes itself
    return error.strerror or "" if echoed or isinstance(error, StdoutFailed) else ""


def _out_to_nowhere() -> None:
    """The interpreter flushes once more when it ends."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


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
