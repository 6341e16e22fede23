"""What ``watch`` has told and not yet ended, kept between runs, so that a restart does not tell it again. One private file per fleet.

Harmless when missing, old, damaged or somebody else's: then it is told again.
"""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING

import msgspec
import platformdirs

from stalewatch.config.own_files import keep_own, read_own
from stalewatch.engine.incidents import Incident
from stalewatch.model import bounded_json

if TYPE_CHECKING:
    from pathlib import Path

    from stalewatch.model.inventory import Fleet

MAX_BYTES = 4 * 1024 * 1024


def load(fleet: Fleet) -> tuple[Incident, ...]:
    """Those of an earlier run on the same servers; none where nothing is kept that can be used."""
    with contextlib.suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return bounded_json.decode(read_own(_path(fleet), MAX_BYTES), type=tuple[Incident, ...])
    return ()


def save(fleet: Fleet, opened: tuple[Incident, ...]) -> None:
    """Keep them. A disk that takes nothing is no error."""
    with contextlib.suppress(OSError):
        keep_own(_path(fleet), msgspec.json.encode(opened).decode())


def _path(fleet: Fleet) -> Path:
    names = "\0".join(sorted(f"{server.name}\0{server.target}" for server in fleet.servers))
    name = hashlib.sha256(names.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return platformdirs.user_state_path("stalewatch") / "watch" / f"{name}.json"
