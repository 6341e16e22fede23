"""Why a server runs old code, in the order in which a person asks: what runs, what is on the disk, why nobody noticed, what to press."""

from __future__ import annotations

import msgspec

from stalewatch.model.layers import Layer
from stalewatch.model.report import Verdict
from stalewatch.model.text import SafeText

Phrase = tuple[str | float, ...]
"""Words and moments. A moment is epoch seconds by the server's clock: who shows it says it by the reader's."""

THE_DISK_HAS = "the disk has"
"""The usual *has* of a cause, which a label in front of what is there can say as well."""


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """One sentence about a report, in its parts: ``RetellFunctionCallHandler.php`` ``runs`` ``as compiled 12:27``, ``the disk has``
    ``12:38``, ``the pool never looks at the disk``. Made by :mod:`stalewatch.diagnosis.cause`.

    *layer*, *code*, *subject*: of the finding that it was made from (*code* of an error where only that tells). *who*: who runs it,
    where *what* names nothing (""). *how*: which version of it. *disk*: what is there instead, after *has*; () nothing is. *why*: why
    nobody noticed; of what is unknown, why it is. *keyed*: the key ``f`` ends it; *press*: what that does, else what a person types or
    grants ("" nothing is known). *kept*: where the key may not act, in place of both, why and who or what may.
    """

    layer: Layer | None
    code: str
    verdict: Verdict
    subject: SafeText = SafeText("")
    who: str = ""
    what: Phrase = ()
    verb: str = "runs"
    how: Phrase = ()
    has: str = THE_DISK_HAS
    disk: Phrase = ()
    why: Phrase = ()
    keyed: bool = False
    press: str = ""
    kept: str = ""

    @property
    def version(self) -> Phrase:
        """What runs without the verb: ``RetellFunctionCallHandler.php as compiled 12:27``."""
        return (*self.what, " ", *self.how) if self.what and self.how else (*self.what, *self.how)

    @property
    def runs(self) -> Phrase:
        """``RetellFunctionCallHandler.php runs as compiled 12:27``; () nothing is known."""
        return (*(self.what or (self.who,)), f" {self.verb} ", *self.how) if self.how else self.what

    @property
    def on_disk(self) -> Phrase:
        """``the disk has 12:38``; () nothing to compare with."""
        return (f"{self.has} ", *self.disk) if self.disk else ()

    @property
    def disk_alone(self) -> Phrase:
        """what is on the disk behind a long label: ``changed 12:38``; () nothing to compare with."""
        return ("changed ", *self.disk) if self.disk and isinstance(self.disk[0], float) else self.disk

    @property
    def moments(self) -> tuple[float, ...]:
        """All of it that are times: who tells a part of it tells them apart."""
        return tuple(part for part in (*self.what, *self.how, *self.disk, *self.why) if not isinstance(part, str))

    @property
    def sentence(self) -> Phrase:
        """All of it: ``… runs as compiled 12:27, the disk has 12:38; the pool never looks at the disk``."""
        told: Phrase = (*self.runs, ", ", *self.on_disk) if self.runs and self.on_disk else (*self.runs, *self.on_disk)
        return (*told, "; ", *self.why) if told and self.why else (*told, *self.why)
