"""The three sentences about a finding."""

from __future__ import annotations

from typing import NamedTuple


class Plain(NamedTuple):
    """One sentence each: what the finding means, why nobody noticed, and what to do."""

    meaning: str
    unnoticed: str
    todo: str
