"""The PHP processes of one machine that are not FPM, and the lines of cron that start such."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from stalewatch.model.replace import replace
from stalewatch.model.snapshot import FileStat
from stalewatch.probe.host.parsers import records

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stalewatch.probe.host.host_probe import HostProbe
    from stalewatch.probe.host.parsers.framing import Block, BlockSection
    from stalewatch.probe.host.parsers.records import ProcessRecord

UNIT = re.compile(r"([^/]+\.service)(?:/|$)")
_RESTARTING = frozenset({"supervisord", "runsv", "s6-supervise", "circusd", "monit"})
_SUPERVISORS = _RESTARTING | {"rr", "tini", "dumb-init", "docker-init", "catatonit"}
_INITS = frozenset({"systemd", "init"})
_SUPERVISORD = re.compile(r"supervisord?\.service")
_PHP = re.compile(r"(^|/)php[\d.]*(-cli|-zts)?$")
_MORE = "more "
MAX_CRON = 2000
"""Lines of one file of cron, as in ``process_verbs.sh``."""
_BINARIES = ("/usr/bin", "/usr/local/bin")
_LOGINS = re.compile(r"(ssh|sshd|cron|crond|atd|user@.*)\.service$")


class PhpProcess(msgspec.Struct, frozen=True):
    """A PHP process that is not FPM: its arguments, its working directory and binary by /proc ("" not permitted), the
    name of its parent, its units from the outermost (a user's own manager is one), and the file that its first argument names."""

    record: ProcessRecord
    args: tuple[str, ...]
    cwd: str
    user: str
    parent: str = ""
    units: tuple[str, ...] = ()
    exe: str = ""
    binary: FileStat | None = None

    @property
    def supervised(self) -> bool:
        """Whether something started it that keeps programs running, and no person, cron or deploy."""
        return self.record.pid == 1 or self.parent in _SUPERVISORS or (self.record.parent == 1 and bool(self._service))

    @property
    def adopted(self) -> bool:
        """Whether init is its parent, of the machine or of a user."""
        return self.record.parent == 1 or self.parent in _INITS

    @property
    def unit(self) -> str:
        """The unit of systemd that runs it and nothing else that is known ("" none): of a user's own manager with that in front."""
        return "" if self.supervisor or not self._service else "/".join(self.units[-2:])

    @property
    def supervisor(self) -> str:
        """What starts it again beside systemd, by its name: its parent, or whose unit it runs in ("" nothing)."""
        within = self._service and _SUPERVISORD.match(self._service)
        return self.parent if self.parent in _RESTARTING else "supervisord" if within else ""

    @property
    def _service(self) -> str:
        """Its innermost unit, unless that is one in which people, cron and deploys start what they like."""
        return "" if not self.units or _LOGINS.match(self.units[-1]) else self.units[-1]


class CronPath(msgspec.Struct, frozen=True):
    """A path in a line of cron that runs PHP. *line*: ``FILE:NUMBER``."""

    line: str
    path: str


def php_processes(scan: Block) -> Iterable[PhpProcess]:
    """What the verb ``scan`` tells of them."""
    cwds = {section.argument: records.text(section.payload).strip("\n") for section in scan.of("cwd")}
    parents = {section.argument: records.text(section.payload).strip() for section in scan.of("parent")}
    units = {section.argument: UNIT.findall(records.text(section.payload)) for section in scan.of("cgroup")}
    exes = {section.argument: records.text(section.payload).strip("\n") for section in scan.of("exe")}
    for section in scan.of("php"):
        if (found := record_and_args(section)) is not None:
            record, args = found
            pid = section.argument
            yield PhpProcess(
                record,
                args,
                cwds.get(pid, ""),
                "",
                parents.get(pid, ""),
                tuple(dict.fromkeys(units.get(pid, ()))),
                exes.get(pid, ""),
            )


async def with_owners(host: HostProbe, found: tuple[PhpProcess, ...]) -> tuple[PhpProcess, ...]:
    """*found* with whom each runs as, and with the stat of the PHP that it was started as, the newest of several that it may be; none where
    neither its arguments nor the name of its program, which a process that gives itself a title keeps, says which file that is."""
    names = {each.record.pid: next((name for name in (each.args[0], each.record.comm) if _PHP.search(name)), "") for each in found}
    paths = {
        name: (name,) if name.startswith("/") else tuple(f"{folder}/{name}" for folder in _BINARIES)
        for name in names.values()
        if name and "\n" not in name
    }
    if not found:
        return found
    owned = {each.record.pid: f"/proc/{each.record.pid}" for each in found}
    (block,) = await host.ask(("stat", *sorted({path for some in paths.values() for path in some}), *owned.values()))
    there = records.parse_files(section.payload) if (section := block.first("files")) is not None else {}
    stats = {name: [there[path].stat() for path in some if path in there] for name, some in paths.items()}
    newest = {name: max(some, key=lambda each: max(each.mtime, each.ctime)) for name, some in stats.items() if some}
    users = {pid: there[path].owner for pid, path in owned.items() if path in there}
    return tuple(replace(each, binary=newest.get(names[each.record.pid]), user=users.get(each.record.pid, "")) for each in found)


def cron_left_out(text: str) -> tuple[str, ...]:
    """The files of which not all lines were read."""
    return tuple(row.removeprefix(_MORE) for row in text.splitlines() if row.startswith(_MORE))


def cron_paths(text: str) -> Iterable[CronPath]:
    """What the verb ``cron`` tells."""
    for row in text.splitlines():
        line, _, path = row.rpartition(" ")
        if line and path.startswith("/") and not row.startswith(_MORE):
            yield CronPath(line, path)


def record_and_args(section: BlockSection) -> tuple[ProcessRecord, tuple[str, ...]] | None:
    """A process and its arguments."""
    line, _, rest = records.text(section.payload).partition("\n")
    record = records.parse_process(line)
    return (record, tuple(rest.rstrip("\n").split("\n"))) if record is not None else None
