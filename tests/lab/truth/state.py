"""What a state is: values and functions of a host, no engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial

from stalewatch.model.report import Layer, Verdict
from tests.lab import Host

APP = "/srv/app"
INDEX = f"{APP}/public/index.php"
QUIET = dict.fromkeys(Layer, Verdict.FRESH) | {Layer.WORKERS: Verdict.ABSENT}
"""The layers of a lab host in its known good state."""


class Kind(StrEnum):
    """``stale``: old code runs, or will, or may; ``healthy``: nothing is wrong, whatever it looks like; ``unsettled``: cannot be seen or
    told, or is just changing."""

    STALE = "stale"
    HEALTHY = "healthy"
    UNSETTLED = "unsettled"


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One question to the application, and how the old and the new code begin their answers to it ("": the whole answer is empty)."""

    uri: str = "/"
    old: str = "home v1"
    new: str = "home v2"
    script: str = INDEX
    pool: str = "www"
    patience: float = 10.0

    def answer(self, host: Host) -> tuple[int, str]:
        """HTTP status and body. Raises OSError where nobody answers."""
        response = host.request(self.uri, script=self.script, pool=self.pool, timeout=self.patience)
        return response.status, response.body

    def __call__(self, host: Host) -> str:
        """``old``, ``new``, ``down`` (nobody answers within *patience* seconds), or ``broken`` (something else is answered)."""
        try:
            body = self.answer(host)[1].strip()
        except OSError:
            return "down"
        for word, beginning in (("old", self.old), ("new", self.new)):
            if body == beginning or (beginning and body.startswith(beginning)):
                return word
        return "broken"


HOME = Ask()
UNCHANGED = Ask(old="(none)", new="home v1")


def nothing(_host: Host) -> None:
    """No preparation, or no change."""


def warm(host: Host) -> None:
    """Serve a while, so that OPcache holds the good state."""
    for _ in range(10):
        host.get("/")


@dataclass(frozen=True, kw_only=True)
class State:
    """One situation. *arrange* comes before what happened, *act* is what happened.

    *remembered*: stalewatch looked (and remembers) between the two; else it comes after both and has one look. *meanwhile*: what happens
    after a look that follows *act*, before the last one. *invalidate*: scripts that stalewatch itself takes out of the cache after *act*.
    *expect*: every layer that differs from :data:`QUIET`: its verdict, then the codes of its findings; no other code of a verdict may be
    there. *health*: the warnings beside the verdict; *perhaps*: those that may also be there, by the second. *errors*: why something is
    unknown. *causes*: how many findings say all of it, of all verdicts; None: not counted. *really*: what *ask* finds after the last
    look. *undo*: what a restore does not. *app*: which app of the server is judged; *named*: it is given by its path, not discovered.
    *apps*: all that are found (empty: not compared).
    """

    name: str
    kind: Kind
    expect: Mapping[Layer, tuple[str, ...]] = field(default_factory=dict)
    arrange: Callable[[Host], object] = warm
    act: Callable[[Host], object] = nothing
    meanwhile: Callable[[Host], object] | None = None
    ask: Callable[[Host], str] = UNCHANGED
    really: str = "new"
    remembered: bool = False
    health: frozenset[str] = frozenset()
    perhaps: frozenset[str] = frozenset()
    errors: frozenset[str] = frozenset()
    invalidate: tuple[str, ...] = ()
    causes: int | None = None
    undo: Callable[[Host], object] = nothing
    app: str = APP
    named: bool = False
    apps: frozenset[str] = frozenset()

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


stale = partial(State, kind=Kind.STALE, ask=HOME, really="old")
healthy = partial(State, kind=Kind.HEALTHY)
unsettled = partial(State, kind=Kind.UNSETTLED)
