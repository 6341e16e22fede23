"""The audit log on this machine: what was done where, by whom, when. JSON lines, 0600, on the disk before the command is sent."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import msgspec
import platformdirs

from stalewatch.config.own_files import open_own, read_own
from stalewatch.model import bounded_json, reasons
from stalewatch.model.errors import StalewatchError


class AuditFailed(StalewatchError):
    """The audit log can't be written: then nothing is sent."""

    reason = reasons.RUNBOOK_AUDIT


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """*at*: epoch seconds by this machine's clock. *event*: ``send`` (about to), ``outcome`` or ``result`` (of a server)."""

    at: float
    who: str
    server: str
    address: str
    app: str
    event: str
    step: str
    command: str = ""
    reason: str = ""
    status: str = ""
    evidence: dict[str, str] = {}


def default_path() -> Path:
    """The platform's state directory for this user."""
    return Path(platformdirs.user_state_dir("stalewatch")) / "audit.log"


MAX_READ = 4 * 1024 * 1024
"""Bytes at the end of the log that are read back."""


def entries_since(at: float, path: Path | None = None) -> list[AuditEntry]:
    """What was written since *at*, oldest first; nothing where there is no log. A line that is none of ours is left out."""
    try:
        lines = read_own(path or default_path(), MAX_READ, end=True).splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError):
            entry = bounded_json.decode(line, type=AuditEntry)
            found += [entry] if entry.at >= at else []
    return found


class AuditLog:
    """Appends entries. Several stalewatches may append to the same file: one write per line."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or default_path()

    def record(self, entry: AuditEntry) -> None:
        """Returns when *entry* is on the disk. Raises AuditFailed."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = open_own(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            try:
                os.write(handle, msgspec.json.encode(entry) + b"\n")
                os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as error:
            message = f"the audit log {self.path} cannot be written: {error.strerror}"
            raise AuditFailed(message, grant="nothing is sent without it") from error
