"""What is worse than old code: nobody is served, or nobody can be trusted."""

from __future__ import annotations

from typing import NamedTuple


class Alarm(NamedTuple):
    """*word*: in capitals, for the badge; *words*: one sentence; *command*: what to type on the server ("": nothing is known);
    *since*: by the server's clock, when it was first seen so (None: at no look); *began*: it was not so at the look before that, so it
    began then, and not at some time before the first look."""

    word: str
    words: str
    command: str
    since: float | None = None
    began: bool = False
