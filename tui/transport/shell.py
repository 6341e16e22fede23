"""How a command for ``sh`` gets past whatever login shell a user has over there: sh, bash, zsh, fish or csh."""

from __future__ import annotations

import shlex
from typing import Final

_ENCODED: Final = str.maketrans({char: f"\\0{ord(char):03o}" for char in "\\'!\n\r"})
_RAW: Final = frozenset("\\!\n\r")


def sh_command(command: str) -> str:
    r"""A command line that runs *command* by ``sh -c`` (in the login shell's place, so that signals and exit codes are its own).

    Plain single quotes mean the same to all shells, except that fish takes ``\\``, csh ``!`` and line ends as its own: these travel as
    octal escapes, which ``printf`` undoes over there.
    """
    if _RAW.isdisjoint(command):
        return f"exec sh -c {shlex.quote(command)}"
    return f"""exec sh -c 'eval "$(printf %b "$1")"' sh '{command.translate(_ENCODED)}'"""
