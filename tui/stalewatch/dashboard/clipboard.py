"""Copies by every way there is, since none says whether it worked: a program of this desk, tmux itself, the terminal, and a file."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from stalewatch.config.own_files import keep_own
from stalewatch.dashboard.render import osc52

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PATIENCE = 5.0
"""Seconds that a program has to take what is copied."""


def copy(text: str, write_escape: Callable[[str], None]) -> str:
    """Copy *text*; where it is in any case: a path, "" where no file could be written. Waits for no program."""
    term = "screen" if "STY" in os.environ else os.environ.get("TERM", "")  # its users may have set another name
    write_escape(osc52.sequence(text, term, tmux="TMUX" in os.environ or term.startswith("tmux")))
    for argv in programs(os.environ):
        if shutil.which(argv[0]):
            threading.Thread(target=_feed, args=(argv, text), daemon=True, name="copy").start()
            break
    return _kept(text)


def is_doubtful(environment: Mapping[str, str]) -> bool:
    """Whether nobody can know that a clipboard gets it: over SSH from a terminal that calls itself ``screen``, as tmux does, too. What the
    one passes on the other drops, or prints."""
    inside = environment.get("TMUX") or environment.get("STY")
    return bool(environment.get("SSH_CONNECTION")) and not inside and environment.get("TERM", "").startswith("screen")


def programs(environment: Mapping[str, str]) -> Sequence[tuple[str, ...]]:
    """What would take it here, the first that is installed is enough. Over SSH only tmux: the desk is elsewhere."""
    if environment.get("TMUX"):
        return (("tmux", "load-buffer", "-w", "-"),)  # also where tmux lets no program's own sequence through, its default
    if environment.get("SSH_CONNECTION"):
        return ()
    wayland = (("wl-copy",),) if environment.get("WAYLAND_DISPLAY") else ()
    x11 = (("xclip", "-selection", "clipboard"), ("xsel", "--clipboard", "--input")) if environment.get("DISPLAY") else ()
    return (("pbcopy",),) if sys.platform == "darwin" else (*wayland, *x11)


def _feed(argv: Sequence[str], text: str) -> None:
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        # xclip stays behind to serve what it took: its outputs must not hold ours open.
        subprocess.run(
            argv, input=text.encode(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=PATIENCE, check=False, cwd="/"
        )


def _kept(text: str) -> str:
    path = platformdirs.user_state_path("stalewatch") / "copied.md"
    try:
        keep_own(path, text)
    except OSError:
        return ""
    home = str(Path.home())
    return f"~{str(path).removeprefix(home)}" if str(path).startswith(f"{home}/") else str(path)
