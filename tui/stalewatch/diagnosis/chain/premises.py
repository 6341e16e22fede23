"""What each layer's ``fresh`` rests on. A premise that was not observed makes the layer unknown; none makes it greener."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stalewatch.diagnosis.chain import entry
from stalewatch.diagnosis.context import Ruling
from stalewatch.model import reasons
from stalewatch.model.chain import ChainLink, LinkName, LinkState
from stalewatch.model.layers import Layer
from stalewatch.model.report import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stalewatch.model.unseen import Unseen

FILES = (LinkName.DISK,)
"""What a layer rests on that is made of files only: which socket a web server uses does not change whether config.php is newer than its
sources. No premise is asked of a layer that cannot be wrong without it."""
_OTHERS: dict[Layer, tuple[LinkName, ...]] = {
    Layer.RELEASE: (LinkName.DISK, LinkName.ENTRY),
    Layer.OPCACHE: (LinkName.WEB_SERVER, LinkName.POOL, LinkName.DISK, LinkName.ENTRY),
    Layer.FPM: (LinkName.WEB_SERVER, LinkName.POOL, LinkName.PHP, LinkName.DISK),
    Layer.WORKERS: (),
}
_OF_NOTHING = {Layer.OPCACHE: _OTHERS[Layer.OPCACHE], Layer.RELEASE: (LinkName.ENTRY,)}
"""What *absent* rests on: that nothing is there which could be wrong."""
PREMISES: dict[Layer, tuple[LinkName, ...]] = {layer: _OTHERS.get(layer, FILES) for layer in Layer}


class Rested(NamedTuple):
    """*rulings*: with every premise applied. *missing*: the reasons for layers that are unknown for want of a premise."""

    rulings: dict[Layer, Ruling]
    missing: tuple[Unseen, ...]


def rest_on(rulings: Mapping[Layer, Ruling], chain: Iterable[ChainLink]) -> Rested:
    """*rulings* as far as *chain* bears them. Without a premise fresh is unknown, and so is an OPcache that is said to hold nothing:
    it may be another pool's that was asked. So is the release of an application of which only its link can be wrong. Every other verdict
    stays: what a rule found is true whoever serves the app."""
    links = {link.name: link for link in chain}
    told = _told(rulings)
    made: dict[Layer, Ruling] = {}
    missing: dict[tuple[str, str], Unseen] = {}
    for layer, ruling in rulings.items():
        lacking = [links[name] for name in PREMISES[layer] if name in links and links[name].state is not LinkState.OK]
        lacking = [link for link in lacking if link.name not in told or link.missing is not None]
        nothing = ruling.verdict is Verdict.ABSENT and any(link.name in _OF_NOTHING.get(layer, ()) for link in lacking)
        rests = ruling.verdict is Verdict.FRESH or nothing
        if not rests or not lacking:
            made[layer] = ruling
            continue
        made[layer] = Ruling(Verdict.UNKNOWN, ruling.findings)
        for reason in (link.missing or _broken(link) for link in lacking):
            missing[reason.code, reason.message] = reason
    return Rested(made, tuple(missing.values()))


def _told(rulings: Mapping[Layer, Ruling]) -> frozenset[LinkName]:
    """Links that are broken by what a finding says already, of the layer that it makes wrong: where an old release is served, its bytecode
    may still be that of its files."""
    wrong = any(finding.code in entry.WRONG for ruling in rulings.values() for finding in ruling.findings)
    return frozenset({LinkName.ENTRY}) if wrong else frozenset()


def _broken(link: ChainLink) -> Unseen:
    return reasons.CHAIN_BROKEN.unseen(f"{link.name}: {link.says}")
