"""One server's plan while it is made: what was seen and asked for, and the acting steps so far. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stalewatch.model.layers import Layer
from stalewatch.model.report import MAX_INVALIDATED
from stalewatch.runbook.needs import Needs, from_findings, may_ask
from stalewatch.runbook.plan import Choice, Phase, Step

if TYPE_CHECKING:
    from stalewatch.model.report import Remedy, Report
    from stalewatch.model.snapshot import HostFacts, Opcache
    from stalewatch.runbook.commands import Access
    from stalewatch.runbook.needs import Need
    from stalewatch.runbook.plan import Request

GENTLE = 500
"""How many scripts are invalidated where the person prefers that to a reload."""
WINDOW = 5
"""A revalidate_freq up to so many seconds is waited for rather than cut short."""


@dataclass(kw_only=True)
class Draft:
    """*host*: the report's, seen. *cleared*: layers that a clear has emptied and a rebuild fills again. *sharing*: the other
    servers of this fleet whose workers look into the same cache store. *steps*: the acting ones so far."""

    report: Report
    host: HostFacts
    request: Request
    access: Access
    cleared: frozenset[Layer] = frozenset()
    sharing: tuple[str, ...] = ()
    steps: list[Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.fixing = self.request.choice is Choice.FIX
        self.laravel = self.host.layout.kind == "laravel"
        self.may_ask = may_ask(self.report)
        self.few = GENTLE if self.request.invalidate else MAX_INVALIDATED
        self.found = from_findings(self.report, few=self.few, gentle=self.request.invalidate) if self.fixing else Needs()

    @property
    def opcache(self) -> Opcache | None:
        """As the pool reported it; None when nobody could ask."""
        return self.report.opcache

    def wants(self, phase: Phase) -> bool:
        """Whether *phase* was asked for."""
        return not self.request.only or phase in self.request.only

    def needs(self, *remedies: Remedy, layer: Layer | None = None) -> tuple[Need, ...]:
        """What findings ask for: *remedies*, of *layer* (None: of any)."""
        return tuple(need for need in self.found.of(*remedies) if layer in (None, need.layer))

    def of_kind(self, *kinds: str) -> list[Step]:
        """The acting steps of *kinds* so far."""
        return [step for step in self.steps if step.kind in kinds]

    @property
    def looks_at_disk(self) -> bool:
        """Whether OPcache finds a changed file by itself, within :data:`WINDOW`; also where it is off."""
        opcache = self.opcache
        if opcache is None:
            return False
        return not opcache.enabled or (opcache.validate_timestamps and opcache.revalidate_freq <= WINDOW)

    def absolute(self, path: str) -> str:
        """*path*, of the report, from the root of the file system."""
        root = self.host.release.root or self.report.app
        return path if path.startswith("/") else f"{root}/{path}"

    @property
    def stale_paths(self) -> tuple[str, ...]:
        """The scripts of which OPcache holds old bytecode."""
        return tuple(dict.fromkeys(path for finding in self.report.findings for path in finding.paths if finding.layer is Layer.OPCACHE))
