"""Quotes a command for ``sh`` so that every login shell passes it on unchanged: sh, bash, zsh, fish or csh."""

from __future__ import annotations

import shlex
from typing import Final

_ENCODED: Final = str.maketrans({char: f"\\0{ord(char):03o}" for char in "\\'!\n\r"})
_RAW: Final = frozenset("\\!\n\r")


def sh_command(command: str, mark: str = "") -> str:
    r"""A command line that replaces the login shell by ``sh -c`` *command*, so that signals and exit codes are those of *command*.

    *mark*, letters and digits and ``-``, becomes an extra argument by which :func:`kill_marked` finds the command.
    Plain single quotes mean the same to all shells, except that fish takes ``\\``, csh ``!`` and line ends as its own: these are
    sent as octal escapes, which ``printf`` decodes on the server.
    """
    named = f" sh {mark}" if mark else ""
    if _RAW.isdisjoint(command):
        return f"exec sh -c {shlex.quote(command)}{named}"
    return f"""exec sh -c 'eval "$(shift; printf %b "$1")"' sh {mark or "-"} '{command.translate(_ENCODED)}'"""


def kill_marked(mark: str) -> str:
    """A command line, for the same shells, that kills the process group of the command with *mark* on Linux.

    Needed where sshd does not pass signals on (logins of root, before 7.9). The brackets keep it from finding itself.
    """
    found = f"$(grep -l [{mark[0]}]{mark[1:]} /proc/[0-9]*/cmdline 2>/dev/null)"
    return f"exec sh -c 'for file in {found}; do pid=${{file#/proc/}}; kill -KILL -${{pid%/cmdline}}; done'"
