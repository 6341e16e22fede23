"""Entries <-> lines of NDJSON. Pure. A recording may come from anybody: its texts are made safe as if a server had said them."""

from __future__ import annotations

from typing import Any

import msgspec

from stalewatch.model import bounded_json
from stalewatch.model.errors import UsageError
from stalewatch.model.text import safe
from stalewatch.recording.entries import SCHEMA, Entry, Header

MAX_LINE = 64 * 1024 * 1024
"""Bytes. A whole look at an app with 20,000 remembered scripts takes about 5 MB."""


class DamagedLine(ValueError):
    """A line that is no entry, and why."""


def encoded(value: Header | Entry) -> bytes:
    """One line, with its end."""
    return msgspec.json.encode(value) + b"\n"


def header_of(line: bytes, name: str) -> Header:
    """Line 1 of the recording *name*. Raises UsageError where it is none, or one that this version cannot read."""
    try:
        told = _tree(line)
        schema = told["schema"]
        if isinstance(schema, int) and schema > SCHEMA:
            by = f"stalewatch {safe(str(told.get('version', '?')), 40)} (schema {schema})"
            raise UsageError(f"{name} was recorded by {by}; this one reads up to schema {SCHEMA}", grant="replay it with a newer version")
        return msgspec.convert(told, Header)
    except (DamagedLine, msgspec.ValidationError, LookupError, TypeError) as error:
        raise UsageError(f"{name} is not a recording of stalewatch", grant="stalewatch record FILE makes one") from error


def entry_of(line: bytes) -> Entry:
    """Raises DamagedLine."""
    try:
        entry: Entry = msgspec.convert(_tree(line), Entry)
    except msgspec.ValidationError as error:
        raise DamagedLine(str(error)) from error
    return entry


def _tree(line: bytes) -> Any:
    try:
        return _safe(bounded_json.decode(line))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DamagedLine(str(error)) from error


def _safe(tree: Any) -> Any:
    match tree:
        case str():
            return tree if tree.isprintable() else safe(tree, MAX_LINE)
        case list():
            return [_safe(value) for value in tree]
        case dict():
            return {_safe(key): _safe(value) for key, value in tree.items()}
    return tree
