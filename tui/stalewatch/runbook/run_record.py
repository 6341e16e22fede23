"""The last fix on this machine that has not verified every server yet, so that ``fix --resume`` goes on where it stopped."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import platformdirs

from stalewatch.config.own_files import read_own
from stalewatch.model import bounded_json
from stalewatch.model.replace import replace
from stalewatch.runbook.plan import Request

if TYPE_CHECKING:
    from stalewatch.model.inventory import AppKey


MAX_BYTES = 4 * 1024 * 1024


class RunRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for. *targets* and *config*: as they were given. *request*: with what is verified so far."""

    targets: tuple[str, ...]
    request: Request
    config: str = ""
    batch: int = 1

    def with_verified(self, key: AppKey) -> RunRecord:
        """The same when the app *key* is verified, too."""
        return replace(self, request=replace(self.request, verified=(*self.request.verified, key)))


def load(path: Path | None = None) -> RunRecord | None:
    """The run that stopped; None where the last one verified everything, or nothing is known of it."""
    try:
        return bounded_json.decode(read_own(path or default_path(), MAX_BYTES), type=RunRecord)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None


def save(record: RunRecord | None, path: Path | None = None) -> None:
    """Keep *record*, 0600, atomically; None: nothing is left to do. A disk that takes nothing is no error: a fix finds by itself what is
    stale, and this only keeps its order and its request."""
    file = path or default_path()
    with contextlib.suppress(OSError):
        if record is None:
            file.unlink(missing_ok=True)
            return
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=file.parent)
        with os.fdopen(handle, "wb") as out:
            out.write(msgspec.json.encode(record))
        Path(name).replace(file)


def default_path() -> Path:
    """The platform's state directory for this user."""
    return Path(platformdirs.user_state_dir("stalewatch")) / "last-fix.json"
