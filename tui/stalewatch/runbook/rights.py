"""What the runbook must be permitted on a server: a value, for whoever prints it. Pure."""

from __future__ import annotations

import msgspec

from stalewatch.model.text import SafeText


class Rights(msgspec.Struct, frozen=True, kw_only=True):
    """What ``fix`` needs of sudo for one app. *lines*: of sudoers(5). *missing*: why they may not be all; *complete*: whether they are."""

    server: SafeText
    app: SafeText
    login: str = ""
    user: str = ""
    lines: tuple[str, ...] = ()
    missing: tuple[SafeText, ...] = ()

    @property
    def complete(self) -> bool:
        return not self.missing
