"""Snapshots, Reports and operator actions -> Events. Pure."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from tui.text import SafeText


class EventKind(StrEnum):
    """What a lane draws. The sign of each is in :mod:`tui.widgets`."""

    DEPLOY = "deploy"
    CACHE = "cache"
    RELOAD = "reload"
    WORKERS = "workers"
    RESTART = "restart"
    ERROR = "error"
    REASSURE = "reassure"
    VERDICT = "verdict"
    ACTION = "action"
    LINK = "link"


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened on *server* at *at* (that server's clock, epoch seconds).

    *source*: who says so (``git``, ``fpm``, ``opcache``, ``config``, ``laravel.log``, ``operator``, …). Repeats are one event: *until* is
    the last time, *count* how often. *key* identifies the event: the same key again replaces it, and history read twice is one event.
    """

    at: float
    server: str
    app: SafeText
    kind: EventKind
    source: str
    what: SafeText
    key: str
    until: float | None = None
    count: int = 1
