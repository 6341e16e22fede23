"""What the processes that run an application's code have for themselves: mounts of PHP-FPM's master, code that the command line keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.model.disk import CliCache, FileStat
from stalewatch.model.replace import replace
from stalewatch.model.text import safe
from stalewatch.probe.host import mounts
from stalewatch.probe.host.cli_cache import CliIni
from stalewatch.probe.host.host_probe import stats_of
from stalewatch.probe.host.parsers import records

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stalewatch.model.disk import Inputs
    from stalewatch.probe.host.host_probe import HostProbe
    from stalewatch.probe.host.machine import Machine, Master
    from stalewatch.probe.host.parsers.framing import BlockSection
    from stalewatch.probe.runtime.pool_probe import PoolProbe

_KEY = "[0-9a-f]" * 32
"""PHP keeps the bytecode of /srv/app/x.php in FOLDER/KEY/srv/app/x.php.bin; each build of PHP has a key of its own."""
_MADE_FROM = ("config", "routes", "events", "code")


class AppProcesses:
    """Kept for the application at *root*."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._master: int | None = None
        self._ini = CliIni()
        self._key = ""
        self._wanted: dict[str, str] = {}
        self._facts: CliCache | None = None

    def follow(self, master: Master | None, machine: Machine) -> None:
        """*master*: the one that serves it, None where none is seen."""
        self._master = master.record.pid if master is not None and master.record is not None else None
        self._ini = machine.cli

    @property
    def mounts(self) -> tuple[str, ...]:
        """Asks what is mounted below the root, for this login and for the master."""
        return mounts.request(self._root, self._master)

    def mounted(self, section: BlockSection) -> tuple[str, ...]:
        """The places of that."""
        return mounts.below(self._root, records.text(section.payload))

    @property
    def cli_cache(self) -> CliCache | None:
        """What is kept of the application's sources; None: nothing is kept that PHP does not check."""
        return self._facts if self._ini.folder else None

    async def look(self, host: HostProbe, inputs: Mapping[str, Inputs]) -> None:
        """The bytecode of the sources in *inputs*, as far as this login sees it. Raises LinkError."""
        folder, self._wanted = self._ini.folder, {}
        if not folder:
            return
        self._facts = CliCache(folder=safe(folder), php=safe(self._ini.php))
        (listed, seen) = await host.ask(("list", f"{folder}/{_KEY}"), ("readable", folder))
        keys = [path for section in listed.of("files") for path in records.parse_files(section.payload)]
        if not seen.text("readable") or len(keys) > 1:
            return
        if not keys:
            self._facts = replace(self._facts, files=())
            return
        self._key = keys[0]
        sources = {str(each.path) for name in _MADE_FROM if name in inputs for each in inputs[name].direct}
        paths = {path: path if path.startswith("/") else f"{self._root}/{path}" for path in sources if path.endswith(".php")}
        self._wanted = {f"{self._key}{whole}.bin": path for path, whole in paths.items()}
        found = await stats_of(host, [f"{self._key}/.", *self._wanted])
        if f"{self._key}/." in found:
            self._take({path: (one.mtime, one.ctime) for path, one in found.items()})

    async def ask(self, pool: PoolProbe) -> None:
        """The same of *pool*, whose user may see what the login may not. Raises LinkLost."""
        if self._facts is None or self._facts.files is not None or not self._wanted:
            return
        seen = await pool.stats([f"{self._key}/.", *self._wanted])
        if seen is not None and any(str(one.path) == f"{self._key}/." for one in seen):
            self._take({str(one.path): (one.mtime, one.ctime) for one in seen})

    def _take(self, times: Mapping[str, tuple[float, float]]) -> None:
        files = tuple(
            FileStat(safe(source), *times[path]) for path, source in sorted(self._wanted.items(), key=lambda pair: pair[1]) if path in times
        )
        if self._facts is not None:
            self._facts = replace(self._facts, files=files)
