"""Whatever stands in the place of a key or an agent holds up nothing, and is said where no other key opens the server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import asyncssh
import pytest

from stalewatch.transport.ssh import identities
from stalewatch.transport.ssh.options import SshOptions
from tests.builders import odd_files

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _no_agent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)


def options(*files: Path, agent: str = "") -> SshOptions:
    return SshOptions(
        alias="web1", hostname="web1", user="me", port=22, identityfiles=tuple(map(str, files)), certificatefiles=tuple(map(str, files)),
        identityagent=agent,
    )  # fmt: skip


def a_key(folder: Path) -> Path:
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(folder / "key")
    return folder / "key"


@pytest.mark.parametrize("kind", [*odd_files.KINDS, "device", "too large"])
async def test_what_is_no_key_is_not_waited_for_and_the_others_are_offered(tmp_path: Path, kind: str) -> None:
    odd, beside = tmp_path / "odd", tmp_path / "key.pub"
    match kind:
        case "device":
            odd.symlink_to("/dev/zero")
            beside.symlink_to("/dev/zero")
        case "too large":
            odd.write_bytes(b"\0" * 2_000_000)
        case _:
            odd_files.make(odd, kind)
            odd_files.make(beside, kind)
    found = await identities.gather(options(odd, a_key(tmp_path)))
    assert len(found.pairs) == 1
    assert found.skipped == ([] if kind == "loop" else [f"{odd} is not a key"])
    assert ("is not a key" in found.advice()) == (kind != "loop")


async def test_an_agent_that_does_not_answer_is_named_and_keys_in_files_are_offered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identities, "_AGENT_PATIENCE", 0.05)
    over = asyncio.Event()

    async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()

    path = str(tmp_path / "agent")
    async with await asyncio.start_unix_server(silent, path):
        found = await identities.gather(options(a_key(tmp_path), agent=path))
        await found.close()
        over.set()
    assert len(found.pairs) == 1
    assert found.skipped == [f"the agent at {path} does not answer"]
