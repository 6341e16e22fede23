"""What could not be looked at, in the place of the facts."""

from __future__ import annotations

import msgspec

from stalewatch.model.text import SafeText


class Unseen(msgspec.Struct, frozen=True, kw_only=True, tag="unseen"):
    """Something that could not be looked at: a stable *code* (``fpm.socket-denied``), why, and what to do or to grant."""

    code: str
    message: SafeText
    grant: SafeText = SafeText("")
