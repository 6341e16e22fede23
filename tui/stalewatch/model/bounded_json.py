"""Decodes JSON that a server wrote: however deep it is nested, it is that server's trouble alone. Pure."""

from __future__ import annotations

import re
from typing import Any, Final, TypeVar, overload

import msgspec

MAX_DEPTH: Final = 32
"""Levels of arrays and objects. Composer's files and our own answers have fewer than ten."""
_ALL_BUT_STRUCTURE: Final = bytes(set(range(256)) - set(b'"[]{}'))
_TEXT: Final = re.compile(rb'"[^"]*"')
_PLAINLY_TOO_DEEP: Final = re.compile(rb"[\[{]{%d}" % (MAX_DEPTH + 1))

T = TypeVar("T")


@overload
def decode(content: bytes | str, *, strict: bool = True) -> Any: ...
@overload
def decode(content: bytes | str, *, type: type[T], strict: bool = True) -> T: ...
def decode(content: bytes | str, *, type: Any = Any, strict: bool = True) -> Any:
    """As :func:`msgspec.json.decode`. Raises MsgspecError (also for what is nested too deep) and UnicodeDecodeError.

    What is nested deep enough ends a decoder, or whatever goes through the value later, with a RecursionError.
    """
    raw = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    try:
        if not _too_deep(raw):
            return msgspec.json.decode(raw, type=type, strict=strict)
    except RecursionError:  # brackets that are never closed
        pass
    raise msgspec.DecodeError(f"it is nested deeper than {MAX_DEPTH} levels")


def _too_deep(raw: bytes) -> bool:
    """Each round takes the innermost brackets away; those in texts are gone before."""
    quoted = raw.replace(b"\\\\", b"").replace(b'\\"', b"").translate(None, _ALL_BUT_STRUCTURE)
    left = _TEXT.sub(b"", quoted.replace(b'""', b""))  # a text without brackets, or the border of two
    for _ in range(MAX_DEPTH):
        if _PLAINLY_TOO_DEEP.search(left):
            return True
        before, left = left, left.replace(b"[]", b"").replace(b"{}", b"")
        if left == before:
            return False
    return bool(left)
