"""What ``systemctl show`` says of the unit that PHP-FPM runs in. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

_ARGV = re.compile(r"argv\[\]=(.*?) ; ignore_errors=")
_TAKEN = {
    "-p": "-p",
    "--prefix": "-p",
    "-c": "-c",
    "--php-ini": "-c",
    "-d": "-d",
    "--define": "-d",
}
"""Options of php-fpm with a value that change what a configuration means."""


class UnitFacts(msgspec.Struct, frozen=True, kw_only=True):
    """*main_pid*: 0 where it has no main process (None: not told). *reloads*: the commands of its ExecReload (None: not told).
    *options*: those of its php-fpm that change what its configuration means (``-c FILE``), without ``-y``."""

    status: str = ""
    main_pid: int | None = None
    reloads: tuple[str, ...] | None = None
    options: tuple[str, ...] = ()


def read(text: str) -> UnitFacts:
    """*text*: lines of ``systemctl show -p …``."""
    rows = [line.partition("=")[::2] for line in text.splitlines()]
    values = dict(rows)
    pid = values.get("MainPID", "")
    starts, reloads = (tuple(_commands(rows, name)) for name in ("ExecStart", "ExecReload"))
    return UnitFacts(
        status=values.get("StatusText", ""),
        main_pid=int(pid) if pid.isdecimal() else None,
        reloads=reloads if reloads or values.get("ExecReload") == "" or starts else None,
        options=tuple(_options(starts[0].split())) if len(starts) == 1 else (),
    )


def _commands(rows: list[tuple[str, str]], name: str) -> Iterator[str]:
    for key, value in rows:
        if key == name:
            yield from _ARGV.findall(value)


def _options(words: list[str]) -> Iterator[str]:
    """``-c /etc/x.ini -d a=b --define=c=d -n``, in one spelling."""
    if not words or "php-fpm" not in words[0]:
        return
    at = 1
    while at < len(words):
        name, joined, value = words[at].partition("=") if words[at].startswith("--") else (words[at][:2], words[at][2:], words[at][2:])
        if name in ("-n", "--no-php-ini"):
            yield "-n"
        elif name in _TAKEN and (joined or at + 1 < len(words)):
            at += not joined
            yield from (_TAKEN[name], value if joined else words[at])
        at += 1
