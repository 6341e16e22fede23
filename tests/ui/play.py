"""Look at the dashboard by hand: ``python -m tests.ui.play [servers] [--shot FILE.svg COLSxROWS [KEY…]]``."""

from __future__ import annotations

import asyncio
import os
import sys
import time

os.environ.setdefault("TZ", "Europe/Berlin")
time.tzset()

from stalewatch.dashboard.app import StalewatchApp  # noqa: E402
from tests.builders import incident as build  # noqa: E402
from tests.builders.fake_engine import FakeEngine  # noqa: E402


def engine(count: int) -> FakeEngine:
    board = build.incident()
    for number in range(4, count + 1):
        board.put(build.pane(build.stale(f"web{number}") if number % 29 == 0 else build.fresh(f"web{number}")))
    if count >= 5:
        board.put(build.unreachable("db1"))
    return FakeEngine(board)


async def shot(app: StalewatchApp, path: str, size: tuple[int, int], keys: list[str]) -> None:
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        for key in keys:
            await pilot.press(key)
            await pilot.pause()
        await pilot.pause(0.3)
        with open(path, "w") as file:
            file.write(app.export_screenshot(title="stalewatch"))


def main() -> None:
    arguments = sys.argv[1:]
    count = int(arguments.pop(0)) if arguments and arguments[0].isdigit() else 3
    app = StalewatchApp(engine(count), title="api-gateway · prod", now=lambda: build.NOW, monotonic=lambda: 100.0)
    if arguments and arguments[0] == "--shot":
        columns, rows = arguments[2].split("x")
        asyncio.run(shot(app, arguments[1], (int(columns), int(rows)), arguments[3:]))
    else:
        try:
            app.run()
        finally:
            app.shutdown.over()
        sys.exit(app.return_code or 0)


if __name__ == "__main__":
    main()
