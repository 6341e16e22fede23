"""Whether a pool would make the configuration that artisan has cached."""

from __future__ import annotations

import msgspec

from stalewatch.model.text import SafeText


class Remade(msgspec.Struct, frozen=True, kw_only=True):
    """*differs*: keys of which the pool would make another value (``database.redis.client``), *more*: how many more there are. *why* it is
    not known ("" it is)."""

    differs: tuple[SafeText, ...] = ()
    more: int = 0
    why: SafeText = SafeText("")
