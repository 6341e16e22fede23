"""One server of the demo: its files, its stand-in FPM, its traffic, and what its shims ask of it."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from stalewatch.demo import described, disk, etc, releases, story, tree
from stalewatch.demo.fpm import AFTER, BEFORE, Fpm
from stalewatch.demo.gateway import Gateway
from stalewatch.demo.proc import Proc
from stalewatch.demo.queue_worker import DemoWorker
from stalewatch.demo.responder import Responder
from stalewatch.demo.story import Where

if TYPE_CHECKING:
    from pathlib import Path

    from stalewatch.demo.story import Scene

STORY_STEP = 1.0
VISITS_PER_BEAT = 2

_BEATS_OF_SYSTEMD = 10
_DAY = 86_400.0
_MAKING_CACHES = 20.0
_SYSTEM_PATH = os.environ.get("PATH", "") + ":/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
_WRITES = {
    "view:cache": "storage/framework/views/*.php",
    "config:cache": "bootstrap/cache/config.php",
    "route:cache": "bootstrap/cache/routes-v7.php",
}


class Host:
    """*home* holds everything of this server, *shims* the programs that stand in, *libraries* the framework's files.

    Built by :meth:`build`, alive after :meth:`open`.

    *start* is the moment that is 12:50 of the story, *space* the number that stands for its pid namespace (another for every server).
    """

    fpm: Fpm
    gateway: Gateway
    proc: Proc

    def __init__(self, scene: Scene, home: Path, shims: Path, libraries: Path, start: float, space: int) -> None:
        self.scene = scene
        self.home = home
        self.root = described.root(home, scene)
        self.socket = home / "run/php8.3-fpm.sock"
        self._shims = shims
        self._libraries = libraries
        self._start = start
        self._space = space
        self._story_now: float | None = start
        self._next_call = start + scene.calls / 2
        self._server: asyncio.Server | None = None
        self._control = -1
        self._living: asyncio.Task[None] | None = None
        self._listening: asyncio.Task[None] | None = None
        self._worker: DemoWorker | None = None

    @property
    def env(self) -> dict[str, str]:
        """The environment of everything that runs on this server."""
        return {
            "PATH": f"{self._shims}:{_SYSTEM_PATH}",
            "HOME": str(self.home),
            "TMPDIR": str(self.home / "tmp"),
            "USER": "deploy",
            "LOGNAME": "deploy",
            "STALEWATCH_PROC": str(self.home / "proc"),
            "STALEWATCH_ETC": str(self.home / "etc"),
            **{name: os.environ[name] for name in ("TZ",) if name in os.environ},
        }

    async def build(self) -> None:
        """Make the server as it was at 12:27 of the story, then play the story up to 12:50."""
        times = (self._start, self._at(story.PACKAGES), self._at(story.EARLIER_DEPLOY))
        first = releases.first(self.root) if self.scene.releases else self.root
        await asyncio.to_thread(tree.build, first, self._libraries, *times)
        if self.scene.releases:
            releases.begin(self.root, first, self._at(story.EARLIER_DEPLOY))
        config = self.home / ("container/etc" if self.scene.where is Where.CONTAINER else "etc") / "php/8.3/fpm"
        etc.build(config, self.socket, self.root, self.scene.pool_settings, self._start - 20 * _DAY)
        binary = self.home / "usr/sbin/php-fpm8.3"
        disk.write(binary, '#!/bin/sh\nexec php-fpm8.3 "$@"\n', self._start - 60 * _DAY)
        binary.chmod(0o755)
        (self.home / "php-version").write_text(BEFORE, encoding="ascii")
        self.socket.parent.mkdir()
        (self.home / "tmp").mkdir()
        os.mkfifo(self.home / "control", 0o600)
        booted = self._start - 9.3 * _DAY
        self.proc = Proc(self.home / "proc", booted, self._space)
        await self._artisan("view:cache", story.COMPILED_VIEWS)
        await self._cache(story.CACHED)
        self._story_now = self._at(story.RESTARTED)
        self.fpm = Fpm(config, binary, self.proc, self.home / "unit", etc.log(config), self._clock, booted + 14, self.scene.where)
        if self.scene.worker:
            self._worker = DemoWorker(self.proc, self.home, self.root, self._clock())
        self.gateway = Gateway(self.root, self.fpm, tree.framework())
        await self._play()

    async def open(self) -> None:
        """Begin to live: the pool's socket, the pipe of the shims, traffic."""
        self._story_now = None
        await self._listen()
        self._control = os.open(self.home / "control", os.O_RDWR | os.O_NONBLOCK)
        asyncio.get_running_loop().add_reader(self._control, self._obey)
        self._living = asyncio.create_task(self._live())

    async def _listen(self) -> None:
        """The pool's socket is there while FPM listens; that of a container is in the container."""
        runs = self.fpm.listening and self.scene.where is not Where.CONTAINER
        if runs and self._server is None:
            self._server = await asyncio.start_unix_server(Responder(self.fpm, lambda: self.gateway.page(time.time())), self.socket)
            self.socket.chmod(0o660)
        elif not runs and self._server is not None:
            self._server.close()
            self._server = None
            self.socket.unlink(missing_ok=True)

    async def close(self) -> None:
        """Stop; files stay (the world removes them)."""
        if self._living is not None:
            self._living.cancel()
            await asyncio.gather(self._living, return_exceptions=True)
        if self._control >= 0:
            asyncio.get_running_loop().remove_reader(self._control)
            os.close(self._control)
            self._control = -1
        if self._listening is not None:
            await asyncio.gather(self._listening, return_exceptions=True)
        if self._server is not None:
            self.fpm.close()
            self._server.close()
            await self._server.wait_closed()

    def tell_time(self) -> None:
        """Let /proc say the time; called before each request to the probe."""
        self.proc.tell(time.time())

    def _clock(self) -> float:
        return time.time() if self._story_now is None else self._story_now

    def _at(self, clock: str) -> float:
        return story.at(self._start, clock)

    async def _play(self) -> None:
        """From the restart to the present: traffic all the time; calls, deploy, rebuild and reload at their moments."""
        for seconds, what in story.happenings(self.scene):
            when = self._start + seconds
            self._visit_until(when)
            await self._happen(what, when)
        self._visit_until(self._start)

    async def _happen(self, what: str, when: float) -> None:
        match what:
            case "early call":
                self.gateway.call(when, "check_availability")
            case "call" if self.fpm.listening:
                self.gateway.call(when, self.scene.function)
            case "deploy":
                await self._deploy(when)
            case "rebuild":
                await self._cache(self.scene.rebuilt)
            case "reload":
                self.fpm.restart_pool()
            case "upgrade":
                self.fpm.upgrade()
                (self.home / "php-version").write_text(AFTER, encoding="ascii")
                if self._worker is not None:
                    self._worker.upgrade(when)
            case "lose socket":
                self.fpm.listening = False

    async def _deploy(self, when: float) -> None:
        """Into the folder; where FPM has a mount namespace of its own, as a new image over it, which FPM does not see; or as a release,
        with its caches, to which the link is switched."""
        if self.scene.releases:
            release = releases.add(self.root)
            tree.deploy(release, when - _MAKING_CACHES)
            for command in _WRITES:
                await self._artisan(command, self.scene.deployed, release)
            releases.switch(self.root, release, when)
            return
        if self.scene.where is Where.NAMESPACE:
            self.fpm.see = tree.mount_over(self.root, self.home / "image")
        tree.deploy(self.root, when)

    def _visit_until(self, end: float, step: float = 240.0) -> None:
        """Ordinary traffic of the story up to *end*, *step* seconds at a time."""
        while self._clock() < end:
            self._story_now = min(end, self._clock() + step)
            if self.fpm.listening:
                self.gateway.visit(self._clock(), int(step * VISITS_PER_BEAT))

    async def _cache(self, clock: str) -> None:
        await self._artisan("config:cache", clock)
        await self._artisan("route:cache", clock)

    async def _artisan(self, command: str, clock: str, root: Path | None = None) -> None:
        """Run one artisan command, as if at *clock* of the story. *root*: a release (None: the current one)."""
        root = root or self.root
        argv = ("/bin/sh", str(self._shims / "php"), str(root / "artisan"), command)
        child = await asyncio.create_subprocess_exec(*argv, env=self.env, stdout=asyncio.subprocess.DEVNULL)
        try:
            await child.wait()
        finally:
            if child.returncode is None:
                child.kill()
        for path in root.glob(_WRITES[command]):
            os.utime(path, (self._at(clock), self._at(clock)))

    async def _live(self) -> None:
        beats = 0
        while True:
            await asyncio.sleep(STORY_STEP)
            beats += 1
            now = time.time()
            if self._worker is not None:
                self._worker.beat(now)
            if not self.fpm.listening:
                continue
            self.gateway.visit(now, VISITS_PER_BEAT)
            if now >= self._next_call:
                self._next_call = now + self.scene.calls
                self.gateway.call(now, self.scene.function)
            if beats % _BEATS_OF_SYSTEMD == 0:
                self.fpm.tell_systemd()

    def _obey(self) -> None:
        """What systemctl wrote into the pipe."""
        verbs = {"reload": self.fpm.reload, "start": self.fpm.start, "stop": self.fpm.stop, "restart": self.fpm.restart}
        with suppress(BlockingIOError):
            for verb in os.read(self._control, 4096).decode("ascii", "replace").split():
                if verb in verbs:
                    verbs[verb]()
        self._listening = asyncio.create_task(self._listen())
