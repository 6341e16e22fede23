"""Contents of files on the server, read again only when their stat has changed."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, TypeVar

from stalewatch.model import figures, reasons
from stalewatch.model.memo import Memos

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from stalewatch.model.unseen import Unseen
    from stalewatch.probe.host.parsers.framing import Block
    from stalewatch.probe.host.parsers.records import FileRecord

T = TypeVar("T")

MAX_PLAIN = 16 * 1024 * 1024


class FileContents:
    """What was last read of some files. Call ``want`` once, then ``requests`` and ``take`` at every slow look."""

    def __init__(self) -> None:
        self._wanted: dict[str, tuple[str, int]] = {}
        self._seen: dict[str, FileRecord] = {}
        self._bytes: dict[str, bytes] = {}
        self._parsed: Memos[Any] = Memos()

    def want(self, path: str, limit: int, verb: str = "text") -> None:
        """Read *path* (at most *limit* bytes) with *verb* ``text``, ``tail`` or ``gz`` whenever it has changed."""
        self._wanted[path] = (verb, limit)

    @property
    def paths(self) -> tuple[str, ...]:
        """Every wanted path: every tick must check them."""
        return tuple(self._wanted)

    def requests(self, files: Mapping[str, FileRecord]) -> list[tuple[str, ...]]:
        """The reads that are due, given what the files look like now; what is gone is dropped."""
        due: list[tuple[str, ...]] = []
        for path, (verb, limit) in self._wanted.items():
            record = files.get(path)
            if record is None:
                self._seen.pop(path, None)
                self._bytes.pop(path, None)
            elif self._seen.get(path) != record:
                self._seen[path] = record
                due.append((verb, path, str(limit)))
        return due

    def take(self, blocks: Iterable[Block]) -> None:
        """Keep what came."""
        for block in blocks:
            for section in block.sections:
                if section.argument in self._wanted and section.name in ("text", "gz", "raw"):
                    self._bytes[section.argument] = _inflate(section.payload) if section.name == "gz" else section.payload

    def problems(self, root: str) -> tuple[Unseen, ...]:
        """The files below *root* that are longer than what is read of them; of a log the end is what is wanted."""
        limits = {path: limit for path, (verb, limit) in self._wanted.items() if verb != "tail"}
        long = [path.removeprefix(f"{root}/") for path, record in self._seen.items() if record.size > limits.get(path, record.size)]
        return (reasons.APP_FILES_LEFT_OUT.unseen(f"only the beginning of {figures.several(long)} was read"),) if long else ()

    def get(self, path: str) -> bytes | None:
        """The content, None when it is not there or not readable."""
        return self._bytes.get(path)

    def parsed(self, path: str, parse: Callable[[str], T]) -> T:
        """What *parse*, a pure function, makes of the text; made again only when the file was read again."""
        made: T = self._parsed.get((path, parse), lambda: parse(self.text(path)), (self.get(path),))
        return made

    def denied(self, path: str) -> bool:
        """Whether *path* is there and could not be read."""
        return path in self._seen and path not in self._bytes

    def text(self, path: str) -> str:
        """The content as text ("" when there is none)."""
        return self._bytes.get(path, b"").decode("utf-8", "replace")


def _inflate(data: bytes) -> bytes:
    try:
        return zlib.decompressobj(wbits=31).decompress(data, MAX_PLAIN)
    except zlib.error:
        return b""
