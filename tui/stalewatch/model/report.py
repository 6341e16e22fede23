"""What a Snapshot means: verdict per layer, findings with their evidence. Values only; made by :mod:`stalewatch.diagnosis`."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from stalewatch.model.app_names import app_name
from stalewatch.model.chain import ChainLink, NotJudged
from stalewatch.model.layers import Layer as Layer
from stalewatch.model.snapshot import FpmFacts, HostFacts, Opcache, PoolStatus, RuntimeFacts, Snapshot, Unseen
from stalewatch.model.text import SafeText

if TYPE_CHECKING:
    from stalewatch.model.inventory import AppKey


class Verdict(StrEnum):
    """``stale > suspect > unknown > pending > fresh``; ``absent`` (not cached) is neutral."""

    ABSENT = "absent"
    FRESH = "fresh"
    PENDING = "pending"
    UNKNOWN = "unknown"
    SUSPECT = "suspect"
    STALE = "stale"

    @property
    def rank(self) -> int:
        """0 (absent) to 5 (stale)."""
        return _RANK[self]


_RANK = {verdict: rank for rank, verdict in enumerate(Verdict)}


class Severity(StrEnum):
    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 (info) to 2 (critical)."""
        return _SEVERITY_RANK[self]


_SEVERITY_RANK = {severity: rank for rank, severity in enumerate(Severity)}


class Remedy(StrEnum):
    """What fixes a finding. ``reload-web-server``, ``wait`` and ``configure`` are no steps of the runbook: it names them and
    leaves them."""

    CLEAR = "clear"
    REBUILD = "rebuild"
    DISCOVER = "package:discover"
    WIPE = "wipe-file-cache"
    INVALIDATE = "invalidate"
    RELOAD = "reload"
    RESTART_WORKERS = "queue:restart"
    RELOAD_WEB_SERVER = "reload-web-server"
    WAIT = "wait"
    CONFIGURE = "configure"


BY_HAND = frozenset({Remedy.RELOAD_WEB_SERVER, Remedy.WAIT, Remedy.CONFIGURE})
"""What no step of the runbook does."""
MAX_INVALIDATED = 50
"""Up to so many scripts are invalidated one by one; more are a reload's work."""


class Evidence(msgspec.Struct, frozen=True):
    """One fact of a finding. *kind* says how to show *value*: ``time`` is epoch seconds by the server's clock, ``age`` seconds,
    ``bytes`` a size, ``command`` what repeats the look by hand."""

    label: str
    value: SafeText | float | int | bool | None
    kind: str = "text"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One fact worth saying. *since*: when the change happened that does not run (epoch seconds), *until*: when a pending one ends.

    *paths*: exact paths a remedy would act on (scripts to invalidate), only such that :func:`stalewatch.model.text.is_exact`.
    """

    layer: Layer
    code: str
    severity: Severity
    verdict: Verdict
    subject: SafeText
    summary: SafeText
    evidence: tuple[Evidence, ...] = ()
    remedy: tuple[Remedy, ...] = ()
    since: float | None = None
    until: float | None = None
    paths: tuple[str, ...] = ()


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The meaning of one Snapshot (``None``: this server was never seen). ``layers`` holds every Layer.

    *findings* worst first. *errors*: why something is unknown. *stale_since*: the oldest change that does not run.
    *last_verdict*, *last_seen*: kept while the server is not heard from. *hit_rate*: over a window, minus our own requests; None when idle
    or not seen; *hit_rates*: the window's history, oldest first, for the sparkline.
    *chain*: how a request reaches the code, link by link; *not_judged*: what can hold old code here and is not looked at.
    *short_name*: the app's, among those of its server ("" not named yet).
    """

    server: str
    address: str
    app: SafeText
    verdict: Verdict
    layers: dict[Layer, Verdict]
    findings: tuple[Finding, ...] = ()
    errors: tuple[Unseen, ...] = ()
    snapshot: Snapshot | None = None
    observed_at: float | None = None
    stale_since: float | None = None
    last_verdict: Verdict | None = None
    last_seen: float | None = None
    hit_rate: float | None = None
    hit_rates: tuple[float, ...] = ()
    chain: tuple[ChainLink, ...] = ()
    not_judged: tuple[NotJudged, ...] = ()
    short_name: SafeText = SafeText("")

    @property
    def name(self) -> str:
        """What people call the app: ``shop``, or ``blue/shop`` where there are two."""
        return self.short_name or app_name(self.app)

    @property
    def key(self) -> AppKey:
        """What identifies a pane: (server, app)."""
        return (self.server, self.app)

    @property
    def host(self) -> HostFacts | None:
        """The host's facts, None where they were not seen."""
        return self.snapshot.seen_host if self.snapshot is not None else None

    @property
    def runtime(self) -> RuntimeFacts | None:
        """What PHP said, None where it could not be asked."""
        return self.snapshot.seen_runtime if self.snapshot is not None else None

    @property
    def fpm(self) -> FpmFacts | None:
        """What the host knows about FPM, None where it was not seen."""
        return self.snapshot.seen_fpm if self.snapshot is not None else None

    @property
    def opcache(self) -> Opcache | None:
        """What OPcache reported, None where it was not seen."""
        return self.snapshot.seen_opcache if self.snapshot is not None else None

    @property
    def status(self) -> PoolStatus | None:
        """FPM's status page, None where it was not seen."""
        return self.snapshot.seen_status if self.snapshot is not None else None


def worst(verdicts: list[Verdict]) -> Verdict:
    """The worst of *verdicts*; ``absent`` is neutral; nothing at all is ``unknown``."""
    judged = [verdict for verdict in verdicts if verdict is not Verdict.ABSENT]
    return max(judged, key=lambda verdict: verdict.rank) if judged else Verdict.UNKNOWN
