"""What was recorded is what is shown again: byte for byte, up to where the file goes."""

from __future__ import annotations

import errno
import itertools
import os
import stat
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stalewatch.diagnosis.memory import asked_by_us
from stalewatch.model import reasons
from stalewatch.model.errors import UsageError
from stalewatch.model.inventory import AppEntry, Fleet, Server
from stalewatch.model.smoke import Smoke
from stalewatch.model.snapshot import Snapshot
from stalewatch.model.text import safe
from stalewatch.recording.entries import Failed, Happened, Looked, Planned, Stepped
from stalewatch.recording.patch import apply, between
from stalewatch.recording.reader import Recording
from stalewatch.recording.recorder import Recorder
from stalewatch.recording.recording_file import RecordingFile
from stalewatch.recording.told import fleet_told, plan_told
from stalewatch.runbook.plan import Choice, Progress, Request, Status
from tests.builders import runbook
from tests.builders.anything import Anything
from tests.builders.recordings import FLEET, Session, json, plain, written
from tests.builders.snapshots import at, snapshot, vt0, with_opcache

if TYPE_CHECKING:
    from pathlib import Path


def on(server: str, seen: Snapshot, app: str = "") -> Snapshot:
    return msgspec.structs.replace(seen, server=server, app=safe(app) if app else seen.app)


def told(path: Path) -> list[tuple[bytes, ...]]:
    """What is shown again after each look."""
    return [tuple(map(json, frame.reports)) for frame in Recording(path).frames() if isinstance(frame.entry, Looked)]


@given(st.lists(st.integers(0, 2**32), min_size=1, max_size=3))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_looks_are_judged_again_to_the_same_bytes(tmp_path: Path, seeds: list[int]) -> None:
    path = tmp_path / "r"
    path.unlink(missing_ok=True)
    session = Session(path)
    looks = [msgspec.convert(msgspec.to_builtins(look), Snapshot) for seed in seeds for look in Anything(seed).story()]
    seen = [session.look(look) for look in looks]
    session.end()
    assert told(path) == seen


@given(st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_what_changed_makes_the_next_snapshot_out_of_the_last(seed: int) -> None:
    anything = Anything(seed)
    looks = [*anything.story(), anything.snapshot()]
    for before, after in itertools.pairwise(looks):
        tree = apply(msgspec.to_builtins(before), between(before, after))
        assert msgspec.json.encode(tree) == msgspec.json.encode(msgspec.to_builtins(after))


def test_what_is_remembered_is_what_it_was_when_a_runbook_looked_and_asked_in_between(tmp_path: Path) -> None:
    session = Session(tmp_path / "r")
    first = on("web1", with_opcache(vt0()))
    seen = [session.look(first)]
    key = ("web1", str(first.app))
    session.judge(on("web1", with_opcache(vt0(), later=5)))
    session.memories[key] = asked_by_us(session.memories[key], at(7))
    seen.append(session.look(on("web1", with_opcache(vt0(hits=9_000), later=10))))
    session.end()
    assert told(tmp_path / "r") == seen


def test_two_apps_a_server_that_fails_and_one_that_is_gone_are_shown_as_they_were(tmp_path: Path) -> None:
    session = Session(tmp_path / "r")
    session.publisher.connecting("web1", "tcp")
    seen = [
        session.look(on("web1", snapshot(), "/srv/a/shop"), on("web1", snapshot(), "/srv/b/shop")),
        session.look(on("web2", snapshot())),
    ]
    seen.append(session.fail("web2", reasons.LINK_SILENT.unseen("no answer for 10 s")))
    seen.append(session.look(on("web1", snapshot(2), "/srv/b/shop")))
    session.end()
    again = [tuple(map(json, frame.reports)) for frame in Recording(tmp_path / "r").frames() if isinstance(frame.entry, Looked | Failed)]
    assert again == seen
    assert b"a/shop" in again[1][0]
    assert b"/srv/a/shop was not found at the last look" in again[3][0]
    assert b"no answer for 10 s" in again[3][1]


def test_only_what_changed_is_written(tmp_path: Path) -> None:
    session = Session(tmp_path / "r")
    session.look(on("web1", snapshot()))
    session.look(on("web1", msgspec.structs.replace(snapshot(), observed_at=at(2))))
    session.end()
    looks = [line for line in plain(tmp_path / "r") if b'"kind":"look"' in line]
    assert len(looks[0]) > 2_000
    assert len(looks[1]) < 300, looks[1]


def test_events_and_steps_are_in_it_with_commands_and_who(tmp_path: Path) -> None:
    session = Session(tmp_path / "r")
    report = runbook.report(server="web1")
    session.recorder.planned(runbook.plan([report], Request(choice=Choice.RELOAD)))
    step = Progress(server="web1", app=report.app, step="reload", status=Status.RUNNING, at=5.0)
    session.publisher.progress(step)
    session.end()
    entries = list(Recording(tmp_path / "r").entries())
    planned = next(entry for entry in entries if isinstance(entry, Planned))
    assert "@" in planned.who
    assert planned.choice == "reload"
    assert any("reload" in one.command and one.acting for one in planned.servers[0].steps)
    assert [entry.progress for entry in entries if isinstance(entry, Stepped)] == [step]
    assert [entry.events[0].what for entry in entries if isinstance(entry, Happened)] == ["reload: running"]


@pytest.mark.parametrize("compressed", [True, False], ids=["zstd", "plain"])
def test_a_file_that_was_cut_off_anywhere_is_shown_up_to_there(tmp_path: Path, compressed: bool) -> None:
    session = Session(tmp_path / "whole")
    seen = [session.look(on("web1", snapshot(later))) for later in (0, 2, 4)]
    session.end()
    if not compressed:
        written(tmp_path / "plain", [line for line in plain(tmp_path / "whole") if line])
    data = (tmp_path / ("whole" if compressed else "plain")).read_bytes()
    recorded = []
    for end in range(len(data) - 1, 200, -max(len(data) // 40, 1)):
        (tmp_path / "cut").write_bytes(data[:end])
        try:
            recording = Recording(tmp_path / "cut")
        except UsageError:
            break
        again = [tuple(map(json, frame.reports)) for frame in recording.frames() if isinstance(frame.entry, Looked)]
        assert again == seen[: len(again)]
        assert [remark for remark in recording.remarks() if "ends early" in remark] or data[end - 1 : end] == b"\n"
        recorded.append(len(again))
    assert recorded


def test_a_recorder_that_is_killed_loses_the_last_second_at_most(tmp_path: Path) -> None:
    file = RecordingFile(tmp_path / "r")
    lines = [b"%d" % number * 50 + b"\n" for number in range(9)]
    for line in lines:
        file.write([line])
        assert plain(tmp_path / "r")[-1] == line.rstrip(), "what was written is readable at once"


def test_damaged_lines_are_named_and_what_builds_on_them_is_left_out_until_all_is_told_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stalewatch.recording.recorder.WHOLE_EVERY", 3)
    session = Session(tmp_path / "r")
    seen = [session.look(on("web1", snapshot(2 * number))) for number in range(7)]
    session.end()
    lines = [line for line in plain(tmp_path / "r") if line]
    looks = [number for number, line in enumerate(lines) if b'"kind":"look"' in line]
    lines[looks[1]] = lines[looks[1]][:-40]
    recording = Recording(written(tmp_path / "damaged", lines))
    again = [tuple(map(json, frame.reports)) for frame in recording.frames() if isinstance(frame.entry, Looked)]
    assert again[-4:] == seen[-4:]
    assert recording.remarks() == (f"{tmp_path}/damaged is damaged: line {looks[1] + 1} left out, and 1 look that built on them",)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"[server]\nname = 1\n", "is not a recording of stalewatch"),
        (b'{"schema":1}\n', "is not a recording of stalewatch"),
        (b"[[[" * 100 + b"\n", "is not a recording of stalewatch"),
        (b'{"schema":7,"version":"9.1","who":"\xff"}\n', "is not a recording of stalewatch"),
        (b'{"schema":7,"version":"9.1"}\n', "was recorded by stalewatch 9.1 (schema 7); this one reads up to schema 1"),
        (b"\x28\xb5\x2f\xfdgarbage", "is empty"),
    ],
)
def test_what_is_no_recording_is_one_line(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(UsageError) as raised:
        Recording(tmp_path / "x")
    assert said in raised.value.message
    assert raised.value.grant


def test_what_cannot_be_opened_is_one_line(tmp_path: Path) -> None:
    for path, said in ((tmp_path / "none", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(UsageError, match=f"cannot be read: {said}"):
            Recording(path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="cannot be read"):
        Recording(tmp_path / "pipe")


def test_the_file_is_private_and_no_other_file_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "r"
    RecordingFile(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(UsageError, match="is there already"):
        RecordingFile(path)
    path.chmod(0o644)
    RecordingFile(path, overwrite=True).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(UsageError, match="cannot be written"):
        RecordingFile(tmp_path / "no" / "r")


def test_a_full_disk_is_said_once_and_ends_the_recording_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    file = RecordingFile(tmp_path / "r")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(file, "write", full)
    recorder = Recorder(file, FLEET, broke=said.append)
    recorder.connecting("web1", "tcp")
    recorder.stop()
    assert said == [recorder.why_not] == [f"{tmp_path}/r takes no more: No space left on device; what was recorded before stays"]


def test_no_smoke_request_and_no_secret_of_a_command_is_told() -> None:
    smoke = Smoke(path="/health?token=canary-token")
    fleet = Fleet(servers=(Server(target="web1", name="web1", apps=(AppEntry(path="/srv/app", smoke=smoke),)),), ssh_config="/home/me/cfg")
    assert b"canary" not in msgspec.json.encode(fleet_told(fleet))
    assert b"/home/me" not in msgspec.json.encode(fleet_told(fleet))
    made = runbook.plan([runbook.report()], Request(choice=Choice.RELOAD))
    step = msgspec.structs.replace(made.servers[0].steps[0], command="php artisan x --password=canary-word")
    server = msgspec.structs.replace(made.servers[0], steps=(step,), smoke=smoke)
    assert b"canary" not in msgspec.json.encode(plan_told(msgspec.structs.replace(made, servers=(server,)), at=1.0, who="me@here"))


def test_texts_of_a_recording_are_made_safe_again(tmp_path: Path) -> None:
    session = Session(tmp_path / "r")
    session.look(on("web1", snapshot()))
    session.end()
    lines = [line for line in plain(tmp_path / "r") if line]
    evil = [line.replace(b'"web1"', b'"web\\u001b]0;x\\u0007"') for line in lines]
    recording = Recording(written(tmp_path / "evil", evil))
    assert recording.header.fleet.servers[0].name == r"web\x1b]0;x\x07"
    frames = list(recording.frames())
    assert frames
    assert all(report.server.isprintable() for frame in frames for report in frame.reports)
