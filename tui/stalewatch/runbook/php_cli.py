"""Which PHP of the command line is the pool's version. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

USUAL = "/usr/bin/php"


class CommandLine(msgspec.Struct, frozen=True):
    """*php*: the program. *lacks*: the pool's version ("8.2"), where the server has no program of that one; "" it has, or none is known."""

    php: str = USUAL
    lacks: str = ""


def command_line(version: str, binary: str, there: Mapping[str, str] | None) -> CommandLine:
    """*version*: the pool's PHP; *binary*: of FPM ("" not known); *there*: path -> which file it is (None: not looked at).

    Beside ``/usr/sbin/php-fpm8.2`` that is ``/usr/bin/php8.2``, beside ``/opt/php82/sbin/php-fpm`` ``/opt/php82/bin/php``.
    """
    minor = ".".join(version.split(".")[:2])
    if not there or not minor:
        return CommandLine()
    folder = f"{binary.rpartition('/')[0].removesuffix('/sbin')}/bin" if binary.startswith("/") else "/usr/bin"
    for path in (f"{folder}/php{minor}", f"/usr/bin/php{minor}", *([f"{folder}/php"] if folder != "/usr/bin" else [])):
        if path in there:
            return CommandLine(USUAL if there.get(USUAL) == there[path] else path)
    others = {file for path, file in there.items() if path.startswith(USUAL) and path != USUAL}
    wrong = USUAL not in there or there[USUAL] in others
    return CommandLine(f"{folder}/php{minor}", minor) if wrong and folder.startswith(("/usr/", "/opt/")) else CommandLine()
