"""``python -m tests.screenshots [NAME…]``: see the package."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from pathlib import Path

STORY = 12 * 3600 + 50 * 60
"""The time of day at which the incident is looked at."""


def _zone() -> str:
    """A time zone in which it is 12:50 or a little later, so that the pictures tell the hours of the story (POSIX: west is positive).

    In steps of ten minutes: logs write offsets in minutes, and round moments on the axis shall be round.
    """
    west = (time.time() - STORY + 43200) % 86400 - 43200
    minutes = int(west // 600) * 10
    return f"CEST{'-' if minutes < 0 else ''}{abs(minutes) // 60}:{abs(minutes) % 60:02}"


# Before anything of Textual is imported: pictures are the same whoever makes them, and whenever.
os.environ.pop("NO_COLOR", None)
os.environ.update(COLORTERM="truecolor", TERM="xterm-256color", TZ=_zone())
time.tzset()

from stalewatch.demo.embedded import Embedded  # noqa: E402
from stalewatch.engine.engine import Engine  # noqa: E402
from tests.screenshots import picture, scenes  # noqa: E402

FOLDER = Path(__file__).parents[2] / "screenshots"


def main() -> int:
    names = [scene.name for scene in scenes.SCENES] + [scenes.AFTER_FIX]
    parser = argparse.ArgumentParser(prog="python -m tests.screenshots", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which ones (default: all): {' '.join(names)}")
    wanted = parser.parse_args().names or names
    if unknown := set(wanted) - set(names):
        parser.error(f"no such picture: {' '.join(sorted(unknown))}; there are {' '.join(names)}")
    try:
        picture.prepare()
        FOLDER.mkdir(exist_ok=True)
        draw(wanted)
    except picture.CannotDraw as reason:
        print(reason, file=sys.stderr)
        return 1
    return 0


def draw(wanted: list[str]) -> None:
    """The pictures *wanted*, from one demo; the last one changes its servers."""
    with Embedded() as world:
        engine = Engine(world.fleet)
        engine.start()
        try:
            for scene in scenes.SCENES:
                if scene.name in wanted:
                    _save(scene.name, asyncio.run(scenes.draw(engine, scene)))
            if scenes.AFTER_FIX in wanted:
                _save(scenes.AFTER_FIX, asyncio.run(scenes.draw_after_fix(engine)))
        finally:
            engine.stop()


def _save(name: str, svg: str) -> None:
    target = FOLDER / f"{name}.png"
    picture.write(svg, target)
    print(f"{target.relative_to(FOLDER.parent)}  {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    sys.exit(main())
