"""Reads a file of an inventory as text. Every mistake is a UsageError that names the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.config.own_files import read_own
from stalewatch.model import figures
from stalewatch.model.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 16 * 1024 * 1024
"""Ten thousand hosts with their variables take a tenth of it."""


def text_in(file: Path) -> str:
    """What *file* says. Raises UsageError, also for a pipe or a device: none is waited for."""
    try:
        content = read_own(file, MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise UsageError(f"{file}: is larger than {figures.size(MAX_BYTES)}: is it the right file?")
        return content.decode("utf-8").replace("\r\n", "\n")
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file}: is not UTF-8 (byte {error.start})") from error
