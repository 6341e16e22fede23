"""An app on this machine, as a runbook sees it: real sh, flock and PHP, an artisan of ten lines; looks are stats of its files."""

from __future__ import annotations

import getpass
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from stalewatch.model.errors import LinkLost
from stalewatch.model.parsing import Parsed, Scripts, Trouble
from stalewatch.model.remade import Remade
from stalewatch.model.report import Finding, Layer, Report
from stalewatch.model.smoke import Smoke
from stalewatch.model.snapshot import AppLayout, CacheFile, FileStat, HostFacts, Inputs, QueueWorker, ReleaseFacts, ViewFacts
from stalewatch.model.text import safe
from stalewatch.transport.fastcgi.response import Response
from stalewatch.transport.local import LocalLink
from tests.builders.runbook import bytecode, finding, fpm, host, report, runtime, vt0

ARTISAN = """<?php
$root = __DIR__;
if (file_exists("$root/lying")) { echo "Configuration cached successfully!\\n"; exit(0); }
file_put_contents("$root/audit-when-run", file_get_contents("AUDIT"));
while (file_exists("$root/gate")) { usleep(20000); clearstatcache(); }
@unlink("$root/bootstrap/cache/config.php");
file_put_contents("$root/bootstrap/cache/config.php", '<?php return [];');
file_put_contents("$root/ran", implode(' ', $argv)."\\n", FILE_APPEND);
"""


class Here:
    """An app on this machine. *bytecode*: whether OPcache holds an old controller until it is invalidated."""

    def __init__(self, root: Path, name: str = "web1") -> None:
        self.root = root
        self.name = name
        self.link = LocalLink()
        self.old_bytecode = False
        self.invalidated: list[str] = []
        self.compiled: list[str] = []
        self.awaited: list[QueueWorker] = []
        self.keepings: list[tuple[str, tuple[str, ...]]] = []
        self.wrong: dict[str, str] = {}
        self.by_itself = ""
        self.down = False
        self.answers = [200]
        self.asked = 0
        self.breaks = ""
        self.remade = Remade()
        self.visits: list[Mapping[str, str]] = []
        self.smoke = Smoke()
        self.others: list[Here] = []
        self.report = self._see()

    async def look(self) -> Report:
        if self.down or not self.link.alive:
            raise LinkLost("the connection is gone")
        self.report = self._see()
        return self.report

    def beside(self) -> list[Here]:
        return self.others

    async def invalidate(self, paths: Sequence[str]) -> dict[str, bool]:
        self.invalidated += paths
        self.old_bytecode = False
        return dict.fromkeys(paths, True)

    async def await_workers(self, workers: Sequence[QueueWorker]) -> None:
        self.awaited += workers

    async def compile(self, path: str) -> bool:
        self.compiled.append(path)
        return True

    async def request(self, _parameters: Mapping[str, str]) -> Response:
        self.asked += 1
        return Response(self.answers[min(self.asked, len(self.answers)) - 1], {}, b"ok")

    async def artefacts(self, verb: str, files: Sequence[str], options: Mapping[str, object]) -> dict[str, str]:
        if verb != "writable":
            self.keepings.append((verb, tuple(files)))
        return {path: self.wrong.get(verb, "") for path in files}

    async def remake(self, cache: str, root: str, visit: Mapping[str, str]) -> Remade:
        self.visits.append(visit)
        return self.remade

    async def alone(self, verb: str, files: Sequence[str], options: Mapping[str, object]) -> str:
        return self.by_itself

    def told(self, files: Sequence[str], said: str) -> dict[str, str]:
        return {path: said.strip().removeprefix("fine") for path in files}

    async def parse(self, scripts: Scripts) -> Parsed:
        broken = self.breaks == "at once" or (self.breaks == "while artisan runs" and (self.root / "ran").exists())
        trouble = Trouble(path=safe(f"{self.root}/app.php"), kind="syntax", line=7, said=safe("unexpected }"))
        return Parsed(count=1, trouble=(trouble,) if broken else ())

    def _see(self) -> Report:
        source, cache = _stat(self.root, "config/app.php"), _stat(self.root, "bootstrap/cache/config.php")
        findings: list[Finding] = []
        if source and cache and source.mtime > cache.mtime:
            findings.append(finding(Layer.CONFIG))
        if self.old_bytecode:
            findings.append(bytecode(f"{self.root}/app.php"))
        return report(
            *findings,
            server=self.name,
            app=str(self.root),
            at=time.time(),
            host_facts=self._host(source, cache),
            runtime_facts=msgspec.structs.replace(
                runtime(opcache=vt0()), user=safe(getpass.getuser()), places=(FileStat(safe(f"{self.root}/index.php"), 1.0, 1.0, 1),)
            ),
        )

    def _host(self, source: FileStat | None, cache: FileStat | None) -> HostFacts:
        me = safe(getpass.getuser())
        return host(
            now=time.time(),
            login=me,
            layout=AppLayout(kind="laravel"),
            release=ReleaseFacts(root=safe(str(self.root))),
            caches=(CacheFile(name="config", path=safe("bootstrap/cache/config.php"), stat=cache),),
            inputs={"config": Inputs(direct=(source,) if source else ())},
            views=ViewFacts(),
            fpm=fpm(config_path=safe(str(self.root / "config"))),
        )


def _stat(root: Path, path: str) -> FileStat | None:
    try:
        seen = (root / path).stat()
    except FileNotFoundError:
        return None
    return FileStat(safe(path), seen.st_mtime, seen.st_ctime, seen.st_size, seen.st_ino, safe(getpass.getuser()))


def application(root: Path, audit: Path) -> Path:
    (root / "bootstrap" / "cache").mkdir(parents=True)
    (root / "config").mkdir()
    (root / "config" / "app.php").write_text("<?php return [];")
    (root / "bootstrap" / "cache" / "config.php").write_text("<?php return [];")
    os.utime(root / "bootstrap" / "cache" / "config.php", (time.time() - 600, time.time() - 600))
    (root / "artisan").write_text(ARTISAN.replace("AUDIT", str(audit)))
    return root
