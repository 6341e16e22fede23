"""A file that whoever deploys says must be on the disk, and what lies there. Values only."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class ExpectedFile(msgspec.Struct, frozen=True):
    """*path*: absolute, or relative to the release. *sha256*: of its content, 64 lower case hexadecimal digits."""

    path: str
    sha256: str


class FileState(StrEnum):
    """What is known of a file that is expected: what it is, or why that is not known."""

    SAME = "same"
    OTHER = "other"
    MISSING = "missing"
    DANGLING = "dangling"
    """A symbolic link to what is not there."""
    NO_FILE = "no-file"
    """A directory, a pipe, a device."""
    DENIED = "denied"
    LONG = "long"
    NO_PROGRAM = "no-program"
    """Nothing on the server takes a SHA-256."""
    UNREAD = "unread"


class HeldFile(msgspec.Struct, frozen=True):
    """*modified*: epoch seconds (None: not known)."""

    state: FileState
    modified: float | None = None
