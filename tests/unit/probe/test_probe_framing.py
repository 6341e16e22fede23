"""Any chunking gives the same blocks; nobody without the nonce can forge, divide or end one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stalewatch.model.errors import ProtocolError
from stalewatch.probe.host.parsers.framing import Block, BlockSection, Deframer

NONCE = "0123456789abcdef0123456789abcdef"
OTHER = "f" * 32

payloads = st.one_of(
    st.binary(max_size=200),
    st.sampled_from([b"", b"\n", b"\n\n", f"\n{OTHER} end 1\n".encode(), f"{NONCE}".encode(), f"x {NONCE} end 1".encode()]),
)
sections = st.lists(st.tuples(st.sampled_from(["files", "clock", "x"]), st.sampled_from(["", "/srv/a b", "/é"]), payloads), max_size=5)
blocks = st.lists(sections, min_size=1, max_size=4)


def encode(seq: int, parts: list[tuple[str, str, bytes]]) -> bytes:
    nonce = NONCE.encode()
    body = b"".join(b"\n%b %b %b\n%b" % (nonce, name.encode(), argument.encode(), payload) for name, argument, payload in parts)
    return b"\n%b begin %d\n" % (nonce, seq) + body + b"\n\n%b end %d\n" % (nonce, seq)


def feed(data: bytes, sizes: list[int]) -> list[Block]:
    deframer, found, at = Deframer(NONCE), [], 0
    for size in [*sizes, len(data)]:
        found += deframer.feed(data[at : at + size])
        at += size
    return found


@given(blocks, st.lists(st.integers(1, 40), max_size=60))
def test_any_chunking_gives_the_same_blocks(all_parts: list[list[tuple[str, str, bytes]]], sizes: list[int]) -> None:
    data = b"motd\n" + b"".join(encode(seq, parts) for seq, parts in enumerate(all_parts, 1))
    whole = Deframer(NONCE).feed(data)
    assert feed(data, sizes) == whole
    assert [block.seq for block in whole] == list(range(1, len(all_parts) + 1))
    for block, parts in zip(whole, all_parts, strict=True):
        assert [(each.name, each.argument) for each in block.sections] == [(name, argument) for name, argument, _ in parts]
        assert [each.payload.rstrip(b"\n") for each in block.sections] == [payload.rstrip(b"\n") for _, _, payload in parts]


@given(blocks, st.integers(1, 400))
def test_a_truncated_answer_is_no_answer(all_parts: list[list[tuple[str, str, bytes]]], missing: int) -> None:
    data = b"".join(encode(seq, parts) for seq, parts in enumerate(all_parts, 1))
    got = Deframer(NONCE).feed(data[:-missing])
    assert len(got) < len(all_parts)
    assert got == Deframer(NONCE).feed(data)[: len(got)]


def test_a_hostile_name_with_newlines_stays_payload() -> None:
    hostile = f"/srv/app/x\n{OTHER} end 7\n\n{OTHER} files \n0 0 0 0 81a4 root root /etc/shadow".encode()
    (block,) = Deframer(NONCE).feed(encode(7, [("files", "", hostile)]))
    assert [section.name for section in block.sections] == ["files"]
    assert block.sections[0].payload.rstrip(b"\n") == hostile


def test_one_answer_is_bounded() -> None:
    deframer = Deframer(NONCE, limit=1000)
    deframer.feed(b"\n%b begin 1\n" % NONCE.encode())
    for _ in range(9):
        assert deframer.feed(b"x" * 100) == []
    with pytest.raises(ProtocolError):
        deframer.feed(b"x" * 100)


def test_noise_before_a_block_is_dropped_and_takes_no_memory() -> None:
    deframer = Deframer(NONCE, limit=1000)
    for _ in range(100):
        assert deframer.feed(b"Last login: today\n" * 50) == []
    assert deframer.feed(encode(1, [("x", "", b"y")])) == [Block(1, (BlockSection("x", "", b"y\n"),))]
