"""The log on the operator's own machine: warnings of libraries and the traceback of a bug. It never goes to the terminal."""

from __future__ import annotations

import logging
import os
import traceback
from logging.handlers import RotatingFileHandler
from pathlib import Path

import platformdirs

from stalewatch.config.own_files import open_own

MAX_BYTES = 1_000_000


def path() -> Path:
    """Where the log is on this platform."""
    return Path(platformdirs.user_log_dir("stalewatch", appauthor=False)) / "stalewatch.log"


class _PrivateFile(RotatingFileHandler):
    """Readable by its owner only; a log that cannot be written is no reason to disturb anybody."""

    def _open(self):  # type: ignore[no-untyped-def]
        descriptor = open_own(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        return open(descriptor, "a", encoding="utf-8", errors="backslashreplace")

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  logging's own name
        pass


def start() -> bool:
    """Send warnings of every library to the log instead of stderr. False where no log can be written: then they go nowhere."""
    root = logging.getLogger()
    if any(isinstance(handler, _PrivateFile | logging.NullHandler) for handler in root.handlers):
        return True
    try:
        path().parent.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = _PrivateFile(path(), maxBytes=MAX_BYTES, backupCount=1, delay=True)
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root.addHandler(handler)
    return isinstance(handler, _PrivateFile)


def record(error: BaseException) -> str:
    """Append the traceback of *error*; what to add to the one line on stderr: `` (traceback in FILE)``, or nothing."""
    try:
        path().parent.mkdir(parents=True, exist_ok=True)
        descriptor = open_own(path(), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        with open(descriptor, "a", encoding="utf-8", errors="backslashreplace") as log:
            log.write("".join(traceback.format_exception(error)))
    except OSError:
        return ""
    return f" (traceback in {path()})"
