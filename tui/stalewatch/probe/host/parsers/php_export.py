"""What PHP's ``var_export`` wrote, read back: the values in Laravel's generated manifests. Pure; nothing is evaluated."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

_TOKEN = re.compile(
    r"\s*(?:(?P<open>array\s*\(|\[)|(?P<close>\)|\])|(?P<arrow>=>)|(?P<comma>,)|'(?P<text>(?:[^'\\]|\\.)*)'"
    r"|(?P<number>-?\d{1,18}(?:\.\d{1,18})?(?:E[+-]?\d{1,3})?(?![\w.]))|(?P<word>null|true|false)\b)",
    re.IGNORECASE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\([\\'])")
_RETURN = re.compile(r"\s*<\?php\s+return\s")
_END = re.compile(r"\s*;?\s*(?:\?>\s*)?\Z")
_WORDS = {"null": None, "true": True, "false": False}
_WHOLE_NUMBER = re.compile(r"(?:0|-?[1-9]\d{0,17})\Z")
MAX_DEPTH = 20
"""Arrays within arrays: a manifest has four."""


class UnreadableExportError(ValueError):
    """The text is no export of arrays, strings, numbers, true, false and null."""


class _At(NamedTuple):
    value: Any
    end: int


def exported(content: str) -> Any:
    """The value of a file that is ``<?php return VALUE;``, in the form of :func:`as_php`. Raises :class:`UnreadableExportError`."""
    begin = _RETURN.match(content)
    if begin is None:
        raise UnreadableExportError
    value, end = _value(content, begin.end(), 0)
    if _END.match(content, end) is None:
        raise UnreadableExportError
    return value


def as_php(value: Any) -> Any:
    """A decoded JSON *value* as PHP holds it: a list where the keys count from 0 (an empty object is one), else a dict whose keys are
    numbers where they are written as such."""
    if isinstance(value, list):
        return [as_php(each) for each in value]
    if isinstance(value, dict):
        return _array({_key(key): as_php(each) for key, each in value.items()})
    return value


def _key(key: Any) -> Any:
    return int(key) if isinstance(key, str) and _WHOLE_NUMBER.match(key) else key


def _array(entries: dict[Any, Any]) -> Any:
    return list(entries.values()) if list(entries) == list(range(len(entries))) else entries


def _value(content: str, start: int, depth: int) -> _At:
    token = _token(content, start)
    if token["open"] is not None:
        return _entries(content, token.end(), depth + 1)
    if token["text"] is not None:
        return _At(_ESCAPE.sub(r"\1", token["text"]), token.end())
    if token["number"] is not None:
        return _At(_number(token["number"]), token.end())
    if token["word"] is not None:
        return _At(_WORDS[token["word"].lower()], token.end())
    raise UnreadableExportError


def _number(text: str) -> int | float:
    return int(text) if text.lstrip("-").isdigit() else float(text)


def _entries(content: str, start: int, depth: int) -> _At:
    """The entries of an array that opened just before *start*."""
    if depth > MAX_DEPTH:
        raise UnreadableExportError
    found: dict[Any, Any] = {}
    position, following = start, 0
    while (token := _token(content, position))["close"] is None:
        key, position = _value(content, position, depth)
        token = _token(content, position)
        if token["arrow"] is not None:
            if not isinstance(key, int | str):
                raise UnreadableExportError
            value, position = _value(content, token.end(), depth)
            key = _key(key)
            token = _token(content, position)
        else:
            key, value = following, key
        found[key] = value
        following = key + 1 if isinstance(key, int) and key >= following else following
        if token["comma"] is not None:
            position = token.end()
        elif token["close"] is None:
            raise UnreadableExportError
    return _At(_array(found), token.end())


def _token(content: str, start: int) -> re.Match[str]:
    token = _TOKEN.match(content, start)
    if token is None:
        raise UnreadableExportError
    return token
