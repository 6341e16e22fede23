from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stalewatch.model.errors import AuthRefused, HostKeyRefused, LinkLost, Unreachable
from stalewatch.transport.connect_limits import Limits
from stalewatch.transport.retry import next_pause, pause
from stalewatch.transport.ssh.channel_slots import ChannelSlots


@given(st.integers(min_value=-3, max_value=10_000), st.floats(0, 1, exclude_max=True))
def test_pauses_stay_between_5_and_60_seconds_and_never_shrink(failures: int, roll: float) -> None:
    assert 5 <= pause(failures, roll) <= 60
    assert pause(failures + 1, roll) >= pause(failures, roll)


def test_jitter_spreads_every_pause() -> None:
    assert all(pause(failures, 0.99) - pause(failures, 0) >= 2 for failures in range(1, 20))


def test_what_is_never_tried_again_by_itself() -> None:
    assert next_pause(AuthRefused("no"), 1, 0.5) is None
    assert next_pause(HostKeyRefused("no"), 1, 0.5) is None
    assert next_pause(Unreachable("no"), 1, 0.5) == pause(1, 0.5)
    assert next_pause(LinkLost("no"), 3, 0.5) == pause(3, 0.5)


async def test_a_crowded_address_does_not_hold_up_others() -> None:
    limits, running, most, waited = Limits(per_address=2, in_all=4), 0, 0, 0

    def on_wait() -> None:
        nonlocal waited
        waited += 1

    async def connect(address: str, release: asyncio.Event) -> None:
        nonlocal running, most
        async with limits.turn(address, on_wait):
            running += 1
            most = max(most, running)
            await release.wait()
            running -= 1

    release = asyncio.Event()
    crowd = [asyncio.create_task(connect("bastion:22", release)) for _ in range(20)]
    await asyncio.sleep(0)
    assert running == 2
    quick = asyncio.Event()
    quick.set()
    await asyncio.wait_for(connect("other:22", quick), 10)
    release.set()
    await asyncio.wait_for(asyncio.gather(*crowd), 10)
    assert most == 3
    assert waited == 18


async def test_a_slot_waiter_that_is_cancelled_in_its_turn_passes_it_on() -> None:
    slots = ChannelSlots(1)
    await slots.take()
    first, second = asyncio.create_task(slots.take()), asyncio.create_task(slots.take())
    await asyncio.sleep(0)
    slots.give_back()
    first.cancel()
    await asyncio.wait_for(second, 10)
    slots.give_back()
    await asyncio.wait_for(slots.take(), 10)


async def test_waiters_learn_that_the_link_is_lost() -> None:
    slots = ChannelSlots(0)
    waiter = asyncio.create_task(slots.take())
    await asyncio.sleep(0)
    slots.fail(LinkLost("gone"))
    with pytest.raises(LinkLost):
        await waiter
    with pytest.raises(LinkLost):
        await slots.take()


def test_asyncssh_is_imported_only_by_who_connects() -> None:
    code = (
        "import sys, stalewatch.transport.connect, stalewatch.transport.fastcgi.client, stalewatch.transport.ssh.aliases; "
        "sys.exit('asyncssh' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
