"""Blocks of sections out of the host probe's bytes. Pure: bytes in, blocks out, whatever the chunks.

The format is described in :mod:`stalewatch.probe`. Only who knows the nonce can begin, divide or end a block.
"""

from __future__ import annotations

import re

import msgspec

from stalewatch.model.errors import ProtocolError

MAX_BLOCK = 24 * 1024 * 1024
"""Bytes of one block: a walk of 20,000 sources is about 3 MiB, an installed.json at most 16."""


class BlockSection(msgspec.Struct, frozen=True):
    """One part of a block: *name* (``files``), its *argument* (often a path) and what stands below it, without the newline that ends it."""

    name: str
    argument: str
    payload: bytes

    @property
    def lines(self) -> list[bytes]:
        """The payload's lines that are not empty."""
        return [line for line in self.payload.split(b"\n") if line]


class Block(msgspec.Struct, frozen=True):
    """One answer: *seq* of its request and its sections in order."""

    seq: int
    sections: tuple[BlockSection, ...]

    def of(self, name: str) -> list[BlockSection]:
        """Every section called *name*."""
        return [section for section in self.sections if section.name == name]

    def first(self, name: str) -> BlockSection | None:
        """The first section called *name*."""
        return next((section for section in self.sections if section.name == name), None)

    def text(self, name: str) -> str:
        """The first *name* section's payload as one stripped text ("" when there is none); bytes that are not UTF-8 stay as surrogates."""
        found = self.first(name)
        return found.payload.decode("utf-8", "surrogateescape").strip() if found else ""


class Deframer:
    """Collects bytes and gives the blocks that are complete. What comes before a block begins is dropped (a banner, a profile's echo)."""

    def __init__(self, nonce: str, limit: int = MAX_BLOCK) -> None:
        if not re.fullmatch(r"[0-9a-f]{16,64}", nonce):
            raise ValueError("a nonce is 16 to 64 hex digits")
        self._begin = re.compile(rb"\n%b begin (\d{1,12})\n" % nonce.encode())
        self._mark = re.compile(rb"\n%b ([^\n]*)\n" % nonce.encode())
        self._nonce = nonce.encode()
        self._limit = limit
        self._buffer = bytearray()
        self._searched = 0

    def feed(self, data: bytes) -> list[Block]:
        """Take *data*; give every block that is complete now. Raises ProtocolError when one grows beyond the limit or is malformed."""
        self._buffer += data
        blocks = []
        while (block := self._next()) is not None:
            blocks.append(block)
        if len(self._buffer) > self._limit:
            raise ProtocolError(f"the host probe sent more than {self._limit} bytes for one answer")
        return blocks

    def _next(self) -> Block | None:
        begin = self._begin.search(self._buffer)
        if begin is None:
            self._drop_noise()
            return None
        seq = int(begin[1])
        ending = b"\n%b end %d\n" % (self._nonce, seq)
        end = self._buffer.find(ending, max(begin.end() - 1, self._searched))
        if end < 0:
            self._searched = max(0, len(self._buffer) - len(ending))
            return None
        body = bytes(self._buffer[begin.end() - 1 : end + 1])
        del self._buffer[: end + len(ending)]
        self._searched = 0
        return Block(seq, tuple(self._sections(body)))

    def _drop_noise(self) -> None:
        """Outside a block nothing is wanted but the start of the next mark."""
        keep = len(self._nonce) + 24
        if len(self._buffer) > keep:
            del self._buffer[:-keep]
        self._searched = 0

    def _sections(self, body: bytes) -> list[BlockSection]:
        sections = []
        mark = self._mark.search(body)
        while mark is not None:
            # The newline that ends one mark may begin the next one: search from it.
            following = self._mark.search(body, mark.end() - 1)
            payload = body[mark.end() : following.start() if following else len(body)]
            name, _, argument = mark[1].decode("utf-8", "surrogateescape").partition(" ")
            sections.append(BlockSection(name, argument, payload.removesuffix(b"\n") if following is None else payload))
            mark = following
        return sections
