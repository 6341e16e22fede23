"""Links that are what the rules of their layers say: bytecode, classes, caches, workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stalewatch.diagnosis.chain.link import Observed, broken, ok, unseen
from stalewatch.model import reasons
from stalewatch.model.report import Verdict, worst

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stalewatch.diagnosis.context import Context, Ruling
    from stalewatch.model.chain import LinkName
    from stalewatch.model.layers import Layer

_WRONG = (Verdict.STALE, Verdict.SUSPECT, Verdict.PENDING)


def judge(name: LinkName, layers: tuple[Layer, ...], context: Context, rulings: Mapping[Layer, Ruling]) -> Observed:
    """The worst of *layers*: wrong as their worst finding says, not observed where one of them is not known, else as it has to be."""
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
