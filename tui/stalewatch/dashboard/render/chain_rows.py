"""The chain from a request to the code: as a row of links, and each link opened. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stalewatch.dashboard.render.lines import BLANK, Line, Span, crop, line, paragraph
from stalewatch.dashboard.render.signs import CURSOR, SEVERITY_ROLE
from stalewatch.model.chain import SIGN, ChainLink, LinkName, LinkState, called
from stalewatch.model.layers import Layer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stalewatch.dashboard.render.page_state import Stop
    from stalewatch.model.report import Finding

ARROW = "→ "
WORD = {LinkState.OK: "as it has to be", LinkState.BROKEN: "broken", LinkState.UNSEEN: "not seen"}
_ROLE = {LinkState.OK: "fresh-mark", LinkState.BROKEN: "broken", LinkState.UNSEEN: "unknown-mark"}
_POOL = (
    "fpm.not-running",
    "fpm.socket-missing",
    "fpm.not-answering",
    "fpm.listen-queue",
    "fpm.max-children",
    "fpm.all-busy",
    "fpm.reload-kills",
)
_LAYER = {
    Layer.RELEASE: LinkName.ENTRY,
    Layer.PACKAGES: LinkName.CLASSES,
    Layer.OPCACHE: LinkName.BYTECODE,
    Layer.FPM: LinkName.PHP,
    Layer.WORKERS: LinkName.WORKERS,
}
"""Which link a finding of that layer stands on; those of other layers stand on the caches."""
_CODE = {
    "opcache.link-switched": LinkName.ENTRY,
    "fpm.other-tree": LinkName.DISK,
    "fpm.web-php-changed": LinkName.WEB_SERVER,
}
SECTION = {
    LinkName.WEB_SERVER: "pool",
    LinkName.POOL: "pool",
    LinkName.PHP: "pool",
    LinkName.DISK: "bytecode",
    LinkName.ENTRY: "bytecode",
    LinkName.BYTECODE: "bytecode",
    LinkName.CLASSES: "caches",
    LinkName.CACHES: "caches",
    LinkName.WORKERS: "workers",
}
"""The section of the page that tells more of a link."""


class ChainRows(NamedTuple):
    """*rows*, and the row on which each link stands."""

    rows: list[Line]
    places: dict[LinkName, int]


def chain_rows(chain: Sequence[ChainLink], width: int, chosen: Stop | None = None) -> ChainRows:
    """All links one after the other in rows of *width* cells; none is broken between two rows. What is wrong with one stands behind it."""
    rows: list[Line] = []
    places: dict[LinkName, int] = {}
    for link in chain:
        part = _link(link, first=not rows, chosen=link.name == chosen)
        if rows and rows[-1].width + 1 + part.width <= width:
            rows[-1] = Line((*rows[-1].spans, Span(" "), *part.spans))
        else:
            rows.append(crop(line("  ", *part.spans), width))
        places[link.name] = len(rows) - 1
    return ChainRows(rows, places)


def _link(link: ChainLink, *, first: bool, chosen: bool) -> Line:
    """``→ bytecode ✗ opcache stale``; the arrow gives way to the cursor, so that nothing moves."""
    lead = Span(f"{CURSOR} ", "accent") if chosen else Span("  " if first else ARROW, "muted")
    sign = SIGN[link.state]
    if link.state is LinkState.OK:
        return line(lead, Span(called(link), "cursor" if chosen else "text"), " ", Span(sign, _ROLE[link.state]))
    name = (
        Span(f" {link.name} {sign} ", _ROLE[link.state]) if link.state is LinkState.BROKEN else Span(f"{link.name} {sign}", "unknown-mark")
    )
    why = Span(f" {link.says}" if link.state is LinkState.BROKEN else "", "strong")
    return line(lead, name, why)


def standing_on(name: LinkName, findings: Sequence[Finding]) -> list[Finding]:
    """Those of *findings* that tell of the link *name*."""
    return [finding for finding in findings if _stands_on(finding) is name]


def _stands_on(finding: Finding) -> LinkName:
    if finding.code.startswith(_POOL):
        return LinkName.POOL
    return _CODE.get(finding.code) or _LAYER.get(finding.layer, LinkName.CACHES)


def link_lines(link: ChainLink, question: str, findings: Sequence[Finding], width: int) -> list[Line]:
    """One link opened: what was asked there, what was seen and by which witness, what is missing, and which findings stand on it."""
    sign = Span(f" {SIGN[link.state]} {WORD[link.state]} ", _ROLE[link.state])
    rows = [line(Span(f"{link.name} ", "title"), sign), BLANK]
    rows += _told("asked", question, width)
    rows += _told("seen", "nothing" if link.state is LinkState.UNSEEN else str(link.says), width)
    rows += _told("by", str(link.how), width)
    for label, value in link.evidence.items():
        rows += _told(label, str(value), width)
    if link.missing is not None:
        rows += [BLANK, *paragraph(f"? {link.missing.message}", width, "unknown-mark", hang="  ")]
        rows += paragraph(f"→ {link.missing.grant}", width, "command", hang="  ") if link.missing.grant else []
    told = standing_on(link.name, findings)
    rows += [BLANK, line(Span("findings that stand on it" if told else "no finding stands on it", "title" if told else "muted"))]
    for finding in told:
        rows += paragraph(f"- {finding.summary}", width, "text", hang="  ")
        rows.append(crop(line(Span(f"  {finding.code} · ", "muted"), Span(finding.severity.value, SEVERITY_ROLE[finding.severity])), width))
    return rows


def _told(label: str, value: str, width: int) -> list[Line]:
    room = max(10, len(label) + 2)
    return [
        line(Span(f"{label:<{room}}" if at == 0 else " " * room, "muted"), *row.spans)
        for at, row in enumerate(paragraph(value, width - room) if value else [])
    ]
