"""Memory between runs: private, bounded, and harmless whatever became of the file."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import msgspec
import platformdirs
import pytest

from stalewatch.diagnosis.memory import Awaited, Memory, Seen
from stalewatch.engine.memory_store import MAX_BYTES, AwaitedFile, load, save, save_awaited
from tests.builders.runbook import queue_worker

REMEMBERED = Memory(at=1000.0, since=900, root="/srv/app")


def files() -> list[Path]:
    return list((platformdirs.user_state_path("stalewatch") / "memory").iterdir())


def test_what_was_kept_is_recalled_for_that_server_and_app_only() -> None:
    save("deploy@web1", {"/srv/app": REMEMBERED})
    assert load("deploy@web1", "/srv/app") == REMEMBERED
    assert load("deploy@web2", "/srv/app") == Memory()
    assert load("deploy@web1", "/srv/other") == Memory()
    (file,) = files()
    assert file.stat().st_mode & 0o777 == 0o600


DAMAGE = {
    "empty": b"",
    "never used byte": b"\xc1",
    "text": b"not a memory",
    "another shape": b"\x80",
    "cut off": msgspec.msgpack.encode(REMEMBERED)[:-3],
    "no UTF-8": b"\x81\xa4root\xa2\xff\xfe",
    "nested without end": b"\x81\xa1x" + b"\x91" * 5000 + b"\xc0",
    "promises more than there is": b"\xdf\xff\xff\xff\xff",
    "a newer version": msgspec.msgpack.encode({"version": 2, "at": 1000.0, "since": 900, "new": [1]}),
    "a newer version of another shape": msgspec.msgpack.encode({"version": 2, "at": "1000"}),
    "too large": b"\x80".ljust(MAX_BYTES + 1, b"\0"),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_file_is_nothing_remembered(damage: bytes) -> None:
    save("web1", {"/srv/app": REMEMBERED})
    (file,) = files()
    file.write_bytes(damage)
    assert load("web1", "/srv/app") == Memory()
    save("web1", {"/srv/app": REMEMBERED})
    assert load("web1", "/srv/app") == REMEMBERED


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("XDG_STATE_HOME", str(blocked))
    save("web1", {"/srv/app": REMEMBERED})
    assert load("web1", "/srv/app") == Memory()


def test_nothing_is_kept_of_a_server_that_was_never_looked_at() -> None:
    save("web1", {"": REMEMBERED, "/srv/app": Memory()})
    assert not (platformdirs.user_state_path("stalewatch") / "memory").exists()


def test_a_folder_in_the_place_of_the_file_is_nothing_remembered_and_no_error() -> None:
    save("web1", {"/srv/app": REMEMBERED})
    (file,) = files()
    file.unlink()
    file.mkdir()
    assert load("web1", "/srv/app") == Memory()
    save("web1", {"/srv/app": REMEMBERED})
    assert files() == [file]


def test_a_pipe_in_the_place_of_the_file_is_not_waited_for() -> None:
    save("web1", {"/srv/app": REMEMBERED})
    (file,) = files()
    file.unlink()
    os.mkfifo(file)
    found: list[Memory] = []
    reading = threading.Thread(target=lambda: found.append(load("web1", "/srv/app")), daemon=True)
    reading.start()
    reading.join(30)
    assert found == [Memory()]


def test_a_file_that_is_not_ours_to_read_is_nothing_remembered() -> None:
    """Root reads everything, so for root it is somebody else's; for anybody else it is one that cannot be read."""
    save("web1", {"/srv/app": REMEMBERED})
    (file,) = files()
    if os.getuid() == 0:
        os.chown(file, 65534, -1)
    else:
        file.chmod(0)
    assert load("web1", "/srv/app") == Memory()


WRITER = """
import sys
from tests.unit.engine.test_memory_store import large
from stalewatch.engine.memory_store import save
sys.stdin.read()
for _ in range(20):
    save("web1", {"/srv/app": large(int(sys.argv[1]))})
"""


def large(since: int) -> Memory:
    """A memory of several writes, all of it of one *since*."""
    seen = Seen(1000.0, since, None, 1.0, 1, 1, "", True, 1.0, 1.0)
    return Memory(at=1000.0, since=since, scripts={f"/srv/app/vendor/{number}.php": seen for number in range(3000)})


def test_of_writers_at_once_one_is_remembered_whole_and_nothing_is_left_lying() -> None:
    """Two processes, and two threads of this one: whoever reads meanwhile finds what one of them wrote, never a mixture."""
    root = Path(__file__).parents[3]
    save("web1", {"/srv/app": large(1)})
    others = [subprocess.Popen([sys.executable, "-c", WRITER, str(since)], stdin=subprocess.PIPE, cwd=root) for since in (2, 3)]
    threads = [
        threading.Thread(target=lambda since=since: [save("web1", {"/srv/app": large(since)}) for _ in range(20)]) for since in (4, 5)
    ]
    for other in others:
        assert other.stdin is not None
        other.stdin.close()
    for thread in threads:
        thread.start()
    while any(other.poll() is None for other in others) or any(thread.is_alive() for thread in threads):
        found = load("web1", "/srv/app")
        assert found == large(found.since)
    assert [other.returncode for other in others] == [0, 0]
    assert load("web1", "/srv/app").since in range(2, 6)
    (file,) = files()
    assert file.stat().st_mode & 0o777 == 0o600


def test_whom_another_program_waits_for_is_known_at_the_next_look(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = (Awaited(at, queue_worker(7, 1.0)) for at in (50.0, 60.0))
    file = AwaitedFile("web1", "/srv/app")
    assert file.load() == ()
    save_awaited("web1", "/srv/app", (one,))
    assert (file.load(), file.load()) == ((one,), (one,))
    save_awaited("web1", "/srv/app", (other,))
    assert file.load() == (other,), "of the same length, perhaps at the same moment: another file"
    with monkeypatch.context() as patched:
        patched.setattr("stalewatch.engine.memory_store._read", lambda _: pytest.fail("nothing has changed"))
        assert file.load() == (other,)
    save_awaited("web1", "/srv/app", ())
    assert file.load() == ()
