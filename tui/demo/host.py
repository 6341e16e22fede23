"""One server of the demo: its files, its stand-in FPM, its traffic, and what its shims ask of it."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from tui.demo import disk, etc, story, tree
from tui.demo.fpm import Fpm
from tui.demo.gateway import Gateway
from tui.demo.proc import Proc
from tui.demo.responder import Responder

if TYPE_CHECKING:
    from pathlib import Path

    from tui.demo.story import Scene

BEAT = 1.0
VISITS_PER_BEAT = 2
_SYSTEMD_HEARS = 10.0
_SYSTEM_PATH = os.environ.get("PATH", "") + ":/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"


class Host:
    """*home* holds everything of this server, *shims* the programs that stand in. Built by :meth:`build`, alive after :meth:`open`."""

    def __init__(self, scene: Scene, home: Path, shims: Path, start: float, space: int) -> None:
        self.scene = scene
        self.home = home
        self.root = home / "api-gateway"
        self.socket = home / "run/php8.3-fpm.sock"
        self.fpm: Fpm
        self._shims = shims
        self._start = start
        self._space = space
        self._now: float | None = start
        self._next_call = 0.0
        self._gateway: Gateway
        self._server: asyncio.Server | None = None
        self._control = -1
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def env(self) -> dict[str, str]:
        """The environment of everything that runs on this server."""
        return {
            "PATH": f"{self._shims}:{_SYSTEM_PATH}",
            "HOME": str(self.home),
            "USER": "deploy",
            "LOGNAME": "deploy",
            "STALEWATCH_PROC": str(self.home / "proc"),
            "STALEWATCH_DEMO": str(self.home),
            "STALEWATCH_DEMO_NAME": self.scene.name,
            "STALEWATCH_DEMO_SHIMS": str(self._shims),
            "STALEWATCH_REAL_PATH": _SYSTEM_PATH,
        }

    def tell_time(self) -> None:
        """Let /proc say the time; called before each request to the probe."""
        self.proc.tell(time.time())

    async def build(self) -> None:
        """Make the server as it is at 12:50, by living through the story. Files first, then what ran when."""
        at = self._at
        start = self._start
        await asyncio.to_thread(tree.build, self.root, start, at(story.COMPILED_VIEWS), at("12:19"))
        config = self.home / "etc/php/8.3/fpm"
        etc.build(config, self.socket, self.root, self.scene.pool_settings, start - 20 * 86_400)
        binary = self.home / "usr/sbin/php-fpm8.3"
        disk.write(binary, "#!/bin/sh\nexec php-fpm8.3 \"$@\"\n", start - 60 * 86_400)
        self.socket.parent.mkdir()
        os.mkfifo(self.home / "control", 0o600)
        booted = start - 9.3 * 86_400
        self.proc = Proc(self.home / "proc", booted, self._space)
        await self.artisan(("view:cache", story.COMPILED_VIEWS), ("config:cache", story.CACHED), ("route:cache", story.CACHED))
        self._now = at(story.RESTARTED)
        self.fpm = Fpm(config, binary, self.proc, self.home / "unit", self._clock, booted + 14)
        self._gateway = Gateway(self.root, self.fpm, tree.framework())
        await self._live_through()

    async def artisan(self, *commands: tuple[str, str]) -> None:
        """Run artisan commands, each as if at its time of the story."""
        for command, clock in commands:
            child = await asyncio.create_subprocess_exec(
                "/bin/sh", str(self._shims / "php"), str(self.root / "artisan"), command, env=self.env, stdout=asyncio.subprocess.DEVNULL
            )
            await child.wait()
            kind = command.partition(":")[0]
            names = {"view": "storage/framework/views/*.php", "config": "bootstrap/cache/config.php", "route": "bootstrap/cache/routes-v7.php"}
            for path in self.root.glob(names[kind]):
                os.utime(path, (self._at(clock), self._at(clock)))

    async def open(self) -> None:
        """Begin to live: the pool's socket, the pipe of the shims, traffic."""
        self._now = None
        self._server = await asyncio.start_unix_server(Responder(self.fpm, lambda script, uri: self._gateway.page(time.time())), self.socket)
        self._control = os.open(self.home / "control", os.O_RDWR | os.O_NONBLOCK)
        asyncio.get_running_loop().add_reader(self._control, self._obey)
        self._tasks = [asyncio.create_task(self._live())]

    async def close(self) -> None:
        """Stop; files stay (the world removes them)."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._control >= 0:
            asyncio.get_running_loop().remove_reader(self._control)
            os.close(self._control)
            self._control = -1
        if self._server is not None:
            self.fpm.close()
            self._server.close()
            await self._server.wait_closed()

    def _clock(self) -> float:
        return time.time() if self._now is None else self._now

    def _at(self, clock: str) -> float:
        return story.at(self._start, clock)

    async def _live_through(self) -> None:
        """From the restart to the present: traffic, the deploy, on some servers caches and reload, then the test calls."""
        scene, now = self.scene, self._at(story.RESTARTED)
        moments = [(self._at(clock), "check_availability") for clock in story.EARLY_CALLS]
        first = self._at(story.FIRST_TEST_CALL)
        moments += [(first + index * story.TEST_CALL_EVERY, "check_availability_v17") for index in range(14)]
        todo = [(when, lambda when=when, name=name: self._gateway.call(when, name)) for when, name in moments]  # type: ignore[misc]
        todo.append((self._at(scene.deployed), lambda: tree.deploy(self.root, self._at(scene.deployed))))
        if scene.reloaded:
            todo.append((self._at(scene.reloaded), self.fpm.restart_pool))
        for when, act in sorted(todo, key=lambda entry: entry[0]):
            now = self._visit_until(now, when)
            if act == self.fpm.restart_pool:
                await self.artisan(("config:cache", scene.rebuilt), ("route:cache", scene.rebuilt))
            act()
        self._visit_until(now, self._start)
        self._next_call = self._start + scene.calls / 2

    def _visit_until(self, now: float, end: float, step: float = 60.0) -> float:
        """Ordinary traffic from *now* to *end*, in steps."""
        while now < end:
            now = min(end, now + step)
            self._now = now
            self._gateway.visit(now, int(step * VISITS_PER_BEAT))
        return end

    async def _live(self) -> None:
        beats = 0
        while True:
            await asyncio.sleep(BEAT)
            beats += 1
            if not self.fpm.running:
                continue
            now = time.time()
            self._gateway.visit(now, VISITS_PER_BEAT)
            if now >= self._next_call:
                self._next_call = now + self.scene.calls
                self._gateway.call(now, "check_availability_v17")
            if beats % _SYSTEMD_HEARS == 0:
                self.fpm.tell_systemd()

    def _obey(self) -> None:
        """What systemctl wrote into the pipe."""
        with suppress(BlockingIOError):
            for verb in os.read(self._control, 4096).decode("ascii", "replace").split():
                {"reload": self.fpm.reload, "start": self.fpm.start, "stop": self.fpm.stop, "restart": self._restart}.get(verb, lambda: None)()

    def _restart(self) -> None:
        self.fpm.stop()
        self.fpm.start()
