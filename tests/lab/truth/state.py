"""What a state is: values and functions of a host, no engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tests.lab import Host
from tui.report import Layer, Verdict

INDEX = "/srv/app/public/index.php"
QUIET = dict.fromkeys(Layer, Verdict.FRESH) | {Layer.WORKERS: Verdict.ABSENT}
"""The layers of a lab host in its known good state."""


class Kind(StrEnum):
    """``stale``: old code, or will be, or may be; ``healthy``: nothing is wrong, whatever it looks like; ``blind``: cannot be seen."""

    STALE = "stale"
    HEALTHY = "healthy"
    BLIND = "blind"


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One question to the application, and what the old and the new code answer to it."""

    uri: str = "/"
    old: str = "home v1"
    new: str = "home v2"
    script: str = INDEX
    pool: str = "www"

    def __call__(self, host: Host) -> str:
        """``old``, ``new``, ``down`` (nobody answers), or ``broken`` (something else is answered)."""
        try:
            body = host.request(self.uri, script=self.script, pool=self.pool).body.strip()
        except OSError:
            return "down"
        return {self.old: "old", self.new: "new"}.get(body, "broken")


HOME = Ask()
UNCHANGED = Ask(old="", new="home v1")


def nothing(_host: Host) -> None:
    """No preparation, or no change."""


def warm(host: Host) -> None:
    """Serve a while, so that OPcache holds the good state."""
    for _ in range(10):
        host.get("/")


@dataclass(frozen=True, kw_only=True)
class State:
    """One situation. *arrange* comes before what happened, *act* is what happened.

    *remembered*: stalewatch looked (and remembers) between the two; else it comes after both and has one look. *expect*: every layer
    that differs from :data:`QUIET`: its verdict, then the codes that must be there; other codes of a verdict must not. *health*: the
    warnings beside the verdict. *really*: what *ask* must find at the time of the last look. *undo*: what a restore does not.
    *app*: which app of the server is judged.
    """

    name: str
    kind: Kind
    expect: Mapping[Layer, tuple[Verdict | str, ...]] = field(default_factory=dict)
    arrange: Callable[[Host], None] = warm
    act: Callable[[Host], None] = nothing
    ask: Callable[[Host], str] = UNCHANGED
    really: str = "new"
    remembered: bool = False
    health: frozenset[str] = frozenset()
    errors: frozenset[str] = frozenset()
    invalidate: tuple[str, ...] = ()
    undo: Callable[[Host], None] = nothing
    app: str = "/srv/app"

    @property
    def layers(self) -> dict[Layer, Verdict]:
        """The verdict expected of every layer."""
        return QUIET | {layer: Verdict(expected[0]) for layer, expected in self.expect.items()}

    @property
    def codes(self) -> frozenset[str]:
        """The codes expected of findings that are not fresh."""
        return frozenset(code for expected in self.expect.values() for code in expected[1:])

    @property
    def verdict(self) -> Verdict:
        """The verdict expected of the server."""
        return max(self.layers.values(), key=lambda verdict: verdict.rank)
