"""Every relay, run for real on this machine: any bytes, many connections at once, refusals, noise, and its end."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from stalewatch.model.errors import LinkLost, LinkTimeout, NotPermitted
from stalewatch.transport.link import Stream
from stalewatch.transport.local import LocalLink
from stalewatch.transport.relay.programs import RelayProgram, candidates, wanted
from stalewatch.transport.relay.relay import Relay
from tests.unit.transport.ssh_server import until

PROGRAMS = ("php", "python3", "perl", "socat", "nc")
INTERPRETERS = PROGRAMS[:3]


@pytest.fixture
async def link() -> AsyncIterator[LocalLink]:
    made = LocalLink()
    yield made
    await made.close()


def program(name: str) -> RelayProgram:
    if shutil.which(name) is None:
        pytest.skip(f"there is no {name}")
    (found,) = candidates((name, "base64"))
    return found


@asynccontextmanager
async def server(path: Path) -> AsyncIterator[str]:
    """Answers like FPM: reads the request's bytes up to its end mark, sends them back reversed, and closes. Both kinds of address."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = await reader.readuntil(b"!end")
        writer.write(data[::-1])
        await writer.drain()
        writer.close()

    async with await asyncio.start_unix_server(answer, str(path), limit=10_000_000):
        yield str(path)


async def exchange(stream: Stream, data: bytes) -> bytes:
    await stream.write(data + b"!end")
    answer = b""
    while more := await asyncio.wait_for(stream.read(), 10):
        answer += more
    await stream.close()
    return answer


def children() -> set[int]:
    return set(map(int, Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()))


@pytest.mark.parametrize("name", PROGRAMS)
async def test_it_brings_any_bytes_there_and_back(link: LocalLink, tmp_path: Path, name: str) -> None:
    async with server(tmp_path / "with blank's, \\ !!exec:(é)") as address:
        relay = await Relay.start(link, program(name))
        for size in (0, 1, 2, 3, 44, 45, 46, 1000, 300_000):
            data = (bytes(range(256)) * (size // 256 + 1))[:size]
            assert await exchange(relay.open(address), data) == b"dne!" + data[::-1]
        await relay.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
@pytest.mark.parametrize("name", PROGRAMS)
async def test_it_reaches_tcp_ports_too(link: LocalLink, name: str, host: str) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readexactly(4))
        writer.close()

    async with await asyncio.start_server(answer, "::1" if ":" in host else "127.0.0.1", 0) as listening:
        relay = await Relay.start(link, program(name))
        assert await exchange(relay.open(f"{host}:{listening.sockets[0].getsockname()[1]}"), b"") == b"!end"
        await relay.close()


@pytest.mark.parametrize("name", PROGRAMS)
async def test_a_slow_connection_delays_no_other_one(link: LocalLink, tmp_path: Path, name: str) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "silent"))
        silent.listen(5)
        async with server(tmp_path / "quick") as address:
            relay = await Relay.start(link, program(name))
            waiting = relay.open(str(tmp_path / "silent"))
            await waiting.write(b"x")
            answers = await asyncio.gather(*(exchange(relay.open(address), b"%d" % number) for number in range(20)))
            assert answers == [b"dne!" + (b"%d" % number)[::-1] for number in range(20)]
            await waiting.close()
            await relay.close()


@pytest.mark.parametrize("name", PROGRAMS)
async def test_where_nobody_listens_it_says_so_and_goes_on(link: LocalLink, tmp_path: Path, name: str) -> None:
    async with server(tmp_path / "s") as address:
        relay = await Relay.start(link, program(name))
        for nowhere in (str(tmp_path / "nothing"), "127.0.0.1:1", "-h:1", "localhost,fork:1", "no port"):
            with pytest.raises(NotPermitted):
                await exchange(relay.open(nowhere), b"")
        assert await exchange(relay.open(address), b"on") == b"dne!no"
        await relay.close()


@pytest.mark.parametrize("name", INTERPRETERS)
async def test_a_full_queue_is_a_timeout_and_no_refusal(link: LocalLink, tmp_path: Path, name: str) -> None:
    with socket.socket(socket.AF_UNIX) as full:
        full.bind(str(tmp_path / "full"))
        full.listen(0)
        with socket.socket(socket.AF_UNIX) as first:
            first.connect(str(tmp_path / "full"))
            relay = await Relay.start(link, program(name))
            with pytest.raises(LinkTimeout):
                await exchange(relay.open(str(tmp_path / "full")), b"")
            await relay.close()


@pytest.mark.parametrize("name", PROGRAMS)
async def test_it_ends_with_its_input_and_leaves_no_process(link: LocalLink, tmp_path: Path, name: str) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "silent"))
        silent.listen(5)
        before = children()
        relay = await Relay.start(link, program(name))
        (pid,) = children() - before
        stream = relay.open(str(tmp_path / "silent"))
        await stream.write(b"x")
        silent.accept()[0].close() if name in INTERPRETERS else silent.accept()
        await relay.close()
        with pytest.raises(LinkLost):
            await relay.open("/x").write(b"x")
        await until(lambda: not in_group(pid))


def in_group(group: int) -> list[str]:
    """What still runs of a relay: it has a process group of its own."""
    done = subprocess.run(["ps", "-eo", "pgid=,stat=,args="], capture_output=True, text=True, check=True)
    rows = (line.split(None, 2) for line in done.stdout.splitlines())
    return [row[2] for row in rows if int(row[0]) == group and not row[1].startswith("Z")]


@pytest.mark.parametrize("name", PROGRAMS)
async def test_what_a_login_shell_says_is_not_taken_for_an_answer(tmp_path: Path, name: str) -> None:
    found = program(name)

    class Talkative(LocalLink):
        async def coprocess(self, command: str):  # type: ignore[no-untyped-def]
            noise = "printf 'Welcome! 0 ready\\n1 +AAAA\\n1 .\\n\\033]0;title\\007no newline: '; "
            return await super().coprocess(f"{noise}(sleep 0.2; printf 'busy day\\n0 ready\\n') & {command}")

    link = Talkative()
    async with server(tmp_path / "s") as address:
        relay = await Relay.start(link, found)
        for word in (b"one", b"two"):
            assert await exchange(relay.open(address), word) == b"dne!" + word[::-1]
            await asyncio.sleep(0.25)
        await relay.close()
    await link.close()


async def test_a_program_that_is_no_relay_is_told_from_one(link: LocalLink) -> None:
    with pytest.raises(LinkLost):
        await Relay.start(link, RelayProgram("true", ("true",), b"\n"))
    with pytest.raises(LinkLost):
        await Relay.start(link, RelayProgram("usage", ("sh", "-c", "echo usage: php FILE; exit 64"), b"\n"))


async def test_a_relay_that_is_killed_ends_its_connections(link: LocalLink, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "silent"))
        silent.listen(5)
        before = children()
        relay = await Relay.start(link, program("python3"))
        stream = relay.open(str(tmp_path / "silent"))
        await stream.write(b"x")
        for pid in children() - before:
            os.kill(pid, 9)
        with pytest.raises(LinkLost):
            await asyncio.wait_for(stream.read(), 5)
        assert not relay.alive
        await relay.close()


def test_the_order_is_that_of_speed_and_nothing_is_tried_that_is_not_there() -> None:
    assert [found.name for found in candidates(wanted("8.2"))] == ["php", "php8.2", "python3", "perl", "socat", "nc"]
    assert [found.name for found in candidates(("perl", "nc"))] == ["perl"], "sh cannot decode without base64"
    assert list(candidates(())) == []


def test_a_user_is_one_word_of_the_command() -> None:
    (perl,) = candidates(("perl",))
    assert perl.command("www data; id").startswith("exec sudo -n -u 'www data; id' -- perl -e ")
