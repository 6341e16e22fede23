"""From what Textual exports to a PNG."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

FONT = "DejaVu Sans Mono"
FONT_SIZE = "20.264px"
"""At which a letter of FONT is as wide as a cell of Textual's picture (12.2): rsvg knows no textLength."""
PROGRAMS = ("rsvg-convert", "pngquant")
PACKAGES = ("librsvg2-bin", "pngquant", "fonts-dejavu-core", "fonts-noto-color-emoji", "fontconfig")
EMOJI = "Noto Color Emoji"
MOST_BYTES = 300_000


class CannotDraw(Exception):
    """Why no picture can be made here, and what to install."""


def prepare() -> None:
    """Make sure that there is what draws: install it where that is possible. Raises CannotDraw."""
    if _ready():
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for words in (("update",), ("install", "-y", "--no-install-recommends", *PACKAGES)):
            subprocess.run(["apt-get", "-qq", *words], env=environment, stdout=subprocess.DEVNULL, check=False)
    if not _ready():
        raise CannotDraw(f"pictures need {', '.join(PROGRAMS)} and the fonts {FONT} and {EMOJI}: apt-get install {' '.join(PACKAGES)}")


def _ready() -> bool:
    if not all(shutil.which(program) for program in (*PROGRAMS, "fc-match")):
        return False
    asked = (["fc-match", "-f", "%{family}", font] for font in (FONT, EMOJI))
    return all(subprocess.run(words, capture_output=True, text=True, check=False).stdout == words[-1] for words in asked)


def write(svg: str, target: Path) -> None:
    """*svg* as Textual exports it, as a PNG of at most MOST_BYTES. Raises CannotDraw."""
    # rsvg measures in a font that is there, and drops the blanks a run begins with unless told to keep them.
    drawn = svg.replace("Fira Code", FONT).replace("font-size: 20px", f"font-size: {FONT_SIZE}")
    drawn = drawn.replace('<svg class="rich-terminal"', '<svg xml:space="preserve" class="rich-terminal"', 1)
    png = _run(["rsvg-convert", "--format", "png"], drawn.encode())
    png = _run(["pngquant", "--speed", "1", "256", "-"], png)  # a screen has few colours: a third of the size, no visible difference
    if len(png) > MOST_BYTES:
        raise CannotDraw(f"{target.name} has {len(png):,} bytes, more than {MOST_BYTES:,}")
    target.write_bytes(png)


def _run(argv: list[str], given: bytes) -> bytes:
    done = subprocess.run(argv, input=given, capture_output=True, check=False)
    if done.returncode != 0:
        raise CannotDraw(f"{argv[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout
