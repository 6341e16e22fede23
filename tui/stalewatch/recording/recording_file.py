"""A recording on the disk: lines, compressed as they come, so that a process that is killed loses the last second at most.

One zstd stream whose blocks are flushed. Read back, a file that ends early gives what is whole in it, and says so.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import zstandard

from stalewatch.config.own_files import open_own
from stalewatch.model.errors import UsageError
from stalewatch.model.text import safe
from stalewatch.recording.codec import MAX_LINE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CHUNK = 128 * 1024
MAGIC = b"\x28\xb5\x2f\xfd"
MEMORY = 1 << 27


class RecordingFile:
    """Writes lines to a new file, 0600. Raises UsageError where there is a file already (but with *overwrite*) or none can be made."""

    def __init__(self, path: Path, *, overwrite: bool = False) -> None:
        self.path = path
        try:
            self._descriptor = open_own(path, os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if overwrite else os.O_EXCL))
            os.fchmod(self._descriptor, 0o600)
        except FileExistsError:
            raise UsageError(f"{safe(str(path), 200)} is there already", grant="give another name, or --overwrite") from None
        except OSError as error:
            raise UsageError(f"{safe(str(path), 200)} cannot be written: {error.strerror}") from error
        self._compressor = zstandard.ZstdCompressor(level=6).compressobj()
        self.size = 0

    def write(self, lines: Iterable[bytes]) -> None:
        """When it returns, *lines* are out of this process. Raises OSError (a full disk)."""
        self._put(self._compressor.compress(b"".join(lines)) + self._compressor.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK))

    def close(self) -> None:
        """End the file. Raises OSError."""
        try:
            self._put(self._compressor.flush(zstandard.COMPRESSOBJ_FLUSH_FINISH))
        finally:
            os.close(self._descriptor)

    def _put(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            written = os.write(self._descriptor, left)
            self.size += written
            left = left[written:]


class RecordedLines:
    """The lines of the recording at *path*, compressed or not. *ends_early*: it was not ended (read to the end to know)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.ends_early = False

    def __iter__(self) -> Iterator[bytes]:
        """Raises UsageError where the file cannot be read."""
        kept = b""
        for data in self._plain():
            *lines, kept = (kept + data).split(b"\n")
            yield from lines
            if len(kept) > MAX_LINE:
                break
        self.ends_early = self.ends_early or bool(kept)

    def _plain(self) -> Iterator[bytes]:
        try:
            with open(open_own(self._path, os.O_RDONLY), "rb") as file:
                begin = file.read(CHUNK)
                if not begin.startswith(MAGIC):
                    yield begin
                    yield from iter(lambda: file.read(CHUNK), b"")
                    return
                yield from self._decompressed(begin, iter(lambda: file.read(CHUNK), b""))
        except OSError as error:
            raise UsageError(f"{safe(str(self._path), 200)} cannot be read: {error.strerror}") from error

    def _decompressed(self, begin: bytes, rest: Iterable[bytes]) -> Iterator[bytes]:
        stream = zstandard.ZstdDecompressor(max_window_size=MEMORY).decompressobj()
        try:
            yield stream.decompress(begin)
            for data in rest:
                if stream.eof:
                    break
                yield stream.decompress(data)
        except zstandard.ZstdError:
            self.ends_early = True
            return
        self.ends_early = not stream.eof
