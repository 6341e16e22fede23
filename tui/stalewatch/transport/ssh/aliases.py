"""Globs over the ``Host`` aliases of ssh_config: ``'web*'`` -> ``web1`` ``web2``. Reads files, Include too; connects to nothing."""

from __future__ import annotations

import os
import re
import shlex
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stalewatch.model.errors import UsageError
from stalewatch.model.text import safe

if TYPE_CHECKING:
    from collections.abc import Iterator

USER_CONFIG: Final = "~/.ssh/config"
SYSTEM_CONFIG: Final = "/etc/ssh/ssh_config"
_MAX_DEPTH: Final = 16
_KEYWORD: Final = re.compile(r"\s*(host|include)(?:\s*=\s*|\s+)(.*)", re.IGNORECASE | re.DOTALL)


def is_glob(target: str) -> bool:
    """Whether *target* has ``*`` or ``?`` (brackets belong to IPv6 addresses)."""
    return "*" in target or "?" in target


def expand(target: str, ssh_config: str = "") -> list[str]:
    """*target* itself, or for a glob (``web*``, ``deploy@web*``, ``web*:2222``) one target per alias that matches, in the file's order.

    *ssh_config* as ``-F``: that file alone; empty: the user's, then the system's. Raises UsageError when no alias matches, or the file
    named by *ssh_config* cannot be read.
    """
    if not is_glob(target):
        return [target]
    user, at, rest = target.rpartition("@")
    pattern, colon, port = rest.partition(":")
    found = [f"{user}{at}{alias}{colon}{port}" for alias in aliases(ssh_config) if fnmatchcase(alias, pattern.replace("[", "[[]"))]
    if not found:
        where = ssh_config or f"{USER_CONFIG} or {SYSTEM_CONFIG}"
        raise UsageError(f"no Host of {where} matches {safe(target, 80)}", grant="see its Host lines, or name the servers one by one")
    return found


def aliases(ssh_config: str = "") -> list[str]:
    """Every alias that a ``Host`` line names (no patterns, no negations), once, in order."""
    if ssh_config and not _expanded(ssh_config).is_file():
        raise UsageError(f"cannot read {ssh_config}: no such file")
    files = [(ssh_config, "~/.ssh")] if ssh_config else [(USER_CONFIG, "~/.ssh"), (SYSTEM_CONFIG, "/etc/ssh")]
    return list(dict.fromkeys(alias for file, base in files for alias in _of_file(file, base, 0)))


def _of_file(file: str, base: str, depth: int) -> Iterator[str]:
    try:
        path = _expanded(file)
        text = path.read_text("utf-8", "surrogateescape") if path.is_file() else ""  # a pipe would be waited for
    except OSError:
        return
    for line in text.splitlines():
        match = _KEYWORD.fullmatch(line)
        if match is None:
            continue
        words = _words(match[2])
        if match[1].lower() == "host":
            yield from (word for word in words if not is_glob(word) and not word.startswith(("!", "-")))
        elif depth < _MAX_DEPTH:
            for word in words:
                pattern = _expanded(base) / _expanded(word)
                for included in filter(Path.is_file, sorted(Path(pattern.anchor).glob(str(pattern.relative_to(pattern.anchor))))):
                    yield from _of_file(str(included), base, depth + 1)


def _expanded(path: str) -> Path:
    return Path(os.path.expanduser(path))  # noqa: PTH111  Path's raises where nobody has that home


def _words(value: str) -> list[str]:
    try:
        return shlex.split(value, comments=True)
    except ValueError:  # an unbalanced quote: ssh will say so when it is asked
        return []
