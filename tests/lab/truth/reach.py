"""Servers on which the pool is hard to ask: sshd forwards nothing, or the pool sees little of the disk."""

from __future__ import annotations

from tests.lab import Host, sshd
from tests.lab.truth import changes as do
from tests.lab.truth.opcache_stale import BYTECODE
from tests.lab.truth.state import HOME, healthy, stale


def no_forwarding(host: Host) -> None:
    """As hardening guides say; sshd refuses sockets with it too."""
    sshd.configure(host, sshd.NO_FORWARDING)


STATES = (
    stale(
        name="sshd forwards nothing: edited, vt=0",
        expect=BYTECODE,
        arrange=do.then(no_forwarding, do.VT0),
        act=do.then(do.edit, do.pause(2.1), do.get()),
        ask=HOME,
        remembered=True,
        undo=sshd.undo,
    ),
    healthy(
        name="sshd forwards nothing: edited, then reload",
        arrange=do.then(no_forwarding, do.VT0),
        act=do.then(do.edit, lambda host: host.reload(), do.get()),
        ask=HOME,
        undo=sshd.undo,
    ),
)
