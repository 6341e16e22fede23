"""Links that are what the rules of their layers say: bytecode, classes, caches, workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.diagnosis.chain.link import Observed, broken, ok, unseen
from stalewatch.model import reasons
from stalewatch.model.chain import LinkName, LinkState
from stalewatch.model.layers import Layer
from stalewatch.model.report import Verdict, worst

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stalewatch.diagnosis.context import Context, Ruling
    from stalewatch.model.chain import ChainLink

LAYERS: dict[LinkName, tuple[Layer, ...]] = {
    LinkName.BYTECODE: (Layer.OPCACHE,),
    LinkName.CLASSES: (Layer.PACKAGES,),
    LinkName.CACHES: (Layer.CONFIG, Layer.ROUTES, Layer.EVENTS, Layer.VIEWS),
    LinkName.WORKERS: (Layer.WORKERS,),
}
_WRONG = (Verdict.STALE, Verdict.SUSPECT, Verdict.PENDING)


def judge(name: LinkName, context: Context, rulings: Mapping[Layer, Ruling]) -> Observed:
    """The worst of its layers: wrong as their worst finding says, not observed where one of them is not known, else as it has to be."""
    layers = LAYERS[name]
    verdicts = {layer: rulings[layer].verdict for layer in layers}
    verdict = worst(list(verdicts.values()))
    if verdict in _WRONG:
        # Without paths: the findings name them, and a chain that wraps within one cannot be read.
        return broken(name, ", ".join(f"{layer} {verdicts[layer]}" for layer in layers if verdicts[layer] in _WRONG), "compared")
    if verdict is Verdict.UNKNOWN and Verdict.UNKNOWN in verdicts.values():
        unknown = ", ".join(layer for layer in layers if verdicts[layer] is Verdict.UNKNOWN)
        return unseen(name, reasons.CHAIN_NOT_OBSERVED.unseen(f"{unknown} could not be looked at"))
    cached = [str(layer) for layer in layers if verdicts[layer] is Verdict.FRESH]
    return ok(name, f"{', '.join(cached)} compared" if cached else "nothing is cached", "compared")


def borne(chain: Iterable[ChainLink], rulings: Mapping[Layer, Ruling]) -> tuple[ChainLink, ...]:
    """*chain* after its premises were applied to *rulings*: what was compared on a tree that perhaps is not run proves nothing."""
    return tuple(_borne(link, rulings) for link in chain)


def _borne(link: ChainLink, rulings: Mapping[Layer, Ruling]) -> ChainLink:
    unknown = [layer for layer in LAYERS.get(link.name, ()) if rulings[layer].verdict is Verdict.UNKNOWN]
    if link.state is not LinkState.OK or not unknown:
        return link
    why = f"{', '.join(unknown)}: not judged, because a link before {'it' if len(unknown) == 1 else 'them'} is not as it has to be"
    return unseen(link.name, reasons.CHAIN_NOT_OBSERVED.unseen(why)).link
