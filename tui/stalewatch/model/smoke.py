"""The request that an application has to answer before a runbook and after each of its steps."""

from __future__ import annotations

import msgspec


class Smoke(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``smoke`` of an app in stalewatch.toml. *path*: what is asked for, with its query. *status*: the one that is right (0: any below
    500). *text*: what the answer must contain ("": nothing)."""

    path: str = "/"
    status: int = 0
    text: str = ""
