"""The links by which a request reaches code, as they were observed at one look. Values only; made by :mod:`stalewatch.diagnosis.chain`."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from stalewatch.model.text import SafeText
from stalewatch.model.unseen import Unseen


class LinkName(StrEnum):
    """The links in the order in which a request meets them; workers come last, because no request goes through them."""

    WEB_SERVER = "web-server"
    POOL = "pool"
    PHP = "php"
    DISK = "disk"
    ENTRY = "entry"
    BYTECODE = "bytecode"
    CLASSES = "classes"
    CACHES = "caches"
    WORKERS = "workers"


class LinkState(StrEnum):
    """``ok`` observed, and as it has to be; ``broken`` observed, and not; ``unseen`` not observed."""

    OK = "ok"
    BROKEN = "broken"
    UNSEEN = "unseen"


class ChainLink(msgspec.Struct, frozen=True, kw_only=True):
    """One link. *says*: what it leads to, in a few words (``php8.4 www``, ``412 scripts``), or what is wrong with it. *how*: which witness
    told ("" none). *evidence*: label -> value, as texts. *missing*: why it was not observed, and what to grant (None unless unseen)."""

    name: LinkName
    state: LinkState
    says: SafeText
    how: SafeText = SafeText("")
    evidence: dict[str, SafeText] = {}
    missing: Unseen | None = None


_NAMED_BY_WHAT_THEY_SAY = frozenset({LinkName.WEB_SERVER, LinkName.POOL, LinkName.PHP, LinkName.ENTRY})
SIGN = {LinkState.OK: "✓", LinkState.BROKEN: "✗", LinkState.UNSEEN: "?"}


def in_words(chain: tuple[ChainLink, ...]) -> str:
    """``pool www ✓ → bytecode ✗ 2 scripts are older than the disk → caches ✓``: a link that is not ok says why."""
    return " → ".join(_in_words(link) for link in chain)


def called(link: ChainLink) -> str:
    """What people call a link that is as it has to be: what it leads to, where that says more than its name (``php8.4 pool www``)."""
    return str(link.says) if link.name in _NAMED_BY_WHAT_THEY_SAY else link.name.value


def _in_words(link: ChainLink) -> str:
    sign = SIGN[link.state]
    if link.state is LinkState.OK:
        return f"{called(link)} {sign}"
    return f"{link.name} {sign} {link.says}"


class NotJudged(msgspec.Struct, frozen=True):
    """Something on this server that can hold old code and that stalewatch knows it does not look at: *what* it is, and *why* not."""

    what: SafeText
    why: SafeText
