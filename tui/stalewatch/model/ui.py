"""How the dashboard begins: the table ``[ui]`` of stalewatch.toml. What was set by key in an earlier run wins over it."""

from __future__ import annotations

from typing import Literal

import msgspec

LEAST_INTERVAL, MOST_INTERVAL = 1.0, 3600.0
"""Seconds between two looks: more often would be felt by a server."""
Column = Literal["verdict", "name", "stale since", "deploy time", "commit", "hit rate", "age of data"]


class Ui(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """*theme* "": the one that suits the terminal. *layout* ``auto``: the table where panes have no room. *grouped* ``auto``: in the
    table, where there are groups. *interval*: seconds from one look to the next. *keys*: the keys of an action, by its id."""

    theme: str = ""
    zone: Literal["local", "server", "UTC"] = "local"
    relative: bool = False
    layout: Literal["auto", "panes", "table"] = "auto"
    grouped: Literal["auto", "always", "never"] = "auto"
    sort: Column = "verdict"
    reverse: bool = False
    interval: float = 2.0
    keys: dict[str, str | list[str]] = {}
