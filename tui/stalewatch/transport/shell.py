"""How a command for ``sh`` gets past whatever login shell a user has over there: sh, bash, zsh, fish or csh."""

from __future__ import annotations

import shlex
from typing import Final

_ENCODED: Final = str.maketrans({char: f"\\0{ord(char):03o}" for char in "\\'!\n\r"})
_RAW: Final = frozenset("\\!\n\r")


def sh_command(command: str, mark: str = "") -> str:
    r"""A command line that runs *command* by ``sh -c`` (in the login shell's place, so that signals and exit codes are its own).

    *mark*, letters and digits and ``-``, becomes an argument that the command does not see but by which :func:`kill_marked` finds it.
    Plain single quotes mean the same to all shells, except that fish takes ``\\``, csh ``!`` and line ends as its own: these travel as
    octal escapes, which ``printf`` undoes over there.
    """
    named = f" sh {mark}" if mark else ""
    if _RAW.isdisjoint(command):
        return f"exec sh -c {shlex.quote(command)}{named}"
    return f"""exec sh -c 'eval "$(shift; printf %b "$1")"' sh {mark or "-"} '{command.translate(_ENCODED)}'"""


def kill_marked(mark: str) -> str:
    """A command line, for the same shells, that kills the process group of the command with *mark* on Linux.

    For where sshd does not pass signals on (root's own logins, before 7.9). The brackets keep it from finding itself.
    """
    found = f"$(grep -l [{mark[0]}]{mark[1:]} /proc/[0-9]*/cmdline 2>/dev/null)"
    return f"exec sh -c 'for file in {found}; do pid=${{file#/proc/}}; kill -KILL -${{pid%/cmdline}}; done'"
