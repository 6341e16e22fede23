"""Following logs: what is read, what may not be, rotation, floods; stamps of Monolog, FPM and PHP."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

import msgspec
import pytest

from stalewatch.model.inventory import LogWatch
from stalewatch.probe.host.host_probe import Hello, HostProbe
from stalewatch.probe.host.log_tail import HISTORY, STEP, TAIL, LogTail, fpm_tail
from stalewatch.probe.host.parsers.framing import Block, BlockSection
from stalewatch.probe.host.parsers.log_lines import parse_log, zone_offset
from stalewatch.probe.host.parsers.log_stamp import stamp_of
from stalewatch.probe.host.parsers.records import FileRecord

if TYPE_CHECKING:
    from stalewatch.model.snapshot import LogFacts, LogLine

PATH = "/var/log/php8.3-fpm.log"
NOW = datetime(2025, 10, 24, 10, 50, 30, tzinfo=UTC).timestamp()
FPM_LOG = """\
[24-Oct-2025 12:27:00] NOTICE: Reloading in progress ...
[24-Oct-2025 12:27:00] NOTICE: ready to handle connections
[24-Oct-2025 12:49:30] WARNING: [pool www] server reached pm.max_children setting (5), consider raising it
[24-Oct-2025 12:50:10] WARNING: [pool www] child 3624 exited on signal 11 (SIGSEGV) after 1.181603 seconds from start
[24-Oct-2025 12:50:10] NOTICE: [pool www] child 3630 started
"""


class Server:
    """One log on the server, asked as the host probe is."""

    def __init__(self, text: str = "", *, readable: bool = True) -> None:
        self.content = text.encode()
        self.readable = readable
        self.hello = Hello(login="deploy", utc_offset=7200)
        self.asked: list[tuple[int, int]] = []
        self.record = FileRecord(PATH, NOW, NOW, 0, 7, 0o100640, "root", "adm")

    async def ask(self, request: tuple[str, ...]) -> list[Block]:
        _, path, offset, limit = request
        self.asked.append((int(offset), int(limit)))
        found = self.content[int(offset) :][: int(limit)]
        return [Block(1, (BlockSection("log", path, found),) if self.readable else ())]

    def read(self, tail: LogTail, **changed: object) -> tuple[LogLine, ...]:
        self.record = msgspec.structs.replace(self.record, size=len(self.content), **changed)
        return asyncio.run(tail.read(cast("HostProbe", self), self.record, NOW))


def follow() -> LogTail:
    tail = fpm_tail(PATH, "/etc/php/8.3/fpm/php-fpm.conf", ())
    assert isinstance(tail, LogTail)
    return tail


def clock(at: float) -> str:
    """UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S")


def test_fpms_lines_are_of_the_machines_zone_and_its_grave_warnings_are_alarms() -> None:
    lines = Server(FPM_LOG).read(follow())
    assert [(clock(line.at), line.alarm, line.fpm) for line in lines] == [
        ("10:27:00", False, True),
        ("10:27:00", False, True),
        ("10:49:30", True, True),
        ("10:50:10", True, True),
        ("10:50:10", False, True),
    ]
    assert lines[0].text == "NOTICE: Reloading in progress ..."


def test_only_what_was_added_is_read_and_counted_by_the_minute() -> None:
    server, tail = Server(FPM_LOG), follow()
    server.read(tail)
    assert server.read(tail) == ()
    assert len(server.asked) == 1, "nothing was added: nothing is asked"
    server.content += b"[24-Oct-2025 12:50:20] ERROR: failed to open something\n[24-Oct-2025 12:50:2"
    (line,) = server.read(tail)
    assert line.alarm
    server.content += b"1] NOTICE: half a line waits\n"
    (rest,) = server.read(tail)
    assert rest.text == "NOTICE: half a line waits"
    facts = tail.facts()
    assert [(clock(each.at), each.alarms) for each in facts.minutes] == [("10:49:00", 1), ("10:50:00", 2)]
    assert [each.text for each in facts.tail][-1] == "NOTICE: half a line waits"
    assert tail.facts() is facts, "the same value until something comes"


@pytest.mark.parametrize("changed", [{"inode": 8}, {}], ids=["rotated", "truncated"])
def test_a_log_that_was_rotated_or_truncated_is_read_from_its_start(changed: dict[str, int]) -> None:
    server, tail = Server(FPM_LOG), follow()
    server.read(tail)
    server.content = b"[24-Oct-2025 12:50:25] NOTICE: ready to handle connections\n" * (9 if changed else 1)
    assert len(server.read(tail, **changed)) == (9 if changed else 1)


def test_a_flood_is_read_in_bounds_and_says_that_more_came() -> None:
    server, tail = Server(FPM_LOG), follow()
    server.read(tail)
    assert tail.facts().skipped == 0
    flood = b"[24-Oct-2025 12:50:25] ERROR: again and again\n" * 2000
    server.content += flood
    lines = server.read(tail)
    assert 0 < len(lines) <= 200
    assert server.asked[-1][1] == STEP
    facts: LogFacts = tail.facts()
    assert facts.skipped == len(flood) - STEP
    assert len(facts.tail) == TAIL
    assert facts.minutes[-1].alarms > 200, "all that was read is counted, also what is not told"


def test_of_a_long_history_the_end_is_read_and_nothing_was_missed() -> None:
    server, tail = Server("[24-Oct-2025 12:00:00] NOTICE: old\n" * 5000), follow()
    server.read(tail)
    assert server.asked == [(len(server.content) - HISTORY, HISTORY)]
    assert tail.facts().skipped == 0


@pytest.mark.parametrize(
    ("mode", "group", "grant"),
    [
        (0o100640, "adm", f"sudo setfacl -m u:deploy:r {PATH} (and logrotate's create line)"),
        (0o100600, "adm", f"sudo setfacl -m u:deploy:r {PATH} (and logrotate's create line)"),
        (0o100640, "root", f"sudo setfacl -m u:deploy:r {PATH} (and logrotate's create line)"),
    ],
)
def test_a_log_that_may_not_be_read_says_what_to_grant_and_is_not_asked_again(mode: int, group: str, grant: str) -> None:
    server, tail = Server(FPM_LOG, readable=False), follow()
    assert server.read(tail, mode=mode, group=group) == ()
    unseen = tail.facts().unseen
    assert unseen is not None
    assert (unseen.code, unseen.message, unseen.grant) == ("log.denied", f"deploy may not read {PATH}", grant)
    server.content += b"[24-Oct-2025 12:50:25] ERROR: more\n"
    server.read(tail)
    assert len(server.asked) == 1
    server.readable = True
    assert len(server.read(tail, mode=0o100644)) == 6, "its rights changed: the history is read"
    assert tail.facts().unseen is None


def test_a_log_that_is_not_there_says_so() -> None:
    tail = follow()
    asyncio.run(tail.read(cast("HostProbe", Server()), None, NOW))
    unseen = tail.facts().unseen
    assert unseen is not None
    assert unseen.message == f"{PATH}: no such file yet, or not visible to deploy"


@pytest.mark.parametrize(
    ("error_log", "config", "path"),
    [
        (PATH, "/etc/php/8.3/fpm/php-fpm.conf", PATH),
        ("", "/etc/php-fpm.conf", "/var/log/php-fpm.log"),
        ("log/fpm.log", "/usr/local/etc/php-fpm.conf", "/usr/local/var/log/fpm.log"),
    ],
)
def test_where_fpm_writes_its_log(error_log: str, config: str, path: str) -> None:
    tail = fpm_tail(error_log, config, ())
    assert isinstance(tail, LogTail)
    assert tail.path == path


@pytest.mark.parametrize("error_log", ["syslog", "/proc/self/fd/2", "/dev/stderr"])
def test_a_log_that_is_no_file_says_so(error_log: str) -> None:
    facts = fpm_tail(error_log, "/etc/php-fpm.conf", ())
    assert not isinstance(facts, LogTail)
    assert facts.unseen is not None
    assert error_log in facts.unseen.message


def test_patterns_of_the_configuration_apply_to_fpms_log_too() -> None:
    tail = fpm_tail(PATH, "/etc/php-fpm.conf", (LogWatch(path=PATH, alarm=("child 3630",)),))
    assert isinstance(tail, LogTail)
    assert [line.alarm for line in Server(FPM_LOG).read(tail)] == [False, False, True, True, True]


@pytest.mark.parametrize(
    ("line", "at", "message"),
    [
        ("[24-Oct-2025 12:27:00] NOTICE: x", "10:27:00", "NOTICE: x"),
        ("[24-Oct-2025 12:27:00.123456] NOTICE: x", "10:27:00", "NOTICE: x"),
        ("[24-Oct-2025 10:27:00 UTC] PHP Fatal error:  x", "10:27:00", "PHP Fatal error:  x"),
        ("[24-Oct-2025 06:27:00 America/New_York] x", "10:27:00", "x"),
        ("[24-Oct-2025 12:27:00 ../../etc/passwd] x", None, ""),
        ("[24-Oct-2025 12:27:00 No/Where] x", "10:27:00", "x"),
        ("[2025-10-24 12:27:00] a.ERROR: x", "10:27:00", "a.ERROR: x"),
        ("[2025-10-24T15:57:00+0530] x", "10:27:00", "x"),
        ("[99-Oct-2025 12:27:00] x", "00:00:00", "x"),
        ("[24-Foo-2025 12:27:00] x", "00:00:00", "x"),
        ("#0 /srv/app/x.php(1)", None, ""),
    ],
)
def test_stamps(line: str, at: str | None, message: str) -> None:
    stamp = stamp_of(line)
    if at is None:
        assert stamp is None
    else:
        assert stamp is not None
        assert (clock(stamp.at(7200.0)), stamp.message) == (at, message)


def test_what_has_no_stamp_is_of_the_time_of_the_line_above() -> None:
    watch = LogWatch(path="x.log", alarm=("context not found",))
    content = "[2025-10-24 10:00:00] a.INFO: x\n#0 context not found\n"
    assert [clock(line.at) for line in parse_log(content, watch, read_at=NOW, offset=0.0)] == ["10:00:00", "10:00:00"]


@pytest.mark.parametrize(
    ("stamp", "server", "offset"),
    [
        ("10:50:20", 7200.0, 0.0),
        ("12:50:20", 7200.0, 7200.0),
        ("12:50:20", 0.0, 7200.0),
        ("16:20:20", 7200.0, 19800.0),
        ("12:03:20", 7200.0, 7200.0),
        ("07:21:30", 7200.0, 0.0),
        ("10:33:00", 0.0, 0.0),
    ],
    ids=["UTC", "the server's", "another", "India", "the server's, long ago", "UTC or the server's: the later one", "UTC, long ago"],
)
def test_the_zone_of_a_log_that_names_none(stamp: str, server: float, offset: float) -> None:
    """The file was written at 10:50:24 UTC, its last line with a stamp at *stamp* of some zone."""
    assert zone_offset(f"[2025-10-24 {stamp}] production.INFO: x\n#0 a trace\n", NOW - 6, server) == offset
