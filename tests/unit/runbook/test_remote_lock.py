"""The lock and its holder, under the real shells, flock and timeout of this machine."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from subprocess import PIPE
from typing import TYPE_CHECKING, NoReturn

import pytest

from stalewatch.model.errors import LinkLost, LinkTimeout
from stalewatch.model.times import utc
from stalewatch.probe.host.host_probe import HostProbe
from stalewatch.runbook import remote_lock as module
from stalewatch.runbook.remote_lock import Busy, CannotLock, acquire
from stalewatch.transport.link import Stream
from stalewatch.transport.local import LocalLink

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

pytestmark = pytest.mark.skipif(shutil.which("flock") is None, reason="no flock on this machine")

SHELLS = [shell for shell in ("dash", "bash", "busybox") if shutil.which(shell)]


@pytest.fixture(params=SHELLS)
def places(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An application, an FPM configuration and a temporary directory; `sh` is the shell of the parameter, `logger` writes to a file."""
    for name in ("app", "fpm", "tmp", "bin"):
        (tmp_path / name).mkdir()
    (tmp_path / "fpm" / "php-fpm.conf").touch()
    shell = shutil.which(request.param)
    words = f"{shell} sh" if request.param == "busybox" else shell
    _program(tmp_path / "bin" / "sh", f'#!/bin/sh\nexec {words} "$@"\n')
    _program(tmp_path / "bin" / "logger", f"#!/bin/sh\nshift 3\nprintf '%s\\n' \"$*\" >>'{tmp_path}/syslog'\n")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    return tmp_path


@pytest.fixture
async def link() -> AsyncIterator[LocalLink]:
    link = LocalLink()
    yield link
    await link.close()


def _program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


async def until(true: Callable[[], object], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "did not happen in time"
        await asyncio.sleep(0.02)


async def take(places: Path, link: LocalLink, who: str = "alice@laptop") -> module.RemoteLock:
    return await acquire(link, who, str(places / "app"), str(places / "fpm" / "php-fpm.conf"), "fix")


async def test_a_second_person_is_told_who_runs_a_runbook_since_when(places: Path, link: LocalLink) -> None:
    before = int(time.time())
    held = await take(places, link)
    with pytest.raises(Busy) as refused:
        await take(places, link, "bob@desk")
    message, _, more = refused.value.message.partition(" (")
    assert message in [f"alice@laptop runs a runbook on this application since {utc(at)}" for at in range(before, int(time.time()) + 1)]
    assert _is_holder(int(more.removeprefix("pid ").removesuffix(")")))
    await held.release()
    again = await take(places, link, "bob@desk")
    assert again.warnings == []
    await again.release()


async def test_a_second_person_is_told_which_step_runs(places: Path, link: LocalLink) -> None:
    held = await take(places, link)
    gate = places / "gate"
    running = asyncio.create_task(held.step("config:cache", f"until [ -e '{gate}' ]; do sleep 0.05; done", 30))
    await until(lambda: "config:cache on" in _read(places / "syslog"))
    with pytest.raises(Busy, match=r"since .* \(step config:cache, pid \d+\)"):
        await take(places, link, "bob@desk")
    gate.touch()
    await running
    await held.release()


async def test_a_program_of_somebody_else_that_holds_the_lock_is_named_and_its_password_is_not(places: Path, link: LocalLink) -> None:
    other = subprocess.Popen(
        ["flock", str(places / "app"), "sh", "-c", "echo; read -r _", "x", "--password=hunter2"], stdin=PIPE, stdout=PIPE
    )
    assert other.stdin is not None
    assert other.stdout is not None
    other.stdout.readline()
    with pytest.raises(Busy) as refused:
        await take(places, link)
    other.communicate()
    user = getpass.getuser()
    assert f"another program holds a lock on this application: flock {places}/app" in refused.value.message
    assert f"(pid {other.pid} of {user})" in refused.value.message
    assert "hunter2" not in refused.value.message
    assert "wait until it ends" in refused.value.grant


@pytest.mark.parametrize(
    "noise", ["failed units: 2", "busy day ahead", "held /etc", "unlocked the door", "\\033]0;web1\\007", "ended config:cache 0"]
)
async def test_what_a_login_shell_says_is_no_answer_of_the_lock(places: Path, noise: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Talkative(LocalLink):
        async def coprocess(self, command: str) -> Stream:
            return await super().coprocess(f"printf '{noise}\\n{noise}'; {command}")

    held = await take(places, Talkative())
    assert held.warnings == []
    assert (await held.step("look", "echo said", 10)).output == "said\n"
    await held.release()


async def test_a_step_of_another_application_is_not_taken_for_the_holder_of_this_one(places: Path, link: LocalLink) -> None:
    (places / "other").mkdir()
    busy = await acquire(link, "mara@desk", str(places / "other"), "", "fix")
    gate = places / "gate"
    running = asyncio.create_task(busy.step("slow", f"until [ -e '{gate}' ]; do sleep 0.05; done", 30))
    await until(lambda: "slow on" in _read(places / "syslog"))
    nobodys = subprocess.Popen(["flock", str(places / "app"), "sh", "-c", "echo; read -r _"], stdin=PIPE, stdout=PIPE)
    assert nobodys.stdout is not None
    nobodys.stdout.readline()
    with pytest.raises(Busy, match="another program holds a lock"):
        await take(places, link)
    nobodys.communicate()
    gate.touch()
    await running
    await busy.release()


async def test_a_version_that_tells_no_nonce_keeps_this_one_out_and_is_named(places: Path, link: LocalLink) -> None:
    """What other versions read of each other: flock on the directory, and the holder's words in the process list."""
    words = ["sh", "-c", "echo; read -r _", "stalewatch-lock", "eva@old", "1795557001", str(places / "app"), "fix"]
    older = subprocess.Popen(["flock", "-n", "-E", "75", str(places / "app"), *words], stdin=PIPE, stdout=PIPE)
    assert older.stdout is not None
    older.stdout.readline()
    with pytest.raises(Busy, match=f"eva@old runs a runbook on this application since {utc(1795557001)}"):
        await take(places, link)
    older.communicate()
    held = await take(places, link)
    assert subprocess.run(["flock", "-n", "-E", "75", str(places / "app"), "true"], check=False).returncode == 75
    (holder, *_) = (pid for pid in _processes() if _is_holder(pid))
    told = Path(f"/proc/{holder}/cmdline").read_bytes().split(b"\0")
    assert told[told.index(b"stalewatch-lock") + 1] == b"alice@laptop"
    await held.release()


async def test_what_is_planned_stands_behind_what_other_versions_read(places: Path, link: LocalLink) -> None:
    steps = [("config:cache", "rebuild"), ("reload", "reload")]
    held = await acquire(link, "alice@laptop", str(places / "app"), "", "fix", steps=steps)
    (holder, *_) = (pid for pid in _processes() if _is_holder(pid))
    told = Path(f"/proc/{holder}/cmdline").read_bytes().split(b"\0")
    at = told.index(b"stalewatch-lock")
    assert told[at + 1] == b"alice@laptop"
    assert told[at + 3 : at + 5] == [str(places / "app").encode(), b"fix"]
    assert told[at + 6] == b"config:cache=rebuild reload=reload"
    probe = HostProbe(link, "bob", 10.0)
    _, fast = await probe.tick()
    (seen,) = (lock.holder for lock in fast.locks if lock.inode == (places / "app").stat().st_ino)
    assert [(step.id, step.label) for step in seen.steps] == steps
    await probe.close()
    await held.release()


async def test_what_other_versions_read_of_a_step_stays_as_it_is(places: Path, link: LocalLink) -> None:
    """Who, since when, for which application and which step: the words after the mark, in this order since 0.1. More may follow."""
    held = await take(places, link)
    gate = places / "gate"
    running = asyncio.create_task(held.step("config:cache", f"until [ -e '{gate}' ]; do sleep 0.05; done", 30))
    await until(lambda: "config:cache on" in _read(places / "syslog"))
    said = [Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") for pid in _processes() if _is_ours(pid, b"stalewatch-step")]
    gate.touch()
    await running
    assert said
    for words in said:
        who, since, app, step = words[words.index(b"stalewatch-step") + 1 :][:4]
        assert (who, app, step) == (b"alice@laptop", str(places / "app").encode(), b"config:cache")
        assert abs(int(since) - time.time()) < 3600
    await held.release()


async def test_another_app_of_the_same_master_is_kept_out_too(places: Path, link: LocalLink) -> None:
    held = await take(places, link)
    (places / "other").mkdir()
    with pytest.raises(Busy, match="this FPM master"):
        await acquire(link, "bob", str(places / "other"), str(places / "fpm"), "reload")
    await held.release()


async def test_a_step_runs_in_the_app_without_input_and_tells_what_it_said(places: Path, link: LocalLink) -> None:
    held = await take(places, link)
    ended = await held.step("look", "pwd; cat; echo oops >&2; exit 3", 10)
    assert ended.code == 3
    assert ended.output.splitlines() == [str(places / "app"), "oops"]
    await held.release()
    assert list((places / "tmp").iterdir()) == []
    log = (places / "syslog").read_text()
    assert "alice@laptop: look on" in log
    assert "ended with code 3" in log


async def test_a_step_has_none_of_the_logins_variables(places: Path, link: LocalLink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_ENV", "of the login")
    monkeypatch.setenv("PHP_INI_SCAN_DIR", "/home/me/php")
    monkeypatch.setenv("HOME", "/home/with a blank")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/1000")
    lock = await acquire(link, "me", str(places / "app"), "", "fix")
    ended = await lock.step("artisan", "env", 10)
    await lock.release()
    told = dict(line.partition("=")[::2] for line in ended.output.splitlines())
    assert set(told) - {"USER", "LOGNAME", "SHELL"} <= {"PATH", "HOME", "XDG_RUNTIME_DIR", "PWD", "OLDPWD", "SHLVL", "_"}
    assert (told["HOME"], told["XDG_RUNTIME_DIR"]) == ("/home/with a blank", "/run/user/1000"), "sudo and systemctl --user go by them"


async def test_however_much_a_command_says_only_its_beginning_and_end_are_kept_and_it_ends_by_itself(places: Path, link: LocalLink) -> None:
    lock = await acquire(link, "ann@laptop", str(places / "app"), "", "fix")
    command = "echo first; seq 1 400000; echo last >&2; exit 7"
    ended = await lock.step("loud", command, 20)
    (file,) = (places / "tmp").glob("stalewatch-run.*/loud.out")
    assert file.stat().st_size <= 65536
    await lock.release()
    assert ended.code == 7, "no broken pipe ends it"
    assert ended.output.startswith("first\n1\n")
    assert ended.output.endswith("400000\nlast\n")


async def test_what_a_command_leaves_running_does_not_hold_the_step(places: Path, link: LocalLink) -> None:
    lock = await acquire(link, "ann@laptop", str(places / "app"), "", "fix")
    gone = places / "gone"
    ended = await lock.step("leaves", f"echo said; (while [ ! -e {gone} ]; do sleep 0.1; done) & exit 0", 20)
    gone.touch()
    await lock.release()
    assert ended.code == 0


async def test_what_a_command_said_needs_no_other_channel(places: Path) -> None:
    class OneChannel(LocalLink):
        async def run(self, *_: object, **__: object) -> NoReturn:
            raise AssertionError("MaxSessions")

    held = await take(places, OneChannel())
    assert (await held.step("look", "printf 'a\\tb\\n\\303\\244\\n'", 10)).output == "a\tb\nä\n"
    assert (await held.step("quiet", "true", 10)).output == ""
    await held.release()


async def test_where_nothing_can_be_written_in_tmp_another_place_is_taken(
    places: Path, link: LocalLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", "/proc/nowhere")
    held = await take(places, link)
    assert (await held.step("look", "echo said", 10)).output == "said\n"
    kept = [path for base in ("/var/tmp", "/dev/shm") for path in Path(base).glob("stalewatch-run.*/look.out")]
    assert kept
    await held.release()
    assert not any(path.exists() for path in kept)


async def test_where_nothing_can_be_written_at_all_that_is_the_reason(places: Path, link: LocalLink) -> None:
    _program(places / "bin" / "mktemp", "#!/bin/sh\nexit 1\n")
    with pytest.raises(CannotLock, match="read-only, full or out of inodes") as refused:
        await take(places, link)
    assert "df -i" in refused.value.grant


async def test_quotes_backslashes_and_spaces_of_a_command_arrive_as_they_are(places: Path, link: LocalLink) -> None:
    held = await take(places, link)
    assert (await held.step("x", r"""printf '%s|' 'a  b' "c\d" '$HOME' '  '""", 10)).output == r"a  b|c\d|$HOME|  |"
    await held.release()


@pytest.mark.parametrize("command", ["true\nrm -rf x", "printf \x1b[31m", "true \u202e"])
async def test_a_command_that_is_not_one_printable_line_is_refused(places: Path, link: LocalLink, command: str) -> None:
    held = await take(places, link)
    with pytest.raises(CannotLock):
        await held.step("x", command, 5)
    await held.release()


async def test_a_lost_link_lets_the_step_end_and_keeps_the_lock_until_then(places: Path, link: LocalLink) -> None:
    held = await take(places, link)
    gate, done = places / "gate", places / "done"
    slow = f"until [ -e '{gate}' ]; do sleep 0.05; done; echo half; sleep 0.1; echo > '{done}'"
    running = asyncio.create_task(held.step("slow", slow, 30))
    await until(lambda: "slow on" in _read(places / "syslog"))
    closing = asyncio.create_task(link.close())
    with pytest.raises(LinkLost):
        await running
    with pytest.raises(Busy, match="alice@laptop"):
        await take(places, LocalLink(), "bob")
    gate.touch()
    await until(done.exists)
    await until(lambda: "slow on" in _read(places / "syslog") and "ended with code 0" in _read(places / "syslog"))
    await closing
    bob = await _take_soon(places, "bob")
    await bob.release()
    await until(lambda: list((places / "tmp").iterdir()) == [])


async def test_silence_of_this_side_ends_the_lease(places: Path, link: LocalLink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STALEWATCH_LEASE", "1")
    held = await take(places, link)
    await until(lambda: held._gone is not None)  # the first heartbeat would come after five seconds
    with pytest.raises(LinkLost):
        await held.step("late", "true", 5)
    bob = await _take_soon(places, "bob")
    await bob.release()
    await held.release()


async def test_whether_it_is_still_held_is_answered_by_the_holder_alone(places: Path, link: LocalLink) -> None:
    held = await take(places, link)
    await held.still_held()
    for pid in filter(_is_holder, _processes()):
        os.kill(pid, signal.SIGSTOP)
    asking = asyncio.create_task(held.still_held())
    await asyncio.sleep(0)
    held._take("beat")  # what was read before this machine slept
    held._take("beat 1")
    await asyncio.sleep(0)
    assert not asking.done()
    for pid in filter(_is_holder, _processes()):
        os.kill(pid, signal.SIGKILL)
    with pytest.raises(LinkLost):
        await asking
    with pytest.raises(LinkLost):
        await held.still_held()
    await held.release()


async def test_heartbeats_keep_the_lease(places: Path, link: LocalLink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STALEWATCH_LEASE", "2")
    monkeypatch.setattr(module, "HEARTBEAT", 0.2)
    held = await take(places, link)
    assert (await held.step("long", "sleep 3.5; echo there", 30)).output == "there\n"
    await held.release()


async def test_a_step_that_takes_too_long_is_not_ended(places: Path, link: LocalLink) -> None:
    held = await take(places, link)
    with pytest.raises(LinkTimeout, match="still runs"):
        await held.step("slow", f"sleep 1; echo > '{places}/done'", 0.2)
    await until((places / "done").exists)
    await held.release()


async def test_letting_go_under_a_step_that_hangs_is_no_error(places: Path, link: LocalLink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GRACE", 0.1)
    held = await take(places, link)
    gate = places / "gate"
    with pytest.raises(LinkTimeout):
        await held.step("slow", f"until [ -e '{gate}' ]; do sleep 0.05; done", 0.1)
    await held.release()
    gate.touch()
    bob = await _take_soon(places, "bob")
    await bob.release()


async def test_letting_go_of_a_holder_that_is_frozen_is_no_error(places: Path, link: LocalLink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GRACE", 0.1)
    held = await take(places, link)
    frozen = [pid for pid in _processes() if _is_holder(pid)]
    assert frozen
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    try:
        await held.release()
    finally:
        for pid in frozen:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
    bob = await _take_soon(places, "bob")
    await bob.release()


async def test_without_flock_it_says_so_and_goes_on(tmp_path: Path, link: LocalLink, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    for name in ("sh", "date", "mktemp", "rm", "tail", "timeout", "setsid", "od", "sed", "env"):
        (tmp_path / "bin" / name).symlink_to(shutil.which(name) or f"/bin/{name}")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    held = await acquire(link, "alice", str(tmp_path), "", "fix")
    assert any("flock is not installed" in warning for warning in held.warnings)
    assert (await held.step("x", "echo yes", 5)).output == "yes\n"
    await held.release()


async def test_a_directory_that_is_not_there_is_not_created(places: Path, link: LocalLink) -> None:
    held = await acquire(link, "alice", str(places / "app"), str(places / "nowhere" / "x.conf"), "fix")
    assert any("FPM master" in warning for warning in held.warnings)
    assert not (places / "nowhere").exists()
    await held.release()


async def _take_soon(places: Path, who: str) -> module.RemoteLock:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with contextlib.suppress(Busy):
            return await take(places, LocalLink(), who)
        await asyncio.sleep(0.05)
    raise AssertionError("the lock was not let go")


def _processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _is_holder(pid: int) -> bool:
    """Whether it is one of the processes that hold this test's lock."""
    return _is_ours(pid, b"stalewatch-lock")


def _is_ours(pid: int, mark: bytes) -> bool:
    with contextlib.suppress(OSError):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        ours = f"TMPDIR={os.environ['TMPDIR']}".encode() in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        return ours and mark in words
    return False


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


async def test_a_command_that_follows_a_step_runs_also_when_the_link_is_cut_meanwhile(places: Path, link: LocalLink) -> None:
    held = await acquire(link, "alice", str(places / "app"), "", "fix")
    ended = await held.step("one", "echo one; exit 3", 10.0, then="echo two | tr a-z A-Z")
    assert (ended.code, ended.output, ended.then) == (3, "one\n", "TWO\n")
    assert (await held.step("other", "echo other", 10.0)).then == "", "it follows one step only"
    gate, done = places / "gate", places / "done"
    waits = f"until [ -e {gate} ]; do sleep 0.02; done; false"
    running = asyncio.create_task(held.step("cut", waits, 10.0, then=f"echo done >{done}"))
    await until(lambda: "cut on" in _read(places / "syslog"))
    await link.close()
    with pytest.raises(LinkLost):
        await running
    gate.touch()
    await until(lambda: _read(done) == "done\n")
    await held.release()
