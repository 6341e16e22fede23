"""Bytecode against the disk."""

from __future__ import annotations

from tests.lab import Host
from tests.lab.truth import changes as do
from tests.lab.truth.state import HOME, Kind, State
from tui.report import Layer, Verdict

_VT0 = do.opcache(validate_timestamps=0)
_BYTECODE = {Layer.OPCACHE: (Verdict.STALE, "opcache.stale-bytecode")}
_SUSPECT = {Layer.OPCACHE: (Verdict.SUSPECT, "opcache.suspect-bytecode")}
_PENDING = {Layer.OPCACHE: (Verdict.PENDING, "opcache.pending")}

OPCACHE = (
    State(
        name="vt=0: edited, in use, one look",
        kind=Kind.STALE,
        expect=_SUSPECT,
        arrange=_VT0,
        act=do.then(do.edit, do.pause(3.1), do.get()),
        ask=HOME,
        really="old",
    ),
    State(
        name="vt=0: edited, in use, seen before",
        kind=Kind.STALE,
        expect=_BYTECODE,
        arrange=_VT0,
        act=do.then(do.edit, do.get()),
        ask=HOME,
        really="old",
        remembered=True,
    ),
    State(
        name="vt=0: edited, not requested since",
        kind=Kind.STALE,
        expect=_BYTECODE,
        arrange=_VT0,
        act=do.edit,
        ask=HOME,
        really="old",
    ),
    State(
        name="vt=1, freq=600: edited",
        kind=Kind.STALE,
        expect=_PENDING,
        arrange=do.opcache(revalidate_freq=600),
        act=do.then(do.edit, do.get()),
        ask=HOME,
        really="old",
    ),
    State(
        name="vt=1: same mtime, other content, one look",
        kind=Kind.STALE,
        expect=_SUSPECT,
        act=do.then(do.rewrite(), do.pause(2.5), do.get()),
        ask=HOME,
        really="old",
    ),
    State(
        name="vt=1: same mtime, other content, seen before",
        kind=Kind.STALE,
        expect={Layer.OPCACHE: (Verdict.STALE, "opcache.same-mtime")},
        act=do.then(do.rewrite(), do.pause(2.5), do.get()),
        ask=HOME,
        really="old",
        remembered=True,
    ),
    State(name="known good, cold", kind=Kind.HEALTHY, arrange=lambda _host: None),
    State(name="known good, warm", kind=Kind.HEALTHY),
    State(name="vt=1, freq=2: ordinary deploy without reload", kind=Kind.HEALTHY, act=do.then(do.edit, do.healed()), ask=HOME),
    State(
        name="vt=0: edited, then systemctl reload",
        kind=Kind.HEALTHY,
        arrange=_VT0,
        act=do.then(do.edit, Host.reload, do.get()),
        ask=HOME,
    ),
)
