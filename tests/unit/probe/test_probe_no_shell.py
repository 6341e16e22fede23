"""A login whose commands end at once (nologin, a command of its own) is told as that, however early its end is noticed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stalewatch.model import reasons
from stalewatch.model.errors import LinkLost, NotPermitted
from stalewatch.probe.host.host_probe import HostProbe

if TYPE_CHECKING:
    from stalewatch.transport.local import LocalLink


class EndedStream:
    """What is left of a command that has ended. *deaf*: it is noticed at the first write, else at the first read."""

    def __init__(self, *, deaf: bool) -> None:
        self._deaf = deaf

    async def write(self, _data: bytes) -> None:
        if self._deaf:
            raise LinkLost("coprocess: Channel not open for sending")

    async def read(self, _limit: int = 65536) -> bytes:
        return b""

    async def close(self) -> None:
        pass


@pytest.mark.parametrize("deaf", [True, False])
async def test_whenever_its_end_is_noticed(link: LocalLink, monkeypatch: pytest.MonkeyPatch, deaf: bool) -> None:
    async def ended(_command: str) -> EndedStream:
        return EndedStream(deaf=deaf)

    monkeypatch.setattr(link, "coprocess", ended)
    with pytest.raises(NotPermitted) as refused:
        await HostProbe(link, "ann@laptop", 10.0).tick()
    assert refused.value.reason is reasons.HOST_NO_SHELL
    assert "give the login a shell" in refused.value.grant


async def test_of_a_real_login(link: LocalLink) -> None:
    with pytest.raises(NotPermitted) as refused:
        await HostProbe(link, "ann@laptop", 10.0, shell="/bin/false").tick()
    assert refused.value.reason is reasons.HOST_NO_SHELL
