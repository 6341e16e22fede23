"""What every link does, asserted on both with the same body: over SSH, and on this machine."""

from __future__ import annotations

import asyncio
import os
import shlex
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from stalewatch.model.errors import LinkError, LinkLost, LinkTimeout, NotPermitted
from stalewatch.transport.link import Link, Stream
from stalewatch.transport.local import LocalLink
from tests.unit.transport.ssh_server import SshLab, until


@pytest.fixture(params=["ssh", "local"])
async def link(request: pytest.FixtureRequest, lab: SshLab) -> AsyncIterator[Link]:
    if request.param == "ssh":
        await lab.start()
        yield await lab.connect()
    else:
        made = LocalLink()
        yield made
        await made.close()


async def test_run_gives_output_error_and_code(link: Link) -> None:
    done = await link.run("echo out; echo err >&2; exit 3")
    assert (done.stdout, done.stderr, done.code) == (b"out\n", b"err\n", 3)


async def test_run_passes_binary_input_through(link: Link) -> None:
    data = bytes(range(256)) * 4096
    assert (await link.run("cat", data=data)).stdout == data


async def test_run_does_not_wait_for_a_reader_that_never_reads(link: Link) -> None:
    assert (await link.run("exit 0", data=bytes(4_000_000))).code == 0


@pytest.mark.parametrize(
    "text", ["it's", 'say "hi"', "back\\slash", "two\nlines", "bang!", "$HOME `id` $(id)", "ünï\tcödé", "%s %% \\n \\0101"], ids=repr
)
async def test_run_quotes_whatever_the_command_holds(link: Link, text: str) -> None:
    assert (await link.run(f"printf %s {shlex.quote(text)}")).stdout.decode() == text


async def test_run_keeps_one_mebibyte_and_reads_the_rest(link: Link) -> None:
    done = await link.run("head -c 3000000 /dev/zero; echo done >&2")
    assert len(done.stdout) == 1024 * 1024
    assert done.stderr == b"done\n"
    assert done.code == 0


async def test_a_signal_is_code_minus_one(link: Link) -> None:
    assert (await link.run("kill -KILL $$")).code == -1


async def test_run_times_out_and_leaves_no_process(link: Link, tmp_path: Path) -> None:
    with pytest.raises(LinkTimeout):
        await link.run(f"echo $$ >{tmp_path}/pid; sleep 60", timeout=2.0)
    pid = int((tmp_path / "pid").read_text())
    await until(lambda: not alive(pid))
    assert (await link.run("echo still here")).stdout == b"still here\n"


async def test_a_cancelled_run_leaves_no_process(link: Link, tmp_path: Path) -> None:
    task = asyncio.create_task(link.run(f"echo $$ >{tmp_path}/pid; sleep 60"))
    await until(lambda: (tmp_path / "pid").is_file() and (tmp_path / "pid").read_text().endswith("\n"))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    pid = int((tmp_path / "pid").read_text())
    await until(lambda: not alive(pid))


async def test_coprocess_is_a_binary_conversation(link: Link) -> None:
    stream = await link.coprocess("exec cat")
    for data in (b"\0\xff\r\n", bytes(range(256)), b"x" * 200_000):
        writing = asyncio.create_task(stream.write(data))
        assert await read_exactly(stream, len(data)) == data
        await writing
    await stream.close()
    await stream.close()


async def test_closing_a_coprocess_ends_its_input_so_that_its_trap_runs(link: Link, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    stream = await link.coprocess(f"trap 'rm {mark}' EXIT; : >{mark}; echo ready; cat >/dev/null")
    assert await stream.read() == b"ready\n"
    assert mark.exists()
    await stream.close()
    assert not mark.exists()


async def test_a_coprocess_that_ends_is_an_end_of_stream_and_no_lost_link(link: Link) -> None:
    stream = await link.coprocess("echo bye")
    assert await read_exactly(stream, 4) == b"bye\n"
    assert await stream.read() == b""
    assert link.alive
    with pytest.raises(LinkLost):
        await asyncio.wait_for(write_for_ever(stream), 5)


async def test_open_unix_and_open_tcp_reach_sockets(link: Link, tmp_path: Path) -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    path = str(tmp_path / "s")
    unix = await asyncio.start_unix_server(echo, path)
    tcp = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with unix, tcp:
        for stream in (await link.open_unix(path), await link.open_tcp("127.0.0.1", tcp.sockets[0].getsockname()[1])):
            await stream.write(bytes(range(256)))
            assert await read_exactly(stream, 256) == bytes(range(256))
            await stream.close()


async def test_a_socket_that_is_reset_over_there_is_a_mere_end(link: Link, tmp_path: Path) -> None:
    """A PHP worker killed under a request: the codec tells it from a whole answer, on either link alike."""

    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(1)  # what is left unread makes the kernel reset instead of end
        writer.transport.abort()

    async with await asyncio.start_unix_server(reset, str(tmp_path / "s")):
        stream = await link.open_unix(str(tmp_path / "s"))
        await stream.write(b"x" * 1000)
        assert await asyncio.wait_for(stream.read(), 5) == b""
        assert link.alive
        await stream.close()


async def test_a_socket_that_is_not_there_is_not_permitted_and_the_link_lives(link: Link, tmp_path: Path) -> None:
    with pytest.raises(NotPermitted):
        await link.open_unix(str(tmp_path / "nothing"))
    with pytest.raises(NotPermitted):
        await link.open_tcp("127.0.0.1", 1)
    assert (await link.run("echo ok")).stdout == b"ok\n"


async def test_more_streams_than_channels_take_turns(link: Link) -> None:
    done = await asyncio.gather(*(link.run(f"sleep 0.05; echo {number}") for number in range(30)))
    assert [int(result.stdout) for result in done] == list(range(30))


async def test_closing_twice_is_fine_and_ends_everything(link: Link) -> None:
    waiting = asyncio.create_task(link.wait_closed())
    stream = await link.coprocess("exec cat")
    await link.close()
    await link.close()
    await asyncio.wait_for(waiting, 10)
    assert not link.alive
    with pytest.raises(LinkLost):
        await link.run("true")
    with pytest.raises(LinkError):
        await stream.read()
    await stream.close()


async def write_for_ever(stream: Stream) -> None:
    while True:
        await stream.write(b"anybody?\n")
        await asyncio.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rpartition(") ")[2][0] != "Z"


async def read_exactly(stream: Stream, size: int) -> bytes:
    data = b""
    async with asyncio.timeout(5):
        while len(data) < size:
            piece = await stream.read()
            assert piece, f"ended after {len(data)} of {size} bytes"
            data += piece
    return data
