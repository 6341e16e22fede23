"""FPM and the other PHP processes of one machine: found through /proc and configuration files, and read again at every slow look."""

from __future__ import annotations

import re
from stat import S_ISFIFO
from typing import TYPE_CHECKING

import msgspec

from stalewatch.model import figures, reasons
from stalewatch.model.redaction import redacted
from stalewatch.model.replace import replace
from stalewatch.model.snapshot import ConfigTest, FileStat, PeerWatcher, Pool, Process, Unseen
from stalewatch.model.text import safe
from stalewatch.probe.host.cli_cache import CliIni, command_line_ini
from stalewatch.probe.host.host_probe import in_batches, parse_processes
from stalewatch.probe.host.parsers import fpm_config, fpm_test, records, unit
from stalewatch.probe.host.parsers.connections import parse_backlogs, parse_held
from stalewatch.probe.host.parsers.fpm_config import FpmConfig
from stalewatch.probe.host.parsers.unit import UnitFacts
from stalewatch.probe.host.php_cli import command_lines
from stalewatch.probe.host.php_processes import (
    MAX_CRON,
    UNIT,
    CronPath,
    PhpProcess,
    cron_left_out,
    cron_paths,
    php_processes,
    record_and_args,
    with_owners,
)
from stalewatch.probe.host.web_server import loads
from stalewatch.probe.host.web_server import reading as web_server
from stalewatch.probe.host.web_server.loads import Loads
from stalewatch.probe.host.web_server.reading import WebServers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stalewatch.probe.host.host_probe import HostProbe
    from stalewatch.probe.host.parsers.framing import Block
    from stalewatch.probe.host.parsers.records import ProcessRecord

CONF_LIMIT = 1_048_576
"""Bytes of the known settings of one file."""
INCLUDE_DEPTH = 6
"""FPM itself refuses files that include each other deeper."""
_MASTER = re.compile(r"^php-fpm: master process \((.+)\)$")
_POOL = re.compile(r"^php-fpm: pool (.+)$")
_DEBIAN = re.compile(r"^/etc/php/(\d+\.\d+)/fpm/")
_CONTAINER = re.compile(r"(?:docker|libpod|containerd|crio|lxc\.payload|nspawn)[-/.:]([\w.-]+?)(?:\.scope)?(?:/|$)", re.MULTILINE)
_FPM_BINARIES = ("/usr/sbin", "/usr/local/sbin")
_FALLBACK_CONFIGS = ("/etc/php/*/fpm/php-fpm.conf", "/etc/php-fpm.conf", "/usr/local/etc/php-fpm.conf")


class Master(msgspec.Struct, frozen=True, kw_only=True):
    """One FPM master (*record* None: only its configuration was found, nothing runs). *denied*: files that this login may not read.
    *config_test*: of exactly these *files*. *backlogs*: address -> connections that wait to be accepted, by ``ss``; *held*: those that
    were. *absent*: sockets of its pools that are not there, in folders where others are. *homeless*: sockets, and the pid file, of which
    the folder is not there. *unit_facts*: what systemd says of the *unit*."""

    config_path: str
    record: ProcessRecord | None = None
    title: str = ""
    unit: str = ""
    binary: str = ""
    config: FpmConfig = FpmConfig({}, (), {})
    pools: tuple[Pool, ...] = ()
    files: tuple[FileStat, ...] = ()
    denied: tuple[str, ...] = ()
    config_test: ConfigTest | Unseen | None = None
    backlogs: dict[str, int] = {}
    held: dict[str, int] = {}
    born: dict[str, float] | None = None
    left_out: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    homeless: tuple[str, ...] = ()
    unit_facts: UnitFacts = UnitFacts()
    pipes: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        """``8.2`` by the path of the configuration (Debian, Ubuntu)."""
        match = _DEBIAN.match(self.config_path)
        return match[1] if match else ""

    @property
    def options(self) -> tuple[str, ...]:
        """What its unit starts it with and changes what its configuration means; none where the unit's main process is another."""
        own = self.record is not None and self.unit_facts.main_pid == self.record.pid
        return self.unit_facts.options if own else ()


class Machine(msgspec.Struct, frozen=True):
    """What the slow look found on the machine."""

    masters: tuple[Master, ...] = ()
    php: tuple[PhpProcess, ...] = ()
    watchers: tuple[PeerWatcher, ...] = ()
    hidden: Unseen | None = None
    cron: tuple[CronPath, ...] | None = None
    contained: Unseen | None = None
    web: WebServers = WebServers()
    loads: Loads = Loads()
    command_lines: dict[str, str] = {}
    cli: CliIni = CliIni()
    cron_left_out: tuple[str, ...] = ()

    @property
    def left_out(self) -> tuple[Unseen, ...]:
        """What was not read of files that say which pool serves an application, or what else runs PHP."""
        long = [path for master in self.masters for path in master.left_out]
        found = (
            (reasons.WEB_LEFT_OUT, self.web.left_out, "the web server's configuration was not read to its end"),
            (reasons.FPM_CONFIG_LEFT_OUT, long, "PHP-FPM's configuration was not read to its end"),
            (reasons.APP_CRON_LEFT_OUT, self.cron_left_out, f"only {MAX_CRON} lines of cron that run PHP were read of one file"),
        )
        return tuple(reason.unseen(f"{said}: {len(names)} left out ({figures.several(names)})") for reason, names, said in found if names)


async def survey(host: HostProbe, before: Machine) -> Machine:
    """Look at processes, and at FPM's configuration files; these are read again only when one of them changed. Raises LinkError."""
    scan, cron = await host.ask(("scan",), ("cron",))
    running = _running_masters(scan)
    places = [_container(scan, master) for master in running]
    masters = [master for master, place in zip(running, places, strict=True) if not place]
    masters += await _stopped_masters(host, masters)
    known = {(master.config_path, master.files): master for master in before.masters}
    complete = tuple([await with_files(host, master, known) for master in masters])
    web = await web_server.read(host, _web_servers(scan), before.web)
    there = await command_lines(host, sorted({master.binary for master in complete}))
    return Machine(
        masters=complete,
        command_lines=there,
        cli=await command_line_ini(host, there, before.cli),
        php=await with_owners(host, tuple(php_processes(scan))),
        watchers=tuple(_watchers(scan, host)),
        hidden=_hidden(scan, host.hello.login),
        cron=tuple(cron_paths(records.text(told.payload))) if (told := cron.first("cron")) is not None else None,
        cron_left_out=cron_left_out(cron.text("cron")),
        contained=_contained(sorted({place for place in places if place})),
        web=web,
        loads=await loads.look(host, scan, web),
    )


def pool_of(title: str) -> str:
    """The pool's name in a worker's title, "" for anything else."""
    match = _POOL.match(title)
    return match[1].strip() if match else ""


def process(record: ProcessRecord, title: str, *, boot: float, hz: int) -> Process:
    """The snapshot's value: start time by the server's clock."""
    return Process(pid=record.pid, started=round(boot + record.ticks / hz, 3), title=redacted(title, 300))


def _running_masters(scan: Block) -> list[Master]:
    cgroups = {section.argument: records.text(section.payload) for section in scan.of("cgroup")}
    binaries = {section.argument: records.text(section.payload).strip() for section in scan.of("exe")}
    masters = []
    for pid, (record, title) in parse_processes(scan.of("process")).items():
        if match := _MASTER.match(title):
            unit = UNIT.findall(cgroups.get(str(pid), ""))
            binary = binaries.get(str(pid), "").removesuffix(" (deleted)")
            masters.append(
                Master(config_path=match[1], record=record, title=title, unit=unit[-1] if unit else "", binary=binary or record.comm)
            )
    return sorted(masters, key=lambda master: master.config_path)


async def _stopped_masters(host: HostProbe, running: list[Master]) -> list[Master]:
    """Those that are configured and do not run: a web server may still pass requests to one."""
    (block,) = await host.ask(("list", *_FALLBACK_CONFIGS))
    paths = [path for section in block.of("files") for path in records.parse_files(section.payload)]
    return [Master(config_path=path) for path in paths if path not in {master.config_path for master in running}]


def _web_servers(scan: Block) -> tuple[str, ...]:
    return tuple(sorted({f"{section.argument} {records.text(section.payload).strip()}" for section in scan.of("web")}))


async def with_files(host: HostProbe, master: Master, known: dict[tuple[str, tuple[FileStat, ...]], Master]) -> Master:
    """Add configuration, its files' stats and the unit's status to a master that was found."""
    files, pipes = await _config_files(host, master, known)
    before = known.get((master.config_path, files))
    if before is not None:
        master = replace(
            master, config=before.config, pools=before.pools, denied=before.denied, left_out=before.left_out, config_test=before.config_test
        )
    else:
        master = await read_config(host, master)
        files, pipes = await _config_files(host, master, known)
    facts, (backlogs, held, absent) = await _unit(host, master), await _connections(host, master)
    master = replace(master, files=files, pipes=pipes, unit_facts=facts, backlogs=backlogs, held=held, absent=absent)
    master = replace(master, homeless=await _homeless(host, master))
    master = replace(master, born=before.born if before is not None and before.born is not None else await _births(host, master))
    return master if master.config_test is not None else await _test_config(host, master)


async def read_config(host: HostProbe, master: Master) -> Master:
    """*master* with what its configuration and every include says. Raises LinkError."""
    denied: list[str] = []
    texts: list[str] = []
    long: list[str] = []
    config, due, asked = fpm_config.parse_config(), [master.config_path], set[str]()
    for _ in range(INCLUDE_DEPTH):
        for block in await host.ask(*(("conf", pattern, str(CONF_LIMIT)) for pattern in due)):
            denied += [section.argument for section in block.of("denied")]
            texts += [records.text(section.payload) for section in block.of("text")]
            long += [section.argument for section in block.of("text") if len(section.payload) >= CONF_LIMIT - 1]
        config, asked = fpm_config.parse_config(*texts), asked | {*due}
        due = [path for each in dict.fromkeys(config.includes) if (path := _absolute(each, master.config_path)) not in asked]
    return replace(master, config=config, pools=fpm_config.pools(config), denied=tuple(denied), left_out=tuple(long))


async def _config_files(
    host: HostProbe, master: Master, known: dict[tuple[str, tuple[FileStat, ...]], Master]
) -> tuple[tuple[FileStat, ...], tuple[str, ...]]:
    """The stats of everything that a reload would read again, newest first; the pipes among them that it would wait for."""
    includes = master.config.includes or next((old.config.includes for (path, _), old in known.items() if path == master.config_path), ())
    patterns = [master.config_path, *_ini_patterns(master.config_path), *(_absolute(each, master.config_path) for each in includes)]
    patterns += [binary] if (binary := _binary(master)) else [f"{folder}/{master.binary}" for folder in _FPM_BINARIES if master.binary]
    blocks = await host.ask(*in_batches("list", [pattern for pattern in patterns if "\n" not in pattern]))
    found: dict[str, records.FileRecord] = {}
    for block in blocks:
        for section in block.of("files"):
            found |= records.parse_files(section.payload)
    newest = sorted(found.values(), key=lambda each: (-each.mtime, each.path))
    return tuple(record.stat() for record in newest), tuple(record.path for record in newest if _is_waited_for(record))


def _is_waited_for(record: records.FileRecord) -> bool:
    """Whether FPM would open this pipe: of the folders with ini files it takes what is a file only."""
    return S_ISFIFO(record.mode) and (not record.path.endswith(".ini") or record.path.endswith("/php.ini"))


async def _births(host: HostProbe, master: Master) -> dict[str, float] | None:
    """When the files were made that changed after the master started, which it may have been told to read again since."""
    boot = host.last_tick.boot
    if master.record is None or not boot:
        return None
    changed = [str(file.path) for file in master.files if file.ctime > boot + master.record.ticks / host.hello.hz]
    if not changed:
        return None
    (block,) = await host.ask(("born", *changed))
    times = ((section.argument, records.birth_of(section.payload)) for section in block.of("born"))
    return {path: time for path, time in times if time is not None}


async def _connections(host: HostProbe, master: Master) -> tuple[dict[str, int], dict[str, int], tuple[str, ...]]:
    addresses = [str(pool.listen) for pool in master.pools if "\\" not in pool.listen and " " not in pool.listen]
    if not addresses:
        return {}, {}, ()
    paths = [address for address in addresses if address.startswith("/")]
    blocks = await host.ask(*in_batches("backlog", addresses), *in_batches("test", paths))
    said = "\n".join(block.text("backlog") for block in blocks)
    there: dict[str, bool] = {}
    for section in (section for block in blocks for section in block.of("sockets")):
        there |= {path: state.is_socket for path, state in records.parse_sockets(section.payload).items()}
    seen = {path.rpartition("/")[0] for path, is_socket in there.items() if is_socket}
    absent = tuple(path for path, is_socket in there.items() if not is_socket and path.rpartition("/")[0] in seen)
    return parse_backlogs(said), parse_held(said), absent


async def _homeless(host: HostProbe, master: Master) -> tuple[str, ...]:
    """What FPM would make in a folder that is not there; one above which this login may not look is not told."""
    made = [
        *(str(address) for pool in master.pools for address in (pool.listen, pool.status_listen)),
        master.config.settings.get("pid", ""),
    ]
    paths = [path for path in dict.fromkeys(made) if path.startswith("/") and path.rpartition("/")[0] and "\n" not in path]
    folders = {path: path.rpartition("/")[0] for path in paths}
    asked = [*folders.values(), *(f"{folder.rpartition('/')[0]}/." for folder in folders.values())]
    if master.record is None or not asked:
        return ()
    seen: dict[str, records.FileRecord] = {}
    for block in await host.ask(*in_batches("stat", list(dict.fromkeys(asked)))):
        for section in block.of("files"):
            seen |= records.parse_files(section.payload)
    return tuple(path for path, folder in folders.items() if folder not in seen and f"{folder.rpartition('/')[0]}/." in seen)


async def _test_config(host: HostProbe, master: Master) -> Master:
    """Have FPM itself judge its files, once for these: where none is newer than the master, a reload would read what runs already."""
    boot, binary = host.last_tick.boot, _binary(master)
    if master.pipes:
        said = f"{master.pipes[0]} is a pipe and no file: FPM would wait for it without end"
        return replace(master, config_test=ConfigTest(valid=False, said=safe(said, 300)))
    if master.record is None or not boot or not binary or not master.files:
        return master
    if master.files[0].mtime <= boot + master.record.ticks / host.hello.hz:
        return master
    (block,) = await host.ask(("fpmtest", binary, *master.options))
    tested = fpm_test.read(block.text("fpmtest"), login=host.hello.login, binary=binary, config=master.config_path)
    return replace(master, config_test=tested)


def _binary(master: Master) -> str:
    """The path of the master's binary ("" not known): without root only its name is seen."""
    if master.binary.startswith("/"):
        return master.binary
    return f"/usr/sbin/php-fpm{master.version}" if master.version else ""


def _ini_patterns(config_path: str) -> list[str]:
    folder = config_path.rpartition("/")[0]
    if _DEBIAN.match(config_path):
        return [f"{folder}/php.ini", f"{folder}/conf.d/*.ini"]
    if folder.startswith("/usr/local/etc"):
        return ["/usr/local/etc/php/php.ini", "/usr/local/etc/php/conf.d/*.ini"]
    return [f"{folder}/php.ini", f"{folder}/php.d/*.ini", f"{folder}/conf.d/*.ini"]


async def _unit(host: HostProbe, master: Master) -> UnitFacts:
    if not master.unit or "systemctl" not in host.hello.tools:
        return UnitFacts()
    (block,) = await host.ask(("unit", master.unit))
    return unit.read(block.text("unit"))


def _absolute(pattern: str, config_path: str) -> str:
    return pattern if pattern.startswith("/") else f"{config_path.rpartition('/')[0]}/{pattern}"


def _container(scan: Block, master: Master) -> str:
    """What *master* runs in that we do not: a container by its cgroup, or a pid namespace below ours; "" neither."""
    pid = str(master.record.pid) if master.record is not None else ""
    cgroups = {section.argument: records.text(section.payload) for section in scan.of("cgroup")}
    spaces = next((records.text(section.payload).split() for section in scan.of("spaces") if section.argument == pid), [])
    match = _CONTAINER.search(cgroups.get(pid, ""))
    if match and match[1] not in cgroups.get("self", ""):
        return f"container {match[1][:12]}"
    return "a pid namespace of its own" if len(spaces) > 1 else ""


def _contained(names: list[str]) -> Unseen | None:
    if not names:
        return None
    return reasons.FPM_IN_CONTAINER.unseen(
        f"PHP-FPM runs in {', '.join(names[:3])}, where this program does not look (`docker exec` is not used yet): this app may be "
        "served from there",
        "give the container's sshd as a target, or request a page of the app once if the pool outside serves it",
    )


def _hidden(scan: Block, login: str) -> Unseen | None:
    """Why /proc does not show the processes of other users, and what makes it; None where it does."""
    section = scan.first("hidden")
    if section is None:
        return None
    options, _, group = records.text(section.payload).partition("\n")
    why = next((option for option in options.split(",") if option.startswith("hidepid=")), "pid 1 is not visible")
    named = group.strip() if "gid=" in options else ""
    grant = f"sudo usermod -aG {named} {login}, and log in again" if named else "sudo mount -o remount,hidepid=2,gid=GROUP /proc"
    return reasons.HOST_PROCESSES_HIDDEN.unseen(
        f"/proc does not show {login} the processes of other users ({why})",
        grant + ("" if named else f", with a group that {login} is in; where ProtectProc= of sshd's unit hides them: ProtectProc=default"),
    )


def _watchers(scan: Block, host: HostProbe) -> Iterable[PeerWatcher]:
    ours = (host.me[0], str(host.me[1]))
    seen = set()
    for section in scan.of("watch"):
        found = record_and_args(section)
        if found is None or "stalewatch-watch" not in found[1]:
            continue
        _, args = found
        rest = args[args.index("stalewatch-watch") + 1 :]
        who_since = tuple(rest[:2])
        if len(who_since) == 2 and rest[1].isdecimal() and who_since != ours and who_since not in seen:
            seen.add(who_since)
            yield PeerWatcher(who=safe(rest[0], 100), since=records.parse_time(rest[1]))
